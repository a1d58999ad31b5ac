"""The rules that a process goes by: read from a folder, checked, kept until better ones lie there.

Blocks while it reads, so it is called in a thread. What it found is told by its answers; counting
and logging is the caller's.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from playbooks.engine.rulebook import Rulebook
from playbooks.files.discovery import rule_files
from playbooks.files.loader import LIBRARY, PlaybookError, load_library, lock_file, playbook_files
from playbooks.review.library_diff import Changes, changes
from playbooks.review.test_runner import run_library
from playbooks.yaml_nodes import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playbooks.review.test_runner import Outcome

Fingerprint: TypeAlias = tuple[tuple[str, ...], ...]
_VERSION = re.compile(rb"^version\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Taken:
    """Other rules are in force since this look, or the refused ones are gone again."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class Refused:
    """What lies there cannot be used; the rules in force stay.

    Attributes:
        problems: each ``file:line: what; what to do``.
    """

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sound:
    """Rules that may be taken."""

    rulebook: Rulebook
    files: Mapping[str, Path]
    changes: Changes


class RulesInForce:
    """The present library, and how to look for the next.

    Attributes:
        rulebook: the playbooks in force now; empty before a first `look` succeeds.
            Replaced as a whole: who reads it once sees one library.
        files: where each of them was read, by id.
        refused: problems of what lies in the folder now; empty where that is in force.
        waiting: the folder has changed, and the next look will say whether it stands still.
    """

    def __init__(self, folder: Path | None) -> None:
        """Prepare for a folder (or a file); ``None``: the library that comes with the code."""
        self.folder = folder
        self.where = LIBRARY if folder is None else folder
        self.rulebook = Rulebook(())
        self.files: Mapping[str, Path] = {}
        self.refused: tuple[str, ...] = ()
        self._seen: Fingerprint | None = None
        self._judged: Fingerprint | None = None
        self._looking = threading.Lock()

    @property
    def waiting(self) -> bool:
        """A change was seen that has not been judged."""
        return self._seen != self._judged

    def look(self, *, at_once: bool = False) -> Taken | Refused | None:
        """Look at the folder, and judge it once it stands still: at two looks in a row the same.

        Args:
            at_once: judge at the first look, for who cannot come back. What changes meanwhile
                is seen at the next.

        Returns:
            ``None`` where there is nothing new.
        """
        with self._looking:
            if self.folder is None and self._judged is not None:
                return None
            found = fingerprint(self.where)
            before, self._seen = self._seen, found
            if found == self._judged or not (at_once or found == before):
                return None
            verdict = self._judge()
            if not at_once and fingerprint(self.where) != found:
                self._seen = None
                return None
            self._judged = found
            return self._kept(verdict)

    def forget_look(self) -> None:
        """Judge anew at the next two looks, even what was judged before."""
        with self._looking:
            self._seen = self._judged = None

    def _judge(self) -> _Sound | Refused:
        try:
            rulebook = load_library(self.folder)
            # A rule's file is called as the rule.
            files = {file.stem: file for file in playbook_files(self.where)}
            difference = changes(self.rulebook, rulebook)
            problems = self._problems(difference, files)
        except PlaybookError as error:
            return Refused(error.problems)
        except OSError as error:
            return Refused((f"{self.where}:1: cannot be read ({error.strerror}); check the disk",))
        return Refused(problems) if problems else _Sound(rulebook, files, difference)

    def _problems(self, difference: Changes, files: Mapping[str, Path]) -> tuple[str, ...]:
        unnumbered = [
            _unnumbered(files.get(one.playbook_id, self.where), one.version)
            for one in difference.same_version
        ]
        # The built-in library's tests were run where it was made.
        tested = () if self.folder is None else run_library(difference.untested)
        return (*unnumbered, *(_failed(one) for one in tested if not one.passed))

    def _kept(self, verdict: _Sound | Refused) -> Taken | Refused | None:
        if isinstance(verdict, Refused):
            self.refused = verdict.problems
            return verdict
        was_refused, self.refused = bool(self.refused), ()
        self.rulebook, self.files = verdict.rulebook, verdict.files
        return Taken(verdict.changes) if verdict.changes or was_refused else None


def fingerprint(where: Path) -> Fingerprint:
    """Cheap, and another whenever a rule file may be another: looks at names, reads nothing.

    The time of the last status change is in it because a copy that keeps its source's
    modification time and size would otherwise pass for the old file.
    """
    try:
        return tuple(_stamp(file) for file in (*rule_files(where), lock_file(where)))
    except OSError as error:
        return ((str(error),),)


def _stamp(file: Path) -> tuple[str, ...]:
    try:
        found = file.stat()
    except OSError as error:
        return str(file), str(error)
    marks = found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev
    return str(file), *map(str, marks)


def _unnumbered(file: Path, version: int) -> str:
    with file.open("rb") as source:
        content = source.read(MAX_BYTES)
    found = _VERSION.search(content)
    line = content[: found.start() if found else 0].count(b"\n") + 1
    return f"{file}:{line}: changed, but still version {version}; give it version {version + 1}"


def _failed(outcome: Outcome) -> str:
    case = outcome.case
    return f"{case.where}: its test “{case.name}” fails: {outcome.difference}; mend rule or test"
