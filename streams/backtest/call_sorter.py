"""Sorting a record by call: onto the disk, because a week of calls does not fit into memory."""

from __future__ import annotations

import zlib
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Self

from streams.backtest.recorded_call import Head, LineError, RecordedError, head_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.backtest.record_lines import Line, Problems

BUCKETS = 128
"""Files that calls are shared out to. One of them is in memory at a time, per job."""

MAX_CALL_BYTES = 64 * 1_048_576
"""A five-minute call has some 150 KB. One call must not fill the memory."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when; ``None``: no limit."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, moment: datetime) -> bool:
        """Whether it lies in it: ``since`` does, ``until`` no more."""
        return (self.since is None or self.since <= moment) and (
            self.until is None or moment < self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A record by call.

    Attributes:
        buckets: files, each with how many of its calls have a start; there is one at least.
            Every call is whole in one of them.
        halves: calls without a start. Some lie in the buckets: nobody should play them.
        events: of calls that have a start and of those that have none.
    """

    buckets: tuple[tuple[Path, int], ...]
    calls: int
    halves: int
    events: int


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One line in a bucket, in the order in which a call is played.

    Events are played in the order in which they were sent, which is the nearest that a record
    has to the order in which the worker met them.
    """

    micros: int
    rank: int
    number: int
    where: str = field(compare=False)
    content: bytes = field(compare=False)


class Sorter:
    """Takes lines in any order. As a context manager it closes its files."""

    def __init__(self, folder: Path, period: Period, problems: Problems) -> None:
        self._folder = folder
        self._period = period
        self._problems = problems
        self._files: dict[int, IO[bytes]] = {}
        self._open = ExitStack()
        self._sizes: defaultdict[str, int] = defaultdict(int)
        self._started: set[str] = set()
        self._events = 0
        self.good = 0
        """Lines that are events, within the period or not."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written is of no use any more
            self._open.close()

    def take(self, line: Line) -> None:
        """Sort one line in; one that cannot be used is a problem."""
        try:
            head = head_of(line.content)
            self.good += 1
            if head.wanted and self._period.has(head.sent_at):
                self._keep(head, line)
        except LineError as error:
            self._problems.add(line.number, str(error), where=line.where)

    def finish(self) -> Sorted:
        """Everything was taken."""
        with self._room():
            self._open.close()
        calls = defaultdict[int, int](int)
        for call_id in self._started:
            calls[_bucket(call_id)] += 1
        return Sorted(
            buckets=tuple((self._path(one), calls[one]) for one in sorted(calls)),
            calls=len(self._started),
            halves=len(self._sizes) - len(self._started),
            events=self._events,
        )

    def _keep(self, head: Head, line: Line) -> None:
        content = line.content.rstrip()
        self._sizes[head.call_id] += len(content)
        if self._sizes[head.call_id] > MAX_CALL_BYTES:
            message = f"call {head.call_id} has more than {MAX_CALL_BYTES >> 20} MiB of events"
            raise LineError(message)
        if head.starts:
            self._started.add(head.call_id)
        self._events += 1
        micros = (head.sent_at - _EPOCH) // _MICROSECOND
        front = f"{head.call_id}\t{micros}\t{head.rank}\t{line.number}\t{line.where}\t"
        with self._room():
            self._file(_bucket(head.call_id)).write(front.encode() + content + b"\n")

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self._folder}: {error.strerror}; set TMPDIR to a folder with more room"
            raise RecordedError(message) from None

    def _file(self, bucket: int) -> IO[bytes]:
        if bucket not in self._files:
            self._files[bucket] = self._open.enter_context(self._path(bucket).open("wb"))
        return self._files[bucket]

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket:03}"


def calls_in(bucket: Path) -> Iterator[tuple[str, list[Entry]]]:
    """The calls of one bucket by id, each with its lines in the order of playing."""
    calls: defaultdict[str, list[Entry]] = defaultdict(list)
    with bucket.open("rb") as lines:
        for line in lines:
            call_id, micros, rank, number, where, content = line.split(b"\t", 5)
            entry = Entry(int(micros), int(rank), int(number), where.decode(), content)
            calls[call_id.decode()].append(entry)
    for name in sorted(calls):
        yield name, sorted(calls.pop(name))


def _bucket(call_id: str) -> int:
    return zlib.crc32(call_id.encode()) % BUCKETS
