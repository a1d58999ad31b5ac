"""Reading a library of playbooks from disk: all of it, or every problem at once.

With `playbooks.files` the only part of `playbooks` that touches a disk: when rules are taken, never
while an event is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playbooks.document import MAX_BYTES, Field, Problems, opened
from playbooks.files import rule_files
from playbooks.rules import parse_playbook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.playbook import Playbook

LIBRARY = Path(__file__).parent / "library"
"""The playbooks that come with callmood."""

MAX_FILES = 1_000


class PlaybookError(ValueError):
    """The library cannot be used.

    Attributes:
        problems: every problem of every file, each ``file:line: what; what to do``.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class _Loaded:
    playbook: Playbook
    top: Field


def load_library(path: Path | str | None = None) -> tuple[Playbook, ...]:
    """Every playbook in ``path`` (a folder with all below it, or one file), in id order.

    Args:
        path: the library that comes with callmood where it is ``None``.

    Raises:
        PlaybookError: something is wrong with any file. Then nothing is loaded.
    """
    loaded: list[_Loaded] = []
    lines: list[str] = []
    for file in _files(LIBRARY if path is None else Path(path)):
        problems = Problems(_shown(file))
        playbook = _load(file, problems)
        lines += problems.lines()
        if playbook and not problems.found:
            loaded.append(playbook)
    lines += _across(loaded, complete=not lines)
    if lines:
        raise PlaybookError(lines)
    return tuple(sorted((item.playbook for item in loaded), key=lambda p: p.playbook_id))


def _files(path: Path) -> list[Path]:
    try:
        files = rule_files(path)
    except OSError as error:
        where, why = error.filename or path, error.strerror or "the disk failed"
        message = f"{where}:1: cannot be read ({why}); check the folder's permissions"
        raise PlaybookError([message]) from None
    if not files:
        message = f"{path}:1: no playbooks here; name a folder with .yaml files, or one file"
        raise PlaybookError([message])
    if len(files) > MAX_FILES:
        message = f"{path}:1: {len(files)} files; {MAX_FILES} is the limit, name a smaller folder"
        raise PlaybookError([message])
    return files


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _load(file: Path, problems: Problems) -> _Loaded | None:
    try:
        with file.open("rb") as source:
            content = source.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add(1, f"cannot be read ({error.strerror})", "check the file's permissions")
        return None
    top = opened(content, problems)
    if top is None:
        return None
    playbook = parse_playbook(top)
    if playbook.playbook_id and file.stem != playbook.playbook_id:
        top.refuse(f"its id is {playbook.playbook_id!r}", "give the file and the id the same name")
    return _Loaded(playbook, top)


def _across(loaded: list[_Loaded], *, complete: bool) -> list[str]:
    """Problems between files: one id twice, supersedes in a circle or of nobody."""
    by_id: dict[str, _Loaded] = {}
    for item in loaded:
        first = by_id.setdefault(item.playbook.playbook_id, item)
        if first is not item:
            where = f"{first.top.problems.name}:{first.top.line}"
            item.top.refuse(f"its id is taken by {where}", "give one of them another id")
    for item in by_id.values():
        for name in sorted(item.playbook.supersedes):
            if name not in by_id and complete:
                item.top.refuse(f"supersedes {name!r}, which is not here", "remove or correct it")
            elif _leads_to(name, item.playbook.playbook_id, by_id):
                item.top.refuse(f"supersedes {name!r} in a circle", "let one of them give way")
    return [line for item in loaded for line in item.top.problems.lines()]


def _leads_to(start: str, goal: str, by_id: dict[str, _Loaded]) -> bool:
    seen, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen and name in by_id:
            seen.add(name)
            waiting += by_id[name].playbook.supersedes
    return False
