"""Recorded calls that still lie on Kafka."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.backtest.record_lines import RecordLine
from streams.backtest.recorded_call import (
    RECORDED_TOPICS,
    RecordError,
    RecordLineError,
    encode_record,
)
from streams.kafka.admin import BrokerError, describe_unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.record_lines import LineProblems
    from streams.topics import KafkaTopic

POLL_MS = 500
STALLED_TIMEOUTS = 3
"""So many request timeouts without a record, and the broker is taken to be gone."""


class KafkaCallSource:
    """Every recorded topic from ``since`` up to where it ends when reading begins."""

    name = "kafka"

    def __init__(self, broker: str, period: Period, *, timeout_s: float) -> None:
        """Nothing happens until `lines`.

        Args:
            broker: ``host:port``.
            period: which part, by when the broker had the records.
            timeout_s: how long a request may take.
        """
        self._broker = broker
        self._period = period
        self._timeout_s = timeout_s
        self.total = 0

    def lines(self, problems: LineProblems) -> Iterator[RecordLine]:
        """Read to the end, in no group: nobody's place is moved.

        Raises:
            BrokerError: no broker answers, or it stops answering.
            RecordedError: a topic is missing.
        """
        consumer = self._open_consumer()
        try:
            begins, ends = self._find_bounds(consumer)
            self.total = sum(ends[partition] - begins[partition] for partition in begins)
            yield from self._read_records(consumer, begins, ends, problems)
        except KafkaError as error:
            message = f"Kafka at {self._broker} stopped answering ({error}): try again"
            raise BrokerError(message) from None
        finally:
            consumer.close(timeout_ms=int(self._timeout_s * 1000))

    def _open_consumer(self) -> Any:
        try:
            return KafkaConsumer(
                bootstrap_servers=self._broker,
                client_id="callmood-record",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                bootstrap_timeout_ms=int(self._timeout_s * 1000),
                request_timeout_ms=max(2 * POLL_MS, int(self._timeout_s * 1000)),
            )
        except (KafkaError, ValueError, OSError) as error:
            raise BrokerError(describe_unreachable(self._broker, error)) from None

    def _find_bounds(self, consumer: Any) -> tuple[dict[Any, int], dict[Any, int]]:
        partitions = [
            partition
            for topic in RECORDED_TOPICS
            for partition in self._partitions(consumer, topic)
        ]
        first, last = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        begins = self._find_offsets(consumer, self._period.since, first, fallback=last)
        ends = self._find_offsets(consumer, self._period.until, last, fallback=last)
        return begins, {
            partition: max(ends[partition], begins[partition]) for partition in partitions
        }

    def _partitions(self, consumer: Any, topic: KafkaTopic) -> list[Any]:
        numbers = consumer.partitions_for_topic(topic.name)
        if not numbers:
            message = (
                f"Kafka at {self._broker} has no topic {topic.name}: make it with "
                "`callmood topics create`, or set CALLMOOD_KAFKA to the cluster that has the calls"
            )
            raise RecordError(message)
        return [TopicPartition(topic.name, number) for number in sorted(numbers)]

    def _find_offsets(
        self,
        consumer: Any,
        instant: datetime | None,
        unbounded: dict[Any, int],
        *,
        fallback: dict[Any, int],
    ) -> dict[Any, int]:
        """Where each partition's first record at a moment or later lies."""
        if instant is None:
            return unbounded
        timestamps = dict.fromkeys(unbounded, int(instant.timestamp() * 1000))
        offsets = consumer.offsets_for_times(timestamps)
        return {
            partition: fallback[partition] if at is None else at.offset
            for partition, at in offsets.items()
        }

    def _read_records(
        self, consumer: Any, begins: dict[Any, int], ends: dict[Any, int], problems: LineProblems
    ) -> Iterator[RecordLine]:
        pending = {
            topic_partition
            for topic_partition in begins
            if begins[topic_partition] < ends[topic_partition]
        }
        consumer.assign(sorted(pending))
        for topic_partition in pending:
            consumer.seek(topic_partition, begins[topic_partition])
        number, last_record_at = 0, time.monotonic()
        while pending:
            batches = consumer.poll(timeout_ms=POLL_MS, max_records=2_000)
            last_record_at = time.monotonic() if batches else self._check_alive(last_record_at)
            for partition, records in batches.items():
                for record in records:
                    if record.offset < ends[partition]:
                        number += 1
                        yield from self._parse_record(record, number, problems)
            pending = {
                topic_partition
                for topic_partition in pending
                if consumer.position(topic_partition) < ends[topic_partition]
            }

    def _check_alive(self, last_record_at: float) -> float:
        silent_s = time.monotonic() - last_record_at
        if silent_s > STALLED_TIMEOUTS * self._timeout_s:
            message = f"Kafka at {self._broker} has sent nothing for {silent_s:.0f} s: try again"
            raise BrokerError(message)
        return last_record_at

    def _parse_record(
        self, record: Any, number: int, problems: LineProblems
    ) -> Iterator[RecordLine]:
        topic = next(
            recorded_topic
            for recorded_topic in RECORDED_TOPICS
            if recorded_topic.name == record.topic
        )
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        sent_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            content = encode_record(
                topic,
                record.value or b"",
                list(record.headers),
                key=record.key or b"",
                sent_at=sent_at,
            )
        except RecordLineError as error:
            problems.add(number, str(error), where=where)
            return
        yield RecordLine(number, content, number, where)
