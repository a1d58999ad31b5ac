"""Writing recorded calls from Kafka into a file, one line at a time."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, cast

from streams.backtest.recorded_call import LineError, head_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.dry_run import Source, Steps
    from streams.backtest.record_lines import Problems


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    calls: int
    messages: int


def export(
    source: Source, to: Path, period: Period, problems: Problems, *, step: Steps
) -> Exported:
    """Write what playbooks look at; the file appears when it is whole.

    Args:
        source: the record.
        to: the file; gzipped where its name ends so. Only its owner may read it.
        period: by when a message was sent.
        problems: takes what is no event of a call.
        step: hears how far it is.
    """
    calls, messages = set[str](), 0
    with _appearing(to) as file:
        for line in source.lines(problems):
            step(line.done, source.whole)
            try:
                head = head_of(line.content)
            except LineError as error:
                problems.add(line.number, str(error), where=line.where)
                continue
            if head.wanted and period.has(head.sent_at):
                file.write(line.content)
                calls.add(head.call_id)
                messages += 1
    return Exported(len(calls), messages)


@contextmanager
def _appearing(to: Path) -> Iterator[IO[bytes]]:
    """A file beside it that takes its place at the end, or is gone."""
    with NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as raw:
        part = Path(raw.name)
        try:
            if to.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield cast("IO[bytes]", raw)
            raw.flush()
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
