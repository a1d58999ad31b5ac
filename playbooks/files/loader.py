"""Reading a rules folder from disk: all of it, or every problem at once.

A folder has playbooks (``<id>.yaml``, in whatever folders below it), and may have word lists
(``lexicon/<name>.yaml``), a ``budget.yaml`` and a ``playbooks.lock``. With `discovery` the only
part of `playbooks` that touches a disk: when playbooks are loaded, never at an event.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError
from playbooks.engine.alert_budget import FILE as BUDGET_FILE
from playbooks.engine.alert_budget import parse_budget
from playbooks.engine.rulebook import Rulebook
from playbooks.files.discovery import find_rule_files
from playbooks.files.playbook_parser import PLAYBOOK_KEYS, parse_playbook
from playbooks.files.version_lock import FILE as LOCK_FILE
from playbooks.files.version_lock import VersionLock, parse_lock
from playbooks.playbook import PlaybookLocation
from playbooks.text.word_lists import FOLDER as LEXICON_FOLDER
from playbooks.text.word_lists import WordList, parse_word_list
from playbooks.yaml_nodes import MAX_BYTES, FileProblems, YamlField, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbooks.engine.alert_budget import Budget
    from playbooks.playbook import Playbook
    from playbooks.text.word_lists import WordLists

LIBRARY = Path(__file__).parents[1] / "library"
"""The playbooks that come with callmood."""

SCHEMA = Path(__file__).parents[1] / "schema.json"
"""The JSON Schema of a playbook file."""

MAX_FILES = 1_000
MAX_LOCK_BYTES = 16 << 20
"""A lock only ever grows: a hundred bytes for every version that ever was."""

MAX_CYCLES = 20
"""Circles that are told at once, the others once these are gone: it bounds the time."""

MAX_THEME_DEPTH = 3
"""How far below the rules folder a playbook is looked for that was named alone."""


class PlaybookError(CallmoodError, ValueError):
    """The library cannot be used.

    Attributes:
        problems: every problem of every file, each ``file:line: what; what to do``.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class _PlaybookFile:
    playbook: Playbook
    top: YamlField
    version: YamlField
    supersedes_fields: Mapping[str, YamlField]


@dataclass(slots=True)
class _RulesFolder:
    """What is being read, and everything that is wrong with it."""

    path: Path
    problem_lines: list[str] = field(default_factory=list)

    def parse_file(self, file: Path) -> YamlField | None:
        """The top of one file; ``None`` where it cannot be used (noted)."""
        problems = FileProblems(_display_name(file))
        content = _read_content(file, problems)
        top = parse_yaml(content, problems) if content is not None else None
        self.problem_lines += problems.lines()
        return top

    def list_files(self) -> list[Path]:
        """The playbooks' files; none where they cannot be used (noted)."""
        try:
            return find_playbook_files(self.path)
        except PlaybookError as error:
            self.problem_lines += error.problems
            return []

    def collect_problems(self, top: YamlField) -> bool:
        """Note what was found in a file since it was opened; whether it is sound."""
        self.problem_lines += top.problems.lines()
        return not top.problems.entries


def load_library(path: Path | str | None = None, *, ignore_lock: bool = False) -> Rulebook:
    """Every playbook in ``path`` (a folder with all below it, or one file), in id order.

    Args:
        path: the library that comes with callmood where it is ``None``.
        ignore_lock: not to be in force, so that the folder's lock is not asked.

    Raises:
        PlaybookError: something is wrong with any file. Then nothing is loaded.
    """
    folder = _RulesFolder(LIBRARY if path is None else Path(path))
    files = folder.list_files()
    lexicon, lists_are_sound = _load_lexicon(folder)
    loaded = [item for file in files if (item := _load_playbook(folder, file, lexicon)) is not None]
    budget = _load_budget(folder)
    lock = VersionLock() if ignore_lock else load_lock(folder.path, folder.problem_lines)
    for item in loaded if lists_are_sound else ():
        if problem := lock.find_problem(item.playbook):
            what, _, advice = problem.partition("; ")
            item.version.add_problem(what, advice)
    is_single_file = folder.path.is_file()
    playbook_ids = frozenset() if is_single_file else frozenset(file.stem for file in files)
    folder.problem_lines += _find_conflicts(loaded, playbook_ids=playbook_ids)
    if folder.problem_lines:
        raise PlaybookError(folder.problem_lines)
    return Rulebook(tuple(item.playbook for item in loaded), budget)


def load_word_lists(path: Path | str | None = None) -> WordLists:
    """The word lists of a rules folder, by name.

    Raises:
        PlaybookError: something is wrong with any of them.
    """
    folder = _RulesFolder(LIBRARY if path is None else Path(path))
    lexicon, is_sound = _load_lexicon(folder)
    if not is_sound:
        raise PlaybookError(folder.problem_lines)
    return lexicon


def load_lock(path: Path | str | None, lines: list[str]) -> VersionLock:
    """The folder's lock; an empty one where there is none. Problems are added to ``lines``."""
    file = _find_sibling(LIBRARY if path is None else Path(path), LOCK_FILE)
    problems = FileProblems(_display_name(file))
    content = (
        _read_content(file, problems, max_bytes=MAX_LOCK_BYTES) if os.path.lexists(file) else b""
    )
    lock = parse_lock(content or b"", problems)
    if content is not None and len(content) > MAX_LOCK_BYTES:
        problems.add(1, f"larger than {MAX_LOCK_BYTES >> 20} MB", "take out playbooks long gone")
    lines += problems.lines()
    return lock


def find_lock_file(path: Path | str | None) -> Path:
    """Where the lock of a rules folder is."""
    return _find_sibling(LIBRARY if path is None else Path(path), LOCK_FILE)


