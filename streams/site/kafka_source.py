"""Where the feed's records come from: Kafka, again and again, until it answers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from streams.kafka.connection import BrokerError
from streams.kafka.consumer import GroupConsumer
from streams.site.hub import FeedState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.kafka.connection import KafkaConnection
    from streams.kafka.record import Record

LOG = logging.getLogger("callmood.desk")

MAX_RECORDS = 500
POLL_TIMEOUT_S = 1.0
"""After so long without a record the broker is asked whether it is still there."""

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0)
"""Waits between attempts to reach Kafka; the last one repeats."""


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
        connection: KafkaConnection,
        topics: Sequence[str],
        group: str,
        on_state_change: Callable[[FeedState], None],
    ) -> None:
        """Nothing happens until the first `batch`.

        Args:
            connection: where Kafka is.
            topics: names; all of them must exist before reading begins.
            group: the consumer group.
            on_state_change: hears of every change of the feed's state.
        """
        self._connection = connection
        self._topics = frozenset(topics)
        self._group = group
        self._on_state_change = on_state_change
        self._consumer: GroupConsumer | None = None
        self._failures = 0
        self._last_reason = ""

    async def batch(self) -> Sequence[Record]:
        """Wait for some records, through every absence of Kafka."""
        while True:
            try:
                return await self._fetch()
            except (BrokerError, _TopicsMissingError) as error:
                await self._on_connection_lost(error)

    async def commit(self, records: Sequence[Record]) -> None:
        """Commit; where that fails the records come again, and are upserts."""
        if self._consumer is None:
            return
        try:
            await self._consumer.commit(records)
        except BrokerError as error:
            LOG.info("offsets were not committed (%s); the records will come again", error)

    async def close(self) -> None:
        """Leave the group, if Kafka is there to be told."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.close()

    async def _fetch(self) -> list[Record]:
        while True:
            consumer = self._consumer or await self._connect()
            records = await consumer.fetch(timeout_s=POLL_TIMEOUT_S, max_records=MAX_RECORDS)
            if records:
                return records
            await consumer.topics()

    async def _connect(self) -> GroupConsumer:
        consumer = GroupConsumer(self._connection, group=self._group)
        self._consumer = consumer
        await consumer.start()
        missing = self._topics - await consumer.topics()
        if missing:
            raise _TopicsMissingError(", ".join(sorted(missing)))
        consumer.subscribe(self._topics)
        self._on_connected()
        return consumer

    def _on_connected(self) -> None:
        if self._last_reason:
            LOG.warning("Kafka at %s answers again", self._connection.broker)
        self._failures, self._last_reason = 0, ""
        self._on_state_change(FeedState.UP)

    async def _on_connection_lost(self, error: Exception) -> None:
        broker, is_topic_missing = self._connection.broker, isinstance(error, _TopicsMissingError)
        self._on_state_change(FeedState.TOPICS_MISSING if is_topic_missing else FeedState.AWAY)
        reason = (
            f"Kafka at {broker} lacks the topics {error}; make them: callmood topics"
            if is_topic_missing
            else f"Kafka at {broker} {self._describe_absence()}; the desk keeps trying"
        )
        if reason != self._last_reason:
            self._last_reason = reason
            LOG.warning("%s", reason)
        await self.close()
        await asyncio.sleep(RETRY_DELAYS_S[min(self._failures, len(RETRY_DELAYS_S) - 1)])
        self._failures += 1

    def _describe_absence(self) -> str:
        """Always in the same words, so that each absence is told once."""
        if not self._connection.is_secured:
            return "does not answer"
        return f"does not answer, or does not let us in by {self._connection.protocol}"
