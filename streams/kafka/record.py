"""A Kafka record as our code sees it, whichever client library fetched it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from streams.cloudevents import Headers


class TopicPartition(NamedTuple):
    """A partition of a topic; equal to the tuples of the same name of every client library."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        key: empty where the record has none.
        value: empty where the record has none.
        timestamp_ms: when it was made, or when the broker got it, in ms since 1970.
    """

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Headers = field(default_factory=list)
    timestamp_ms: int = 0

    @property
    def topic_partition(self) -> TopicPartition:
        """Where it lies."""
        return TopicPartition(self.topic, self.partition)

    @property
    def decoded_key(self) -> str:
        """The key as text, for work in the order of keys; bytes that are no UTF-8 are replaced."""
        return self.key.decode("utf-8", errors="replace")
