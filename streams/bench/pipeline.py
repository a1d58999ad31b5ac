"""The real line under N calls: what it costs and how long each stage takes."""

from __future__ import annotations

import re
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from kafka import KafkaConsumer, TopicPartition

from streams.cloudevents import time_of
from streams.messages.records import AlertMessage, MoodMessage, ReadingMessage
from streams.topics import ALERTS, MOODS, READINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from streams.cloudevents import Message

SETTLE_S = 20.0
METRICS_TIMEOUT_S = 5.0


@dataclass(slots=True)
class LineCost:
    """What came out, and how long it took.

    Attributes:
        stages: seconds of every passage, by stage.
        counts: messages by kind.
    """

    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, messages: list[tuple[Message, datetime | None]]) -> LineCost:
        """The passages that these messages tell of; each message once."""
        cost = cls()
        for message, sent_at in {one.message_id: (one, at) for one, at in messages}.values():
            _note(cost, message, sent_at)
        return cost

    def passed(self, stage: str, since: datetime | None, until: datetime | None) -> None:
        """One passage; nothing where either end is unknown."""
        if since is not None and until is not None:
            self.stages[stage].append(max(0.0, (until - since).total_seconds()))

    def quantiles(self, stage: str) -> tuple[float, float]:
        """Median and 99th percentile, in ms."""
        seconds = self.stages[stage] or [float("nan")]
        middle, late = np.quantile(seconds, [0.5, 0.99])
        return 1000 * float(middle), 1000 * float(late)


class OutputReader:
    """Reads what the line makes of some calls, from now on."""

    def __init__(self, broker: str) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
        self._kinds: dict[str, type[Message]] = {
            topic.name: topic.message for topic in (READINGS, MOODS, ALERTS) if topic.message
        }
        self._consumer.assign(
            [
                TopicPartition(name, number)
                for name in self._kinds
                for number in sorted(self._consumer.partitions_for_topic(name) or ())
            ]
        )
        self._consumer.seek_to_end()
        for assigned in self._consumer.assignment():
            self._consumer.position(assigned)

    def messages(self, *, quiet_s: float) -> list[tuple[Message, datetime | None]]:
        """Everything that has come, and when it was sent; ends after ``quiet_s`` of nothing."""
        found: list[tuple[Message, datetime | None]] = []
        deadline = time.monotonic() + SETTLE_S
        last = time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - last < quiet_s:
            for records in self._consumer.poll(timeout_ms=200, max_records=5_000).values():
                last = time.monotonic()
                for record in records:
                    message = self._kinds[record.topic].decode(record.value, record.headers)
                    found.append((message, time_of(record.headers)))
        return found

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()


def _note(cost: LineCost, message: Message, sent_at: datetime | None) -> None:
    match message:
        case ReadingMessage():
            kind = f"{message.modality} readings"
            if message.modality == "voice":
                cost.passed("endpointing", message.heard_at, message.found_at)
                cost.passed("voice reading", message.found_at, message.read_at)
            else:
                cost.passed("text reading", message.found_at, message.read_at)
        case AlertMessage():
            kind = "alerts"
            cost.passed("advice", message.read_at, message.advised_at)
            cost.passed("last sample to alert", message.heard_at, message.advised_at)
        case MoodMessage():
            kind = "moods"
            cost.passed("mood", message.read_at, sent_at)
        case _:
            return
    cost.counts[kind] += 1


def scrape(url: str) -> Callable[[str], float]:
    """A process' metrics, as a function from a name to the sum over its labels."""
    with urllib.request.urlopen(url, timeout=METRICS_TIMEOUT_S) as answer:  # noqa: S310
        text = answer.read().decode()

    def value(name: str) -> float:
        found = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    return value
