"""Reading from Kafka ends, whatever the broker does."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from kafka.errors import KafkaTimeoutError

from streams.backtest import topic_reader as subject
from streams.backtest.call_sorter import Period
from streams.backtest.record_lines import LineProblems
from streams.backtest.recorded_call import RECORDED_TOPICS
from streams.backtest.topic_reader import KafkaCallSource
from streams.kafka import consumer
from streams.kafka.connection import BrokerError, KafkaConnection
from tests.streams.backtest.recording import T0, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka import TopicPartition


class Broker:
    """A consumer of a broker that has ``end`` records in each partition, and sends ``sent``."""

    def __init__(self, *, end: int = 1, sent: tuple[Any, ...] = ()) -> None:
        self.sent = list(sent)
        self.end = end
        self.at: dict[TopicPartition, int] = {}
        self.closed = False
        self.poll: Callable[..., dict[TopicPartition, list[Any]]] = self._poll

    def partitions_for_topic(self, name: str) -> set[int]:
        del name
        return {0}

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.end)

    def offsets_for_times(self, moments: dict[TopicPartition, int]) -> dict[TopicPartition, None]:
        return dict.fromkeys(moments)

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert partitions == sorted(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    def close(self, **_: object) -> None:
        self.closed = True

    def _poll(self, **_: object) -> dict[TopicPartition, list[Any]]:
        return {}


def opened(monkeypatch: pytest.MonkeyPatch, broker: Broker, period: Period) -> KafkaCallSource:
    monkeypatch.setattr(consumer, "KafkaConsumer", lambda **_: broker)
    ticks = count()
    monkeypatch.setattr(subject.time, "monotonic", lambda: float(next(ticks)))
    return KafkaCallSource(KafkaConnection("broker:1", timeout_s=3), period)


def test_a_broker_that_falls_silent_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    cluster = opened(monkeypatch, broker, Period())
    with pytest.raises(BrokerError, match="broker:1 has sent nothing for 10 s: try again"):
        list(cluster.lines(LineProblems("kafka")))
    assert broker.closed


def test_a_broker_that_stops_answering_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    broker.poll = lambda **_: (_ for _ in ()).throw(KafkaTimeoutError("too late"))
    cluster = opened(monkeypatch, broker, Period())
    with pytest.raises(BrokerError, match="broker:1 stopped answering"):
        list(cluster.lines(LineProblems("kafka")))
    assert broker.closed


def test_a_period_after_everything_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = opened(monkeypatch, Broker(), Period(since=T0))
    assert list(cluster.lines(LineProblems("kafka"))) == []
    assert cluster.total == 0


def test_what_came_after_reading_began_is_left_for_another_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = Broker(end=1)

    def poll(**_: object) -> dict[TopicPartition, list[Any]]:
        found = {one: [_record(one, 0), _record(one, 1)] for one in broker.at}
        broker.at = dict.fromkeys(broker.at, 2)
        return found

    broker.poll = poll
    cluster = opened(monkeypatch, broker, Period())
    lines = list(cluster.lines(LineProblems("kafka")))
    assert {line.where for line in lines} == {f"{topic.name}[0]@0" for topic in RECORDED_TOPICS}
    assert (cluster.total, lines[-1].done) == (len(RECORDED_TOPICS), len(RECORDED_TOPICS))


def _record(partition: TopicPartition, offset: int) -> Any:
    class Record:
        topic = partition.topic
        key = b"c1"
        value = started("c1").message.value()
        headers = ()
        timestamp = 1_000

    record: Any = Record()
    record.partition, record.offset = partition.partition, offset
    return record