def _find_sibling(path: Path, name: str) -> Path:
    """What a rules folder has beside its playbooks, also where one playbook of it was named."""
    if not path.is_file():
        return path / name
    candidates = (folder / name for folder in path.absolute().parents[:MAX_THEME_DEPTH])
    return next((candidate for candidate in candidates if candidate.exists()), path.parent / name)


def find_playbook_files(path: Path) -> list[Path]:
    """The files of the playbooks in a rules folder, in the order of their names.

    Raises:
        PlaybookError: there are none, or too many.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        message = f"{path}:1: there is no such file or folder; name a folder with .yaml files"
        raise PlaybookError([message])
    files = list(filter(_is_playbook_file, _find_yaml_files(path)))
    if not files:
        message = f"{path}:1: no playbooks here; name a folder with .yaml files, or one file"
        raise PlaybookError([message])
    if len(files) > MAX_FILES:
        message = f"{path}:1: {len(files)} files; {MAX_FILES} is the limit, name a smaller folder"
        raise PlaybookError([message])
    return files


def _find_yaml_files(path: Path) -> list[Path]:
    try:
        return find_rule_files(path)
    except OSError as error:
        where, why = error.filename or path, error.strerror or "the disk failed"
        message = f"{where}:1: cannot be read ({why}); check the folder's permissions"
        raise PlaybookError([message]) from None


def _is_playbook_file(file: Path) -> bool:
    return file.parent.name != LEXICON_FOLDER and file.name != BUDGET_FILE


def _load_lexicon(folder: _RulesFolder) -> tuple[WordLists, bool]:
    """The word lists, and whether all of them are sound."""
    problem_count = len(folder.problem_lines)
    lexicon: WordLists = {}
    for file in _find_yaml_files(_find_sibling(folder.path, LEXICON_FOLDER)):
        top = folder.parse_file(file)
        if top and file.stem in lexicon:
            top.add_problem(f"there is another list called {file.stem}", "keep one of them")
        lexicon[file.stem] = parse_word_list(top) if top else WordList({}, {})
        if top:
            folder.collect_problems(top)
    return lexicon, len(folder.problem_lines) == problem_count


def _load_budget(folder: _RulesFolder) -> Budget:
    file = _find_sibling(folder.path, BUDGET_FILE)
    top = folder.parse_file(file) if os.path.lexists(file) else None
    budget = parse_budget(top) if top else {}
    return budget if top and folder.collect_problems(top) else {}


def _display_name(file: Path) -> str:
    """Its name on one line, whatever bytes are in it."""
    cwd = Path.cwd()
    name = os.fsencode(file.relative_to(cwd) if file.is_relative_to(cwd) else file)
    text = name.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _read_content(
    file: Path, problems: FileProblems, *, max_bytes: int = MAX_BYTES
) -> bytes | None:
    """At most one byte more than ``max_bytes``; a pipe, which would never end, is not opened."""
    if file.exists() and not file.is_file():
        problems.add(1, "is no ordinary file", "put a file in its place")
        return None
    try:
        with file.open("rb") as source:
            return source.read(max_bytes + 1)
    except OSError as error:
        problems.add(1, f"cannot be read ({error.strerror})", "check the file's permissions")
        return None


def _load_playbook(folder: _RulesFolder, file: Path, lexicon: WordLists) -> _PlaybookFile | None:
    top = folder.parse_file(file)
    if top is None:
        return None
    playbook = parse_playbook(top, lexicon)
    if playbook.playbook_id and file.stem != playbook.playbook_id and not top.problems.entries:
        top.add_problem(
            f"its id is {playbook.playbook_id!r}", "give the file and the id the same name"
        )
    if not folder.collect_problems(top):
        return None
    parts = top.block(PLAYBOOK_KEYS).fields
    names = parts["supersedes"].items() if "supersedes" in parts else []
    version = parts["version"]
    playbook = replace(playbook, location=PlaybookLocation(file, version.line))
    return _PlaybookFile(playbook, top, version, {name.text(): name for name in names})


def _find_conflicts(loaded: list[_PlaybookFile], *, playbook_ids: frozenset[str]) -> list[str]:
    """Problems between files: one id twice, supersedes in a circle or of nobody.

    Args:
        loaded: the sound ones.
        playbook_ids: the ids of all files, the others' too; empty: that was not asked.
    """
    by_id: dict[str, _PlaybookFile] = {}
    for item in loaded:
        first = by_id.setdefault(item.playbook.playbook_id, item)
        if first is not item:
            where = f"{first.top.problems.name}:{first.top.line}"
            item.top.add_problem(f"its id is taken by {where}", "give one of them another id")
    for item in by_id.values():
        for other in sorted(item.playbook.supersedes):
            name_field = item.supersedes_fields[other]
            if playbook_ids and other not in playbook_ids:
                name_field.add_problem(f"{other!r} is not here", "remove or correct it")
    graph = {name: item.playbook.supersedes & by_id.keys() for name, item in by_id.items()}
    for cycle in _find_cycles(graph):
        for name, other in itertools.pairwise(cycle):
            by_id[name].supersedes_fields[other].add_problem(
                f"supersedes {other!r} in a circle", "let one of them give way"
            )
    return [line for item in loaded for line in item.top.problems.lines()]


def _find_cycles(graph: Mapping[str, frozenset[str]]) -> Iterator[list[str]]:
    """Cycles that have no name in common, at most `MAX_CYCLES`.

    Yields:
        Names, each of which leads to the next; the last is the first again.
    """
    for _ in range(MAX_CYCLES):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # It goes from what is superseded to what supersedes it.
            cycle = list(reversed(error.args[1]))
        else:
            return
        yield cycle
        graph = {name: others - set(cycle) for name, others in graph.items() if name not in cycle}
