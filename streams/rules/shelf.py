"""The rules as people look for them: by theme, with what is wrong in the folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from streams.rules_in_force import RulesInForce

if TYPE_CHECKING:
    from pathlib import Path

    from playbooks.playbook import Playbook

_PLACED = re.compile(r"(?P<where>.+?:\d+): (?P<what>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Theme:
    """Playbooks of one folder.

    Attributes:
        name: of the folder below the rules' own; empty: that one itself.
    """

    name: str
    playbooks: tuple[Playbook, ...]

    @property
    def anchor(self) -> str:
        """For a link on the page."""
        return f"theme-{re.sub('[^a-z0-9]+', '-', self.name.lower()) or 'top'}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the folder.

    Attributes:
        where: ``file:line``, below the rules' folder if it is there.
        what: what is wrong, and what to do.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one look found.

    Attributes:
        folder: as it was set; ``None``: the rules that come with callmood.
        themes: of the last rules that were sound.
        problems: why what lies there now is not among them.
    """

    folder: Path | None
    themes: tuple[Theme, ...]
    problems: tuple[Problem, ...]

    @property
    def count(self) -> int:
        """Playbooks in all."""
        return sum(len(theme.playbooks) for theme in self.themes)


def shelf(folder: Path | None) -> Shelf:
    """Look at the folder now; it is read only where it changed. Blocks: call it in a thread."""
    rules = _rules(folder)
    # A page is not asked for again by itself, so it does not wait for a folder to stand still.
    rules.look(at_once=True)
    return Shelf(folder, _themes(rules), _problems(rules))


@cache
def _rules(folder: Path | None) -> RulesInForce:
    """One memory for a folder: which rules were sound, and what was judged already."""
    return RulesInForce(folder)


def _themes(rules: RulesInForce) -> tuple[Theme, ...]:
    by_name: dict[str, list[Playbook]] = {}
    for playbook in rules.rulebook:
        name = _theme(rules, playbook)
        by_name.setdefault(name, []).append(playbook)
    return tuple(Theme(name, tuple(by_name[name])) for name in sorted(by_name))


def _theme(rules: RulesInForce, playbook: Playbook) -> str:
    file = rules.files.get(playbook.playbook_id, rules.where)
    if file == rules.where:
        return ""
    name = file.parent.relative_to(rules.where).as_posix()
    return "" if name == "." else name


def _problems(rules: RulesInForce) -> tuple[Problem, ...]:
    """With the folder's own name left out, which the page says once."""
    top = f"{rules.where}{os.sep}"
    found = [(_PLACED.fullmatch(line), line) for line in rules.refused]
    return tuple(
        Problem(placed["where"].removeprefix(top), placed["what"]) if placed else Problem("", line)
        for placed, line in found
    )
