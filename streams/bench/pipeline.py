"""The real line under N calls: what it costs and how long each stage takes."""

from __future__ import annotations

import re
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from streams.cloudevents import parse_time
from streams.kafka.connection import KafkaConnection
from streams.kafka.consumer import PartitionReader
from streams.messages.alerts import AlertMessage
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.topics import ALERTS, MOODS, READINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from streams.cloudevents import Message
    from streams.settings import Settings

SETTLE_S = 20.0
METRICS_TIMEOUT_S = 5.0


@dataclass(slots=True)
class PipelineCost:
    """What came out, and how long it took.

    Attributes:
        stages: seconds of every passage, by stage.
        counts: messages by kind.
    """

    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def from_messages(cls, messages: list[tuple[Message, datetime | None]]) -> PipelineCost:
        """The passages that these messages tell of; each message once."""
        cost = cls()
        for message, sent_at in {
            latest.message_id: (latest, at) for latest, at in messages
        }.values():
            _add_message(cost, message, sent_at)
        return cost

    def add_stage(self, stage: str, start: datetime | None, end: datetime | None) -> None:
        """One passage; nothing where either end is unknown."""
        if start is not None and end is not None:
            self.stages[stage].append(max(0.0, (end - start).total_seconds()))

    def quantiles(self, stage: str) -> tuple[float, float]:
        """Median and 99th percentile, in ms."""
        seconds = self.stages[stage] or [float("nan")]
        median, p99 = np.quantile(seconds, [0.5, 0.99])
        return 1000 * float(median), 1000 * float(p99)


class OutputReader:
    """Reads what the pipeline makes of some calls, from now on."""

    def __init__(self, broker: str, settings: Settings) -> None:
        connection = KafkaConnection.from_settings(broker, settings)
        self._reader = PartitionReader(connection, client_id="callmood-bench")
        self._message_types: dict[str, type[Message]] = {
            topic.name: topic.message for topic in (READINGS, MOODS, ALERTS) if topic.message
        }
        partitions = [tp for name in self._message_types for tp in self._reader.partitions(name)]
        self._reader.seek(self._reader.latest_offsets(partitions))

    def read_messages(self, *, quiet_s: float) -> list[tuple[Message, datetime | None]]:
        """Everything that has come, and when it was sent; ends after ``quiet_s`` of nothing."""
        received: list[tuple[Message, datetime | None]] = []
        deadline = time.monotonic() + SETTLE_S
        last = time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - last < quiet_s:
            for record in self._reader.poll(timeout_ms=200, max_records=5_000):
                last = time.monotonic()
                message = self._message_types[record.topic].decode(record.value, record.headers)
                received.append((message, parse_time(record.headers)))
        return received

    def close(self) -> None:
        """Let go of Kafka."""
        self._reader.close()


def _add_message(cost: PipelineCost, message: Message, sent_at: datetime | None) -> None:
    match message:
        case ReadingMessage():
            kind = f"{message.record.modality} readings"
            if message.record.modality == "voice":
                cost.add_stage("endpointing", message.heard_at, message.found_at)
                cost.add_stage("voice reading", message.found_at, message.read_at)
            else:
                cost.add_stage("text reading", message.found_at, message.read_at)
        case AlertMessage():
            kind = "alerts"
            cost.add_stage("advice", message.read_at, message.advised_at)
            cost.add_stage("last sample to alert", message.heard_at, message.advised_at)
        case MoodMessage():
            kind = "moods"
            cost.add_stage("mood", message.read_at, sent_at)
        case _:
            return
    cost.counts[kind] += 1


def scrape_metrics(url: str) -> Callable[[str], float]:
    """A process' metrics, as a function from a name to the sum over its labels."""
    with urllib.request.urlopen(url, timeout=METRICS_TIMEOUT_S) as response:  # noqa: S310
        text = response.read().decode()

    def sum_metric(name: str) -> float:
        found = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    return sum_metric
