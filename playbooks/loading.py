"""Reading a rules folder from disk: all of it, or every problem at once.

A folder has playbooks (``<id>.yaml``, in whatever folders below it), and may have word lists
(``lexicon/<name>.yaml``), a ``budget.yaml`` and a ``playbooks.lock``. With `playbooks.files` the
only part of `playbooks` that touches a disk: when rules are taken, never while an event is
looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playbooks.budgets import FILE as BUDGET_FILE
from playbooks.budgets import parse_budget
from playbooks.document import MAX_BYTES, Field, Problems, opened
from playbooks.files import rule_files
from playbooks.lexicon import FOLDER as LEXICON_FOLDER
from playbooks.lexicon import WordList, parse_list
from playbooks.locking import FILE as LOCK_FILE
from playbooks.locking import Lock, parse_lock
from playbooks.rulebook import Rulebook
from playbooks.rules import KEYS, parse_playbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.budgets import Budget
    from playbooks.lexicon import Lexicon
    from playbooks.playbook import Playbook

LIBRARY = Path(__file__).parent / "library"
"""The playbooks that come with callmood."""

SCHEMA = Path(__file__).parent / "schema.json"
"""The JSON Schema of a playbook file."""

MAX_FILES = 1_000
THEMES_DEEP = 3
"""How far below the rules folder a playbook is looked for that was named alone."""


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
    version: Field
    superseded: Mapping[str, Field]


@dataclass(slots=True)
class _Folder:
    """What is being read, and everything that is wrong with it."""

    path: Path
    lines: list[str] = field(default_factory=list)

    def opened(self, file: Path) -> Field | None:
        """The top of one file; ``None`` where it cannot be used (noted)."""
        problems = Problems(_shown(file))
        content = _content(file, problems)
        top = opened(content, problems) if content is not None else None
        self.lines += problems.lines()
        return top

    def noted(self, top: Field) -> bool:
        """Note what was found in a file since it was opened; whether it is sound."""
        self.lines += top.problems.lines()
        return not top.problems.found


def load_library(path: Path | str | None = None, *, trying: bool = False) -> Rulebook:
    """Every playbook in ``path`` (a folder with all below it, or one file), in id order.

    Args:
        path: the library that comes with callmood where it is ``None``.
        trying: not to be in force, so that the folder's lock is not asked.

    Raises:
        PlaybookError: something is wrong with any file. Then nothing is loaded.
    """
    folder = _Folder(LIBRARY if path is None else Path(path))
    files = playbook_files(folder.path)
    lexicon, lists_are_sound = _lexicon(folder)
    loaded = [item for file in files if (item := _load(folder, file, lexicon)) is not None]
    budget = _budget(folder)
    lock = Lock() if trying else load_lock(folder.path, folder.lines)
    for item in loaded if lists_are_sound else ():
        if problem := lock.problem(item.playbook):
            what, _, advice = problem.partition("; ")
            item.version.refuse(what, advice)
    complete = not folder.lines and not folder.path.is_file()
    folder.lines += _across(loaded, complete=complete)
    if folder.lines:
        raise PlaybookError(folder.lines)
    return Rulebook(tuple(item.playbook for item in loaded), budget)


def load_lists(path: Path | str | None = None) -> Lexicon:
    """The word lists of a rules folder, by name.

    Raises:
        PlaybookError: something is wrong with any of them.
    """
    folder = _Folder(LIBRARY if path is None else Path(path))
    lexicon, sound = _lexicon(folder)
    if not sound:
        raise PlaybookError(folder.lines)
    return lexicon


def load_lock(path: Path | str | None, lines: list[str]) -> Lock:
    """The folder's lock; an empty one where there is none. Problems are added to ``lines``."""
    file = _beside(LIBRARY if path is None else Path(path), LOCK_FILE)
    problems = Problems(_shown(file))
    content = _content(file, problems) if file.is_file() else b""
    lock = parse_lock(content or b"", problems)
    lines += problems.lines()
    return lock


def lock_file(path: Path | str | None) -> Path:
    """Where the lock of a rules folder is."""
    return _beside(LIBRARY if path is None else Path(path), LOCK_FILE)


def _beside(path: Path, name: str) -> Path:
    """What a rules folder has beside its playbooks, also where one playbook of it was named."""
    if not path.is_file():
        return path / name
    above = (folder / name for folder in path.absolute().parents[:THEMES_DEEP])
    return next((there for there in above if there.exists()), path.parent / name)


def playbook_files(path: Path) -> list[Path]:
    """The files of the playbooks in a rules folder, in the order of their names.

    Raises:
        PlaybookError: there are none, or too many.
    """
    if path.is_file():
        return [path]
    files = list(filter(_is_playbook, _yaml_below(path)))
    if not files:
        message = f"{path}:1: no playbooks here; name a folder with .yaml files, or one file"
        raise PlaybookError([message])
    if len(files) > MAX_FILES:
        message = f"{path}:1: {len(files)} files; {MAX_FILES} is the limit, name a smaller folder"
        raise PlaybookError([message])
    return files


def _yaml_below(path: Path) -> list[Path]:
    try:
        return rule_files(path)
    except OSError as error:
        where, why = error.filename or path, error.strerror or "the disk failed"
        message = f"{where}:1: cannot be read ({why}); check the folder's permissions"
        raise PlaybookError([message]) from None


def _is_playbook(file: Path) -> bool:
    return file.parent.name != LEXICON_FOLDER and file.name != BUDGET_FILE


def _lexicon(folder: _Folder) -> tuple[Lexicon, bool]:
    """The word lists, and whether all of them are sound."""
    known = len(folder.lines)
    lexicon: Lexicon = {}
    for file in _yaml_below(_beside(folder.path, LEXICON_FOLDER)):
        top = folder.opened(file)
        lexicon[file.stem] = parse_list(top) if top else WordList({}, {})
        if top:
            folder.noted(top)
    return lexicon, len(folder.lines) == known


def _budget(folder: _Folder) -> Budget:
    file = _beside(folder.path, BUDGET_FILE)
    top = folder.opened(file) if file.is_file() else None
    budget = parse_budget(top) if top else {}
    return budget if top and folder.noted(top) else {}


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _content(file: Path, problems: Problems) -> bytes | None:
    try:
        with file.open("rb") as source:
            return source.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add(1, f"cannot be read ({error.strerror})", "check the file's permissions")
        return None


def _load(folder: _Folder, file: Path, lexicon: Lexicon) -> _Loaded | None:
    top = folder.opened(file)
    if top is None:
        return None
    playbook = parse_playbook(top, lexicon)
    if playbook.playbook_id and file.stem != playbook.playbook_id and not top.problems.found:
        top.refuse(f"its id is {playbook.playbook_id!r}", "give the file and the id the same name")
    if not folder.noted(top):
        return None
    parts = top.block(KEYS).parts
    names = parts["supersedes"].items() if "supersedes" in parts else []
    return _Loaded(playbook, top, parts["version"], {name.text(): name for name in names})


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
                item.superseded[name].refuse(f"{name!r} is not here", "remove or correct it")
            elif _leads_to(name, item.playbook.playbook_id, by_id):
                place = item.superseded[name]
                place.refuse(f"supersedes {name!r} in a circle", "let one of them give way")
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
