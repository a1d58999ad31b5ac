"""Recorded calls that still lie on Kafka."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from streams.backtest.record_lines import RecordLine
from streams.backtest.recorded_call import (
    RECORDED_TOPICS,
    RecordError,
    RecordLineError,
    encode_record,
)
from streams.kafka.connection import BrokerError
from streams.kafka.consumer import PartitionReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.record_lines import LineProblems
    from streams.kafka.connection import KafkaConnection
    from streams.kafka.record import Record, TopicPartition
    from streams.topics import KafkaTopic

POLL_MS = 500
MAX_RECORDS = 2_000
STALLED_TIMEOUTS = 3
"""So many request timeouts without a record, and the broker is taken to be gone."""


class KafkaCallSource:
    """Every recorded topic from ``since`` up to where it ends when reading begins."""

    name = "kafka"

    def __init__(self, connection: KafkaConnection, period: Period) -> None:
        """Nothing happens until `lines`.

        Args:
            connection: where Kafka is.
            period: which part, by when the broker had the records.
        """
        self._connection = connection
        self._broker = connection.broker
        self._period = period
        self.total = 0

    def lines(self, problems: LineProblems) -> Iterator[RecordLine]:
        """Read to the end, in no group: nobody's place is moved.

        Raises:
            BrokerError: no broker answers, or it stops answering.
            RecordError: a topic is missing.
        """
        reader = PartitionReader(self._connection, client_id="callmood-record")
        try:
            begins, ends = self._find_bounds(reader)
            self.total = sum(ends[partition] - begins[partition] for partition in begins)
            yield from self._read_records(reader, begins, ends, problems)
        finally:
            reader.close()

    def _find_bounds(
        self, reader: PartitionReader
    ) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        partitions = [tp for topic in RECORDED_TOPICS for tp in self._partitions(reader, topic)]
        first, last = reader.earliest_offsets(partitions), reader.latest_offsets(partitions)
        begins = _find_offsets(reader, self._period.since, first, fallback=last)
        ends = _find_offsets(reader, self._period.until, last, fallback=last)
        return begins, {
            partition: max(ends[partition], begins[partition]) for partition in partitions
        }

    def _partitions(self, reader: PartitionReader, topic: KafkaTopic) -> list[TopicPartition]:
        partitions = reader.partitions(topic.name)
        if not partitions:
            message = (
                f"Kafka at {self._broker} has no topic {topic.name}: make it with "
                "`callmood topics create`, or set CALLMOOD_KAFKA to the cluster that has the calls"
            )
            raise RecordError(message)
        return partitions

    def _read_records(
        self,
        reader: PartitionReader,
        begins: dict[TopicPartition, int],
        ends: dict[TopicPartition, int],
        problems: LineProblems,
    ) -> Iterator[RecordLine]:
        pending = {tp for tp in begins if begins[tp] < ends[tp]}
        reader.seek({tp: begins[tp] for tp in pending})
        number, last_record_at = 0, time.monotonic()
        while pending:
            records = reader.poll(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            last_record_at = time.monotonic() if records else self._check_alive(last_record_at)
            for record in records:
                if record.offset < ends[record.topic_partition]:
                    number += 1
                    yield from _parse_record(record, number, problems)
            pending = {tp for tp in pending if reader.position(tp) < ends[tp]}

    def _check_alive(self, last_record_at: float) -> float:
        silent_s = time.monotonic() - last_record_at
        if silent_s > STALLED_TIMEOUTS * self._connection.timeout_s:
            message = f"Kafka at {self._broker} has sent nothing for {silent_s:.0f} s: try again"
            raise BrokerError(message)
        return last_record_at


def _find_offsets(
    reader: PartitionReader,
    instant: datetime | None,
    unbounded: dict[TopicPartition, int],
    *,
    fallback: dict[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """Where each partition's first record at a moment or later lies."""
    if instant is None:
        return unbounded
    offsets = reader.offsets_at(instant, list(unbounded))
    return {tp: fallback[tp] if offset is None else offset for tp, offset in offsets.items()}


def _parse_record(record: Record, number: int, problems: LineProblems) -> Iterator[RecordLine]:
    topic = next(topic for topic in RECORDED_TOPICS if topic.name == record.topic)
    where = f"{record.topic}[{record.partition}]@{record.offset}"
    sent_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    try:
        content = encode_record(
            topic, record.value, record.headers, key=record.key, sent_at=sent_at
        )
    except RecordLineError as error:
        problems.add(number, str(error), where=where)
        return
    yield RecordLine(number, content, number, where)
