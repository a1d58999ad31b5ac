"""Sorting a record by call: onto the disk, because a week of calls does not fit into memory."""

from __future__ import annotations

import zlib
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Self

from streams.backtest.recorded_call import LineHeader, RecordError, RecordLineError, parse_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.backtest.record_lines import LineProblems, RecordLine

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

    def contains(self, instant: datetime) -> bool:
        """Whether it lies in it: ``since`` does, ``until`` no more."""
        return (self.since is None or self.since <= instant) and (
            self.until is None or instant < self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBuckets:
    """A record by call.

    Attributes:
        buckets: files, each with how many of its calls have a start; there is one at least.
            Every call is whole in one of them.
        truncated_calls: calls without a start. Some lie in the buckets: nobody should play them.
        events: of calls that have a start and of those that have none.
    """

    buckets: tuple[tuple[Path, int], ...]
    calls: int
    truncated_calls: int
    events: int


@dataclass(frozen=True, slots=True, order=True)
class BucketEntry:
    """One line in a bucket, in the order in which a call is played.

    Events are played in the order in which they were sent, which is the nearest that a record
    has to the order in which the worker met them.
    """

    micros: int
    rank: int
    number: int
    where: str = field(compare=False)
    content: bytes = field(compare=False)


class CallSorter:
    """Takes lines in any order. As a context manager it closes its files."""

    def __init__(self, folder: Path, period: Period, problems: LineProblems) -> None:
        self._folder = folder
        self._period = period
        self._problems = problems
        self._files: dict[int, IO[bytes]] = {}
        self._exit_stack = ExitStack()
        self._call_sizes: defaultdict[str, int] = defaultdict(int)
        self._started_calls: set[str] = set()
        self._events = 0
        self.event_count = 0
        """Lines that are events, within the period or not."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written is of no use any more
            self._exit_stack.close()

    def add(self, line: RecordLine) -> None:
        """Sort one line in; one that cannot be used is a problem."""
        try:
            header = parse_header(line.content)
            self.event_count += 1
            if header.is_relevant and self._period.contains(header.sent_at):
                self._write(header, line)
        except RecordLineError as error:
            self._problems.add(line.number, str(error), where=line.where)

    def finish(self) -> CallBuckets:
        """Everything was taken."""
        with self._catch_full_disk():
            self._exit_stack.close()
        calls = defaultdict[int, int](int)
        for call_id in self._started_calls:
            calls[_bucket_number(call_id)] += 1
        return CallBuckets(
            buckets=tuple((self._path(bucket), calls[bucket]) for bucket in sorted(calls)),
            calls=len(self._started_calls),
            truncated_calls=len(self._call_sizes) - len(self._started_calls),
            events=self._events,
        )

    def _write(self, header: LineHeader, line: RecordLine) -> None:
        content = line.content.rstrip()
        self._call_sizes[header.call_id] += len(content)
        if self._call_sizes[header.call_id] > MAX_CALL_BYTES:
            message = f"call {header.call_id} has more than {MAX_CALL_BYTES >> 20} MiB of events"
            raise RecordLineError(message)
        if header.is_call_start:
            self._started_calls.add(header.call_id)
        self._events += 1
        micros = (header.sent_at - _EPOCH) // _MICROSECOND
        prefix = f"{header.call_id}\t{micros}\t{header.rank}\t{line.number}\t{line.where}\t"
        with self._catch_full_disk():
            self._file(_bucket_number(header.call_id)).write(prefix.encode() + content + b"\n")

    @contextmanager
    def _catch_full_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self._folder}: {error.strerror}; set TMPDIR to a folder with more room"
            raise RecordError(message) from None

    def _file(self, bucket: int) -> IO[bytes]:
        if bucket not in self._files:
            self._files[bucket] = self._exit_stack.enter_context(self._path(bucket).open("wb"))
        return self._files[bucket]

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket:03}"


def read_calls(bucket: Path) -> Iterator[tuple[str, list[BucketEntry]]]:
    """The calls of one bucket by id, each with its lines in the order of playing."""
    calls: defaultdict[str, list[BucketEntry]] = defaultdict(list)
    with bucket.open("rb") as lines:
        for line in lines:
            call_id, micros, rank, number, where, content = line.split(b"\t", 5)
            entry = BucketEntry(int(micros), int(rank), int(number), where.decode(), content)
            calls[call_id.decode()].append(entry)
    for call_name in sorted(calls):
        yield call_name, sorted(calls.pop(call_name))


def _bucket_number(call_id: str) -> int:
    return zlib.crc32(call_id.encode()) % BUCKETS
