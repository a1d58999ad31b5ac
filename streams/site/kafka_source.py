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

from streams.kafka.close import leave
from streams.site.hub import LineState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiokafka.structs import ConsumerRecord

    from streams.cloudevents import Headers

LOG = logging.getLogger("callmood.desk")

MAX_RECORDS = 500
IDLE_S = 1.0
"""After so long without a record the broker is asked whether it is still there."""

RETRY_S = (0.5, 1.0, 2.0, 4.0)
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


class Source(Protocol):
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
        tell: Callable[[LineState], None],
    ) -> None:
        """Nothing happens until the first `batch`.

        Args:
            bootstrap: ``host:port`` of Kafka.
            topics: names; all of them must exist before reading begins.
            group: the consumer group.
            timeout_s: how long a request may take.
            tell: hears of every change of the line's state.
        """
        self._bootstrap = bootstrap
        self._topics = frozenset(topics)
        self._group = group
        self._timeout_s = timeout_s
        self._tell = tell
        self._consumer: AIOKafkaConsumer | None = None
        self._failures = 0
        self._said = ""

    async def batch(self) -> Sequence[Record]:
        """Wait for some records, through every absence of Kafka."""
        while True:
            try:
                return await self._fetched()
            except (KafkaError, OSError, TimeoutError, _TopicsMissingError) as error:
                await self._lost(error)

    async def commit(self, records: Sequence[Record]) -> None:
        """Commit; where that fails the records come again, and are upserts."""
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            where = TopicPartition(record.topic, record.partition)
            offsets[where] = max(offsets.get(where, 0), record.offset + 1)
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
            await leave(consumer.stop())

    async def _fetched(self) -> list[Record]:
        while True:
            consumer = self._consumer or await self._connected()
            found = await consumer.getmany(timeout_ms=int(IDLE_S * 1000), max_records=MAX_RECORDS)
            if found:
                return [_record(r) for records in found.values() for r in records]
            await asyncio.wait_for(consumer.topics(), self._timeout_s)

    async def _connected(self) -> AIOKafkaConsumer:
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
        self._found()
        return consumer

    def _found(self) -> None:
        if self._said:
            LOG.warning("Kafka at %s answers again", self._bootstrap)
        self._failures, self._said = 0, ""
        self._tell(LineState.UP)

    async def _lost(self, error: Exception) -> None:
        missing = isinstance(error, _TopicsMissingError)
        self._tell(LineState.TOPICS_MISSING if missing else LineState.AWAY)
        reason = (
            f"Kafka at {self._bootstrap} lacks the topics {error}; make them: callmood topics"
            if missing
            else f"Kafka at {self._bootstrap} does not answer; the desk keeps trying"
        )
        if reason != self._said:
            self._said = reason
            LOG.warning("%s", reason)
        await self.close()
        await asyncio.sleep(RETRY_S[min(self._failures, len(RETRY_S) - 1)])
        self._failures += 1


def _record(found: ConsumerRecord[bytes, bytes]) -> Record:
    return Record(
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        key=found.key or b"",
        value=found.value or b"",
        headers=list(found.headers),
    )
