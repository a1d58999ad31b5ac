"""Reading a rules folder from disk: all of it, or every problem at once.

A folder has playbooks (``<id>.yaml``, in whatever folders below it), and may have word lists
(``lexicon/<name>.yaml``), a ``budget.yaml`` and a ``playbooks.lock``. With `discovery` the only
part of `playbooks` that touches a disk: when playbooks are loaded, never at an event.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playbooks.engine.alert_budget import FILE as BUDGET_FILE
from playbooks.engine.alert_budget import parse_budget
from playbooks.engine.rulebook import Rulebook
from playbooks.files.discovery import rule_files
from playbooks.files.playbook_parser import KEYS, parse_playbook
from playbooks.files.version_lock import FILE as LOCK_FILE
from playbooks.files.version_lock import Lock, parse_lock
from playbooks.text.word_lists import FOLDER as LEXICON_FOLDER
from playbooks.text.word_lists import WordList, parse_list
from playbooks.yaml_nodes import MAX_BYTES, Field, Problems, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.engine.alert_budget import Budget
    from playbooks.playbook import Playbook
    from playbooks.text.word_lists import Lexicon

LIBRARY = Path(__file__).parents[1] / "library"
"""The playbooks that come with callmood."""

SCHEMA = Path(__file__).parents[1] / "schema.json"
"""The JSON Schema of a playbook file."""

MAX_FILES = 1_000
LOCK_BYTES = 16 << 20
"""A lock only ever grows: a hundred bytes for every version that ever was."""

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

    def files(self) -> list[Path]:
        """The playbooks' files; none where they cannot be used (noted)."""
        try:
            return playbook_files(self.path)
        except PlaybookError as error:
            self.lines += error.problems
            return []

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
    files = folder.files()
    lexicon, lists_are_sound = _lexicon(folder)
    loaded = [item for file in files if (item := _load(folder, file, lexicon)) is not None]
    budget = _budget(folder)
    lock = Lock() if trying else load_lock(folder.path, folder.lines)
    for item in loaded if lists_are_sound else ():
        if problem := lock.problem(item.playbook):
            what, _, advice = problem.partition("; ")
            item.version.refuse(what, advice)
    alone = folder.path.is_file()
    known = frozenset() if alone else frozenset(file.stem for file in files)
    folder.lines += _across(loaded, known=known)
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
    content = _content(file, problems, most=LOCK_BYTES) if os.path.lexists(file) else b""
    lock = parse_lock(content or b"", problems)
    if content is not None and len(content) > LOCK_BYTES:
        problems.add(1, f"larger than {LOCK_BYTES >> 20} MB", "take out playbooks long gone")
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
        if top and file.stem in lexicon:
            top.refuse(f"there is another list called {file.stem}", "keep one of them")
        lexicon[file.stem] = parse_list(top) if top else WordList({}, {})
        if top:
            folder.noted(top)
    return lexicon, len(folder.lines) == known


def _budget(folder: _Folder) -> Budget:
    file = _beside(folder.path, BUDGET_FILE)
    top = folder.opened(file) if os.path.lexists(file) else None
    budget = parse_budget(top) if top else {}
    return budget if top and folder.noted(top) else {}


def _shown(file: Path) -> str:
    """Its name on one line, whatever bytes are in it."""
    here = Path.cwd()
    name = os.fsencode(file.relative_to(here) if file.is_relative_to(here) else file)
    text = name.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _content(file: Path, problems: Problems, *, most: int = MAX_BYTES) -> bytes | None:
    """At most one byte more than ``most``; a pipe, which would never end, is not opened."""
    if file.exists() and not file.is_file():
        problems.add(1, "is no ordinary file", "put a file in its place")
        return None
    try:
        with file.open("rb") as source:
            return source.read(most + 1)
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


def _across(loaded: list[_Loaded], *, known: frozenset[str]) -> list[str]:
    """Problems between files: one id twice, supersedes in a circle or of nobody.

    Args:
        loaded: the sound ones.
        known: the names of all files, the others' too; empty: who else there is was not asked.
    """
    by_id: dict[str, _Loaded] = {}
    for item in loaded:
        first = by_id.setdefault(item.playbook.playbook_id, item)
        if first is not item:
            where = f"{first.top.problems.name}:{first.top.line}"
            item.top.refuse(f"its id is taken by {where}", "give one of them another id")
    group = _circles(
        {name: item.playbook.supersedes & by_id.keys() for name, item in by_id.items()}
    )
    for name, item in by_id.items():
        for other in sorted(item.playbook.supersedes):
            place = item.superseded[other]
            if known and other not in known:
                place.refuse(f"{other!r} is not here", "remove or correct it")
            elif group.get(other) == group[name]:
                place.refuse(f"supersedes {other!r} in a circle", "let one of them give way")
    return [line for item in loaded for line in item.top.problems.lines()]


def _circles(leads: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """A number for each name; two have the same where each leads to the other (Kosaraju, 1978)."""
    back: dict[str, list[str]] = {name: [] for name in leads}
    for name, others in leads.items():
        for other in others:
            back[other].append(name)
    order: list[str] = []
    seen: set[str] = set()
    for start in leads:
        order += _finished(start, leads, seen)
    group: dict[str, int] = {}
    done: set[str] = set()
    for number, start in enumerate(reversed(order)):
        for name in _finished(start, back, done):
            group[name] = number
    return group


def _finished(start: str, leads: Mapping[str, Iterable[str]], seen: set[str]) -> list[str]:
    """What can be reached from here and was not seen, in the order in which it is left behind."""
    if start in seen:
        return []
    seen.add(start)
    finished, path = [], [(start, iter(leads[start]))]
    while path:
        name, others = path[-1]
        further = next((other for other in others if other not in seen), None)
        if further is None:
            finished.append(name)
            path.pop()
        else:
            seen.add(further)
            path.append((further, iter(leads[further])))
    return finished
