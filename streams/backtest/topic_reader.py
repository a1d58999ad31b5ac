"""Recorded calls that still lie on Kafka."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.backtest.record_lines import Line
from streams.backtest.recorded_call import KINDS, LineError, RecordedError, line_of
from streams.kafka.admin import BrokerError, no_broker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Period
    from streams.backtest.record_lines import Problems
    from streams.topics import KafkaTopic

POLL_MS = 500
STALLED_TIMEOUTS = 3
"""So many request timeouts without a record, and the broker is taken to be gone."""


class Cluster:
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
        self.whole = 0

    def lines(self, problems: Problems) -> Iterator[Line]:
        """Read to the end, in no group: nobody's place is moved.

        Raises:
            BrokerError: no broker answers, or it stops answering.
            RecordedError: a topic is missing.
        """
        consumer = self._opened()
        try:
            begins, ends = self._bounds(consumer)
            self.whole = sum(ends[one] - begins[one] for one in begins)
            yield from self._read(consumer, begins, ends, problems)
        except KafkaError as error:
            message = f"Kafka at {self._broker} stopped answering ({error}): try again"
            raise BrokerError(message) from None
        finally:
            consumer.close(timeout_ms=int(self._timeout_s * 1000))

    def _opened(self) -> Any:
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
            raise BrokerError(no_broker(self._broker, error)) from None

    def _bounds(self, consumer: Any) -> tuple[dict[Any, int], dict[Any, int]]:
        partitions = [one for topic in KINDS for one in self._partitions(consumer, topic)]
        first, last = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        begins = self._at(consumer, self._period.since, first, otherwise=last)
        ends = self._at(consumer, self._period.until, last, otherwise=last)
        return begins, {one: max(ends[one], begins[one]) for one in partitions}

    def _partitions(self, consumer: Any, topic: KafkaTopic) -> list[Any]:
        numbers = consumer.partitions_for_topic(topic.name)
        if not numbers:
            message = (
                f"Kafka at {self._broker} has no topic {topic.name}: make it with "
                "`callmood topics create`, or set CALLMOOD_KAFKA to the cluster that has the calls"
            )
            raise RecordedError(message)
        return [TopicPartition(topic.name, number) for number in sorted(numbers)]

    def _at(
        self,
        consumer: Any,
        moment: datetime | None,
        without: dict[Any, int],
        *,
        otherwise: dict[Any, int],
    ) -> dict[Any, int]:
        """Where each partition's first record at a moment or later lies."""
        if moment is None:
            return without
        wanted = dict.fromkeys(without, int(moment.timestamp() * 1000))
        found = consumer.offsets_for_times(wanted)
        return {one: otherwise[one] if at is None else at.offset for one, at in found.items()}

    def _read(
        self, consumer: Any, begins: dict[Any, int], ends: dict[Any, int], problems: Problems
    ) -> Iterator[Line]:
        open_ = {one for one in begins if begins[one] < ends[one]}
        consumer.assign(sorted(open_))
        for one in open_:
            consumer.seek(one, begins[one])
        number, heard_at = 0, time.monotonic()
        while open_:
            found = consumer.poll(timeout_ms=POLL_MS, max_records=2_000)
            heard_at = time.monotonic() if found else self._still_there(heard_at)
            for partition, records in found.items():
                for record in records:
                    if record.offset < ends[partition]:
                        number += 1
                        yield from self._line(record, number, problems)
            open_ = {one for one in open_ if consumer.position(one) < ends[one]}

    def _still_there(self, heard_at: float) -> float:
        silent_s = time.monotonic() - heard_at
        if silent_s > STALLED_TIMEOUTS * self._timeout_s:
            message = f"Kafka at {self._broker} has sent nothing for {silent_s:.0f} s: try again"
            raise BrokerError(message)
        return heard_at

    def _line(self, record: Any, number: int, problems: Problems) -> Iterator[Line]:
        topic = next(one for one in KINDS if one.name == record.topic)
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        sent_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            line = line_of(
                topic,
                record.value or b"",
                list(record.headers),
                key=record.key or b"",
                sent_at=sent_at,
            )
        except LineError as error:
            problems.add(number, str(error), where=where)
            return
        yield Line(number, line, number, where)
