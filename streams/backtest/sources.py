"""What a person may name as recorded calls: a file, or the pipeline's own topics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from streams.backtest.record_lines import read_lines
from streams.backtest.recorded_call import RECORDED_TOPICS, RecordError
from streams.backtest.topic_reader import KafkaCallSource
from streams.kafka.admin import require_broker
from streams.kafka.connection import KafkaConnection
from streams.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.dry_run import RecordSource
    from streams.backtest.record_lines import LineProblems, RecordLine
    from streams.settings import Settings

KAFKA = "kafka"
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file of JSON lines, gzipped or not."""

    path: Path
    total: int
    """Bytes as it lies on the disk."""

    @property
    def name(self) -> str:
        """As it was given."""
        return str(self.path)

    def lines(self, problems: LineProblems) -> Iterator[RecordLine]:
        """Every line of it."""
        return read_lines(self.path, problems)


def open_source(name: str, period: Period, settings: Settings) -> RecordSource:
    """The record that a word names: a file if there is one, else the cluster in the settings.

    Raises:
        RecordedError: it names neither.
    """
    path = Path(name)
    if path.is_file():
        return RecordFile(path, path.stat().st_size)
    if path.exists():
        message = f"{path}: no file; name a record made by `callmood calls export --to FILE`"
        raise RecordError(message)
    if name == KAFKA or name in {topic.name for topic in RECORDED_TOPICS}:
        connection = KafkaConnection.from_settings(require_broker(settings), settings)
        return KafkaCallSource(connection, period)
    names = ", ".join(topic.name for topic in RECORDED_TOPICS)
    problem = (
        "no recorded calls" if name in {topic.name for topic in ALL_TOPICS} else "no such file"
    )
    message = f"{name}: {problem}; name a file, or `kafka` for all of {names}"
    raise RecordError(message)


def parse_time(text: str, *, now: datetime) -> datetime:
    """``7d``, ``12h`` or ``30m`` ago, or an ISO date and time with its zone.

    Raises:
        ValueError: it is none of them; the text says what to write.
    """
    ago = re.fullmatch(r"(\d{1,5})([dhm])", text.strip())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is no time: write 7d, 12h or {_example_time(now)}"
        raise ValueError(message) from None
    if time.tzinfo is None:
        message = f"{text!r} does not say in which time zone: write it as {_example_time(now)}"
        raise ValueError(message)
    return time


def _example_time(now: datetime) -> str:
    return now.astimezone().replace(minute=0).isoformat(timespec="minutes")
