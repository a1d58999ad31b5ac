"""The lines of a recorded file, however it is made: bounded in memory, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from streams.backtest.recorded_call import MAX_LINE_BYTES, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GZIP = b"\x1f\x8b"
MAX_LISTED_PROBLEMS = 5
"""The first so many problems are named, the others counted."""


@dataclass(frozen=True, slots=True, order=True)
class LineProblem:
    """One thing that cannot be used.

    Attributes:
        number: its place in the record, from 1.
        where: the place in words, where it is not a line of the file.
    """

    number: int
    what: str
    where: str = ""


@dataclass(slots=True)
class LineProblems:
    """Lines that could not be used: how many, and the first of them in words.

    Attributes:
        name: of the record.
        strict: the first problem ends it all.
    """

    name: str
    strict: bool = False
    count: int = 0
    first: list[LineProblem] = field(default_factory=list)

    def add(self, number: int, what: str, *, where: str = "") -> None:
        """One line is passed over.

        Raises:
            RecordedError: if ``strict``.
        """
        problem = LineProblem(number, what, where)
        if self.strict:
            message = f"{self._format(problem)}; mend it, or leave out --strict"
            raise RecordError(message)
        self.count += 1
        if len(self.first) < MAX_LISTED_PROBLEMS or problem < self.first[-1]:
            self.first = sorted([*self.first, problem])[:MAX_LISTED_PROBLEMS]

    def add_all(self, others: LineProblems) -> None:
        """Those that were found elsewhere in the same record.

        Raises:
            RecordedError: if ``strict``, and there are any.
        """
        for problem in others.first:
            self.add(problem.number, problem.what, where=problem.where)
        self.count += others.count - len(others.first)

    @property
    def lines(self) -> list[str]:
        """``file:line: what``, the first few of them."""
        return [self._format(problem) for problem in self.first]

    def _format(self, problem: LineProblem) -> str:
        return f"{problem.where or f'{self.name}:{problem.number}'}: {problem.what}"


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line as it lies in the file.

    Attributes:
        number: from 1.
        done: how far reading has come, in the unit that the source counts in: bytes of the
            file as it lies on the disk, or records.
        where: its place, where it is not a line of a file.
    """

    number: int
    content: bytes
    done: int
    where: str = ""


def read_lines(path: Path, problems: LineProblems) -> Iterator[RecordLine]:
    """Every line that is not empty; one that is too long is a problem and is never held.

    Raises:
        RecordedError: the file cannot be read to its end.
        OSError: it cannot be opened.
    """
    number = 0
    with path.open("rb") as raw, _decompress(raw) as source:
        try:
            while line := source.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    _skip_rest_of_line(source, line)
                    problems.add(number, f"it is longer than {MAX_LINE_BYTES} bytes")
                elif not line.isspace():
                    yield RecordLine(number, line, raw.tell())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            what = "ends in the middle" if isinstance(error, EOFError) else "is damaged"
            message = f"{problems.name}:{number + 1}: the gzip file {what}; copy or export it anew"
            raise RecordError(message) from None


@contextmanager
def _decompress(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    is_gzip = raw.read(len(_GZIP)) == _GZIP
    raw.seek(0)
    if not is_gzip:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw) as source:
        yield cast("IO[bytes]", source)


def _skip_rest_of_line(source: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = source.readline(MAX_LINE_BYTES)
