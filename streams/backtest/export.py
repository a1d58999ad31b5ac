"""Writing recorded calls from Kafka into a file, one line at a time."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, cast

from streams.backtest.recorded_call import RecordLineError, parse_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.dry_run import ProgressCallback, RecordSource
    from streams.backtest.record_lines import LineProblems


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How much was written."""

    calls: int
    messages: int


def export(
    source: RecordSource,
    to: Path,
    period: Period,
    problems: LineProblems,
    *,
    on_progress: ProgressCallback,
) -> ExportResult:
    """Write what playbooks look at; the file appears when it is whole.

    Args:
        source: the record.
        to: the file; gzipped where its name ends so. Only its owner may read it.
        period: by when a message was sent.
        problems: takes what is no event of a call.
        on_progress: hears how far it is.
    """
    calls, messages = set[str](), 0
    with _open_atomically(to) as file:
        for line in source.lines(problems):
            on_progress(line.done, source.total)
            try:
                header = parse_header(line.content)
            except RecordLineError as error:
                problems.add(line.number, str(error), where=line.where)
                continue
            if header.is_relevant and period.contains(header.sent_at):
                file.write(line.content)
                calls.add(header.call_id)
                messages += 1
    return ExportResult(len(calls), messages)


@contextmanager
def _open_atomically(to: Path) -> Iterator[IO[bytes]]:
    """A file beside it that takes its place at the end, or is gone."""
    with NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as raw:
        temporary = Path(raw.name)
        try:
            if to.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as gzip_file:
                    yield cast("IO[bytes]", gzip_file)
            else:
                yield cast("IO[bytes]", raw)
            raw.flush()
            temporary.replace(to)
        finally:
            temporary.unlink(missing_ok=True)
