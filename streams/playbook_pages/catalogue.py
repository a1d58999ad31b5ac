"""The rules as people look for them: by theme, with what is wrong in the folder."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from streams.cloudevents import now
from streams.rules.reloader import PlaybookReloader, ReloadSuccess

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from playbooks.playbook import Playbook
    from streams.site.feature import Site

_LOCATED_PROBLEM = re.compile(r"(?P<where>.+?:\d+): (?P<what>.*)", re.DOTALL)


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
class CatalogueProblem:
    """One thing that is wrong in the folder.

    Attributes:
        where: ``file:line``, below the rules' folder if it is there.
        what: what is wrong, and what to do.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class PlaybookCatalogue:
    """What one look found.

    Attributes:
        folder: as it was set; ``None``: the rules that come with callmood.
        themes: of the last rules that were sound.
        problems: why what lies there now is not among them.
        read_at: when this desk found those rules; ``None``: it never found any.
    """

    folder: Path | None
    themes: tuple[Theme, ...]
    problems: tuple[CatalogueProblem, ...]
    read_at: datetime | None

    @property
    def count(self) -> int:
        """Playbooks in all."""
        return sum(len(theme.playbooks) for theme in self.themes)


class WatchedFolder:
    """A folder that the desk looks at, and when it last found sound rules there.

    Attributes:
        rules: the last sound ones, and what is wrong with those that lie there now.
        read_at: see `PlaybookCatalogue`.
    """

    def __init__(self, folder: Path | None) -> None:
        """Nothing was looked at yet."""
        self.rules = PlaybookReloader(folder)
        self.read_at: datetime | None = None

    def refresh(self, *, at_once: bool = False) -> None:
        """Look at the folder; it is read only where it changed. Blocks: call it in a thread."""
        if isinstance(self.rules.poll(immediately=at_once), ReloadSuccess):
            self.read_at = now()


@cache
def get_watched_folder(folder: Path | None) -> WatchedFolder:
    """One memory for a folder, for the page and for what looks while nobody reads the page."""
    return WatchedFolder(folder)


async def poll_folder(site: Site) -> None:
    """Look as often as a worker does, until cancelled.

    What was sound between two openings of the page may be what workers go by now.
    """
    watched_folder = get_watched_folder(site.settings.playbooks)
    await asyncio.to_thread(watched_folder.refresh, at_once=True)
    while watched_folder.rules.folder is not None:
        await asyncio.sleep(site.settings.rules_poll_s)
        await asyncio.to_thread(watched_folder.refresh)


def load_playbook_catalogue(folder: Path | None) -> PlaybookCatalogue:
    """Look at the folder now; it is read only where it changed. Blocks: call it in a thread."""
    watched_folder = get_watched_folder(folder)
    # A page is not asked for again by itself, so it does not wait for a folder to stand still.
    watched_folder.refresh(at_once=True)
    return PlaybookCatalogue(
        folder,
        _group_by_theme(watched_folder.rules),
        _parse_problems(watched_folder.rules),
        watched_folder.read_at,
    )


def _group_by_theme(rules: PlaybookReloader) -> tuple[Theme, ...]:
    by_name: dict[str, list[Playbook]] = {}
    for playbook in rules.rulebook:
        name = _find_theme(rules, playbook)
        by_name.setdefault(name, []).append(playbook)
    return tuple(Theme(name, tuple(by_name[name])) for name in sorted(by_name))


def _find_theme(rules: PlaybookReloader, playbook: Playbook) -> str:
    file = playbook.location.path if playbook.location else rules.path
    if file == rules.path:
        return ""
    name = file.parent.relative_to(rules.path).as_posix()
    return "" if name == "." else name


def _parse_problems(rules: PlaybookReloader) -> tuple[CatalogueProblem, ...]:
    """With the folder's own name left out, which the page says once."""
    folder_prefix = f"{rules.path}{os.sep}"
    matches = [(_LOCATED_PROBLEM.fullmatch(line), line) for line in rules.problems]
    return tuple(
        CatalogueProblem(match["where"].removeprefix(folder_prefix), match["what"])
        if match
        else CatalogueProblem("", line)
        for match, line in matches
    )
