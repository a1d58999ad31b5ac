"""The rules that a process goes by: read from a folder, checked, kept until better ones lie there.

Blocks while it reads, so it is called in a thread. What it found is told by its answers; counting
and logging is the caller's.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from playbooks.engine.rulebook import Rulebook
from playbooks.files.discovery import find_rule_files
from playbooks.files.loader import LIBRARY, PlaybookError, find_lock_file, load_library
from playbooks.review.library_diff import RulebookDiff, diff_rulebooks
from playbooks.review.test_runner import run_library

if TYPE_CHECKING:
    from pathlib import Path

    from playbooks.playbook import Playbook
    from playbooks.review.test_runner import Outcome

Fingerprint: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReloadSuccess:
    """Other rules are in force since this look, or the refused ones are gone again."""

    changes: RulebookDiff


@dataclass(frozen=True, slots=True)
class ReloadFailure:
    """What lies there cannot be used; the rules in force stay.

    Attributes:
        problems: each ``file:line: what; what to do``.
    """

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _ValidLibrary:
    """Rules that may be taken."""

    rulebook: Rulebook
    changes: RulebookDiff


class PlaybookReloader:
    """The present library, and how to look for the next.

    Attributes:
        rulebook: the playbooks in force now; empty before a first `poll` succeeds.
            Replaced as a whole: who reads it once sees one library.
        problems: problems of what lies in the folder now; empty where that is in force.
        has_pending_change: the folder has changed; the next poll says whether it stands still.
    """

    def __init__(self, folder: Path | None) -> None:
        """Prepare for a folder (or a file); ``None``: the library that comes with the code."""
        self.folder = folder
        self.path = LIBRARY if folder is None else folder
        self.rulebook = Rulebook(())
        self.problems: tuple[str, ...] = ()
        self._last_fingerprint: Fingerprint | None = None
        self._loaded_fingerprint: Fingerprint | None = None
        self._lock = threading.Lock()

    @property
    def has_pending_change(self) -> bool:
        """A change was seen that has not been judged."""
        return self._last_fingerprint != self._loaded_fingerprint

    def poll(self, *, immediately: bool = False) -> ReloadSuccess | ReloadFailure | None:
        """Look at the folder, and judge it once it stands still: at two looks in a row the same.

        Args:
            immediately: judge at the first look, for who cannot come back. What changes meanwhile
                is seen at the next.

        Returns:
            ``None`` where there is nothing new.
        """
        with self._lock:
            if self.folder is None and self._loaded_fingerprint is not None:
                return None
            current = fingerprint(self.path)
            previous, self._last_fingerprint = self._last_fingerprint, current
            if current == self._loaded_fingerprint or not (immediately or current == previous):
                return None
            result = self._load()
            if not immediately and fingerprint(self.path) != current:
                self._last_fingerprint = None
                return None
            self._loaded_fingerprint = current
            return self._apply(result)

    def reset(self) -> None:
        """Judge anew at the next two looks, even what was judged before."""
        with self._lock:
            self._last_fingerprint = self._loaded_fingerprint = None

    def _load(self) -> _ValidLibrary | ReloadFailure:
        try:
            rulebook = load_library(self.folder)
            difference = diff_rulebooks(self.rulebook, rulebook)
            problems = self._find_problems(difference)
        except PlaybookError as error:
            return ReloadFailure(error.problems)
        except OSError as error:
            return ReloadFailure(
                (f"{self.path}:1: cannot be read ({error.strerror}); check the disk",)
            )
        return ReloadFailure(problems) if problems else _ValidLibrary(rulebook, difference)

    def _find_problems(self, difference: RulebookDiff) -> tuple[str, ...]:
        version_problems = map(_describe_missing_bump, difference.same_version)
        # The built-in library's tests were run where it was made.
        outcomes = () if self.folder is None else run_library(difference.untested)
        return (
            *version_problems,
            *(_describe_failed_test(item) for item in outcomes if not item.passed),
        )

    def _apply(self, result: _ValidLibrary | ReloadFailure) -> ReloadSuccess | ReloadFailure | None:
        if isinstance(result, ReloadFailure):
            self.problems = result.problems
            return result
        had_problems, self.problems = bool(self.problems), ()
        self.rulebook = result.rulebook
        return ReloadSuccess(result.changes) if result.changes or had_problems else None


def fingerprint(path: Path) -> Fingerprint:
    """Cheap, and another whenever a rule file may be another: looks at names, reads nothing.

    The time of the last status change is in it because a copy that keeps its source's
    modification time and size would otherwise pass for the old file.
    """
    try:
        return tuple(_file_stamp(file) for file in (*find_rule_files(path), find_lock_file(path)))
    except OSError as error:
        return ((str(error),),)


def _file_stamp(file: Path) -> tuple[str, ...]:
    try:
        status = file.stat()
    except OSError as error:
        return str(file), str(error)
    stamps = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
    return str(file), *map(str, stamps)


def _describe_missing_bump(playbook: Playbook) -> str:
    version = playbook.version
    what = f"changed, but still version {version}; give it version {version + 1}"
    return f"{playbook.location}: {what}"


def _describe_failed_test(outcome: Outcome) -> str:
    case = outcome.case
    return f"{case.location}: its test “{case.name}” fails: {outcome.difference}; mend rule or test"
