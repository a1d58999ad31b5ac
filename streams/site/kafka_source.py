"""Where the feed's records come from: Kafka, again and again, until it answers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
)

from streams.kafka.close import close_with_timeout
from streams.site.hub import FeedState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiokafka.structs import ConsumerRecord

    from streams.cloudevents import Headers

LOG = logging.getLogger("callmood.desk")

MAX_RECORDS = 500
POLL_TIMEOUT_S = 1.0
"""After so long without a record the broker is asked whether it is still there."""

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0)
"""Waits between attempts to reach Kafka; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record, as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Headers


class FeedSource(Protocol):
    """Records, in batches, in the order of each call."""

    async def batch(self) -> Sequence[Record]:
        """Wait for some records, however long it takes."""
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """These are kept: do not send them again."""
        ...

    async def close(self) -> None:
        """Leave. A `batch` after it begins behind what was committed last."""
        ...


class _TopicsMissingError(RuntimeError):
    pass


class KafkaSource:
    """Reads topics as one consumer group, from the beginning when the group is new."""

    def __init__(
        self,
        *,
        bootstrap: str,
        topics: Sequence[str],
        group: str,
        timeout_s: float,
        on_state_change: Callable[[FeedState], None],
    ) -> None:
        """Nothing happens until the first `batch`.

        Args:
            bootstrap: ``host:port`` of Kafka.
            topics: names; all of them must exist before reading begins.
            group: the consumer group.
            timeout_s: how long a request may take.
            on_state_change: hears of every change of the line's state.
        """
        self._bootstrap = bootstrap
        self._topics = frozenset(topics)
        self._group = group
        self._timeout_s = timeout_s
        self._on_state_change = on_state_change
        self._consumer: AIOKafkaConsumer | None = None
        self._failures = 0
        self._last_reason = ""

    async def batch(self) -> Sequence[Record]:
        """Wait for some records, through every absence of Kafka."""
        while True:
            try:
                return await self._fetch()
            except (KafkaError, OSError, TimeoutError, _TopicsMissingError) as error:
                await self._on_connection_lost(error)

    async def commit(self, records: Sequence[Record]) -> None:
        """Commit; where that fails the records come again, and are upserts."""
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
        if self._consumer is None:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            LOG.info("offsets were not committed (%s); the records will come again", error)

    async def close(self) -> None:
        """Leave the group, if Kafka is there to be told."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_with_timeout(consumer.stop())

    async def _fetch(self) -> list[Record]:
        while True:
            consumer = self._consumer or await self._connect()
            records_by_partition = await consumer.getmany(
                timeout_ms=int(POLL_TIMEOUT_S * 1000), max_records=MAX_RECORDS
            )
            if records_by_partition:
                return [_to_record(r) for records in records_by_partition.values() for r in records]
            await asyncio.wait_for(consumer.topics(), self._timeout_s)

    async def _connect(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            metadata_max_age_ms=30_000,
            request_timeout_ms=int(self._timeout_s * 1000),
        )
        self._consumer = consumer
        await asyncio.wait_for(consumer.start(), self._timeout_s)
        missing = self._topics - await consumer.topics()
        if missing:
            raise _TopicsMissingError(", ".join(sorted(missing)))
        consumer.subscribe(sorted(self._topics))
        self._on_connected()
        return consumer

    def _on_connected(self) -> None:
        if self._last_reason:
            LOG.warning("Kafka at %s answers again", self._bootstrap)
        self._failures, self._last_reason = 0, ""
        self._on_state_change(FeedState.UP)

    async def _on_connection_lost(self, error: Exception) -> None:
        is_topic_missing = isinstance(error, _TopicsMissingError)
        self._on_state_change(FeedState.TOPICS_MISSING if is_topic_missing else FeedState.AWAY)
        reason = (
            f"Kafka at {self._bootstrap} lacks the topics {error}; make them: callmood topics"
            if is_topic_missing
            else f"Kafka at {self._bootstrap} does not answer; the desk keeps trying"
        )
        if reason != self._last_reason:
            self._last_reason = reason
            LOG.warning("%s", reason)
        await self.close()
        await asyncio.sleep(RETRY_DELAYS_S[min(self._failures, len(RETRY_DELAYS_S) - 1)])
        self._failures += 1


def _to_record(record: ConsumerRecord[bytes, bytes]) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        headers=list(record.headers),
    )
