"""The consumers: a member of a group in an event loop, and a reader that is in no group.

Both give `Record`s and raise `BrokerError`, whichever library is below
(docs/decisions/0037-one-kafka-client.md). The worker's consumer is Faust's own.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AsyncTopicPartition
from aiokafka.errors import KafkaError as AsyncKafkaError
from kafka import KafkaConsumer
from kafka import TopicPartition as BlockingTopicPartition
from kafka.errors import KafkaError

from streams.kafka.close import close_with_timeout
from streams.kafka.connection import BrokerError
from streams.kafka.record import Record, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiokafka.structs import ConsumerRecord as AsyncConsumerRecord
    from kafka.consumer.fetcher import ConsumerRecord as BlockingConsumerRecord

    from streams.kafka.connection import KafkaConnection

METADATA_MAX_AGE_MS = 30_000
MIN_REQUEST_TIMEOUT_MS = 1_000
"""A request must be allowed to take longer than a broker waits for records to send (500 ms)."""


class GroupConsumer:
    """Shares topics with the other members of its group, from the beginning when that is new."""

    def __init__(self, connection: KafkaConnection, *, group: str) -> None:
        """Make one; nothing is connected before `start`."""
        self._connection = connection
        self._consumer = AIOKafkaConsumer(
            **connection.client_arguments(),
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            request_timeout_ms=connection.timeout_ms,
        )

    async def start(self) -> None:
        """Connect.

        Raises:
            BrokerError: no broker answers in time, or it does not let us in.
        """
        with self._raising_broker_error():
            await asyncio.wait_for(self._consumer.start(), self._connection.timeout_s)

    async def topics(self) -> set[str]:
        """The topics that there are.

        Raises:
            BrokerError: no broker answers in time.
        """
        with self._raising_broker_error():
            return set(await asyncio.wait_for(self._consumer.topics(), self._connection.timeout_s))

    def subscribe(self, topics: Iterable[str]) -> None:
        """Read these topics, with the others of the group."""
        self._consumer.subscribe(sorted(topics))

    async def fetch(self, *, timeout_s: float, max_records: int) -> list[Record]:
        """The next records, in the order of each partition; none: none came in time.

        Raises:
            BrokerError: the broker is gone.
        """
        with self._raising_broker_error():
            records_by_partition = await self._consumer.getmany(
                timeout_ms=int(timeout_s * 1000), max_records=max_records
            )
        return [_to_record(r) for records in records_by_partition.values() for r in records]

    async def commit(self, records: Iterable[Record]) -> None:
        """The group is done with these, and with all before them.

        Raises:
            BrokerError: that was not taken; the records will come again.
        """
        offsets: dict[AsyncTopicPartition, int] = {}
        for record in records:
            partition = AsyncTopicPartition(record.topic, record.partition)
            offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
        with self._raising_broker_error():
            await self._consumer.commit(offsets)

    async def close(self) -> None:
        """Leave the group, if Kafka is there to be told."""
        await close_with_timeout(self._consumer.stop())

    @contextmanager
    def _raising_broker_error(self) -> Iterator[None]:
        try:
            yield
        except (AsyncKafkaError, OSError, TimeoutError) as error:
            raise BrokerError(self._connection.describe_failure(error)) from None


class PartitionReader:
    """Reads partitions from given offsets, in no group: nobody's place is moved."""

    def __init__(self, connection: KafkaConnection, *, client_id: str) -> None:
        """Connect.

        Raises:
            BrokerError: no broker answers in time, or it does not let us in.
        """
        self._connection = connection
        try:
            self._consumer = KafkaConsumer(
                **connection.client_arguments(),
                client_id=client_id,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                bootstrap_timeout_ms=connection.timeout_ms,
                request_timeout_ms=max(MIN_REQUEST_TIMEOUT_MS, connection.timeout_ms),
            )
        except (KafkaError, ValueError, OSError) as error:
            raise BrokerError(connection.describe_failure(error)) from None

    def partitions(self, topic: str) -> list[TopicPartition]:
        """The topic's partitions by number; none: there is no such topic.

        Raises:
            BrokerError: the broker stopped answering. So do all that follow.
        """
        with self._raising_broker_error():
            numbers = self._consumer.partitions_for_topic(topic) or ()
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def earliest_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The oldest record of each, or where the first will be."""
        with self._raising_broker_error():
            return _with_own_keys(self._consumer.beginning_offsets(_to_library(partitions)))

    def latest_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """One past the newest record of each."""
        with self._raising_broker_error():
            return _with_own_keys(self._consumer.end_offsets(_to_library(partitions)))

    def offsets_at(
        self, instant: datetime, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int | None]:
        """The first record of each at an instant or later; ``None``: there is none yet."""
        timestamps = dict.fromkeys(_to_library(partitions), int(instant.timestamp() * 1000))
        with self._raising_broker_error():
            offsets = self._consumer.offsets_for_times(timestamps)
        return {
            TopicPartition(*tp): None if entry is None else int(entry.offset)
            for tp, entry in offsets.items()
        }

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, and no others, from these offsets on."""
        with self._raising_broker_error():
            self._consumer.assign(_to_library(sorted(offsets)))
            for tp, offset in offsets.items():
                self._consumer.seek(BlockingTopicPartition(*tp), offset)

    def poll(self, *, timeout_ms: int, max_records: int) -> list[Record]:
        """The next records, in the order of each partition; none: none came in time."""
        with self._raising_broker_error():
            records_by_partition = self._consumer.poll(
                timeout_ms=timeout_ms, max_records=max_records
            )
        return [_to_record(r) for records in records_by_partition.values() for r in records]

    def position(self, tp: TopicPartition) -> int:
        """The offset of the record to come next."""
        with self._raising_broker_error():
            return int(self._consumer.position(BlockingTopicPartition(*tp)))

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close(timeout_ms=self._connection.timeout_ms)

    @contextmanager
    def _raising_broker_error(self) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            message = f"Kafka at {self._connection.broker} stopped answering ({error}): try again"
            raise BrokerError(message) from None


def _to_library(partitions: Iterable[TopicPartition]) -> list[BlockingTopicPartition]:
    return [BlockingTopicPartition(*tp) for tp in partitions]


def _with_own_keys(offsets: Mapping[BlockingTopicPartition, int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*tp): int(offset) for tp, offset in offsets.items()}


def _to_record(record: AsyncConsumerRecord[bytes, bytes] | BlockingConsumerRecord) -> Record:
    """The two libraries' records have the same fields."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        headers=list(record.headers),
        timestamp_ms=record.timestamp,
    )
