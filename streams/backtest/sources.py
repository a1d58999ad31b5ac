"""What a person may name as recorded calls: a file, or the line's own topics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from streams.backtest.record_lines import lines_in
from streams.backtest.recorded_call import KINDS, RecordedError
from streams.backtest.topic_reader import Cluster
from streams.kafka.admin import reachable_broker
from streams.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.dry_run import Source
    from streams.backtest.record_lines import Line, Problems
    from streams.settings import Settings

KAFKA = "kafka"
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file of JSON lines, gzipped or not."""

    path: Path
    whole: int
    """Bytes as it lies on the disk."""

    @property
    def name(self) -> str:
        """As it was given."""
        return str(self.path)

    def lines(self, problems: Problems) -> Iterator[Line]:
        """Every line of it."""
        return lines_in(self.path, problems)


def source_of(word: str, period: Period, here: Settings) -> Source:
    """The record that a word names: a file if there is one, else the cluster in the settings.

    Raises:
        RecordedError: it names neither.
    """
    path = Path(word)
    if path.is_file():
        return RecordFile(path, path.stat().st_size)
    if path.exists():
        message = f"{path}: no file; name a record made by `callmood calls export --to FILE`"
        raise RecordedError(message)
    if word == KAFKA or word in {topic.name for topic in KINDS}:
        return Cluster(reachable_broker(here), period, timeout_s=here.kafka_timeout_s)
    names = ", ".join(topic.name for topic in KINDS)
    what = "no recorded calls" if word in {topic.name for topic in ALL_TOPICS} else "no such file"
    message = f"{word}: {what}; name a file, or `kafka` for all of {names}"
    raise RecordedError(message)


def moment(text: str, *, now: datetime) -> datetime:
    """``7d``, ``12h`` or ``30m`` ago, or an ISO date and time with its zone.

    Raises:
        ValueError: it is none of them; the text says what to write.
    """
    ago = re.fullmatch(r"(\d{1,5})([dhm])", text.strip())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is no time: write 7d, 12h or {_example(now)}"
        raise ValueError(message) from None
    if found.tzinfo is None:
        message = f"{text!r} does not say in which time zone: write it as {_example(now)}"
        raise ValueError(message)
    return found


def _example(now: datetime) -> str:
    return now.astimezone().replace(minute=0).isoformat(timespec="minutes")
