"""Whatever breaks a replay off, its calls are told as ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from streams.ingest.replay import gateway as subject
from streams.ingest.replay.gateway import ReplayGateway
from streams.kafka import producer as producer_module
from streams.kafka.connection import BrokerError
from streams.messages.calls import AudioChunk, CallEvent
from streams.settings import Settings
from streams.topics import TOPICS
from tests.streams.ingest.replay.played import made

BY_NAME = {topic.name: topic.message for topic in TOPICS}


@dataclass
class Accepted:
    """What `KafkaProducer.send` gives back, of a broker that takes everything."""

    def add_errback(self, _call: Any) -> None:
        """Nothing fails."""


@dataclass
class Producer:
    """A producer that keeps what is sent."""

    sent: list[Any] = field(default_factory=list)
    flushed_within: list[float] = field(default_factory=list)

    def send(self, name: str, *, key: bytes, value: bytes, headers: Any) -> Accepted:
        """Keep it, decoded."""
        kind = BY_NAME[name]
        assert kind is not None
        message = kind.decode(value, headers)
        assert key == message.call_id.encode()
        self.sent.append(message)
        return Accepted()

    def flush(self, timeout: float) -> None:
        """Nothing is under way."""
        self.flushed_within.append(timeout)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Producer:
    one = Producer()
    monkeypatch.setattr(producer_module, "KafkaProducer", lambda **_: one)
    return one


def _breaking(error: BaseException) -> Any:
    def progress(_done: int, _whole: int) -> None:
        raise error

    return progress


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokerError("gone"), RuntimeError("bug")])
def test_a_replay_that_is_broken_off_ends_every_call_once_and_for_all(
    producer: Producer, error: BaseException
) -> None:
    calls = [("one", made(seconds=3.0)), ("two", made(seconds=3.0))]
    with pytest.raises(type(error)):
        ReplayGateway("kafka:9092", Settings()).play(calls, speed=50, progress=_breaking(error))
    for call_id in ("one", "two"):
        mine = [message for message in producer.sent if message.call_id == call_id]
        chunks = [message for message in mine if isinstance(message, AudioChunk)]
        assert [chunk.sequence for chunk in chunks] == list(range(len(chunks)))
        assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert len(chunks) < 15
        ends = [one for one in mine if isinstance(one, CallEvent) and one.event == "ended"]
        assert ends == mine[-1:]
        assert ends[0].duration_ms is not None
        assert ends[0].duration_ms <= 3_000
    assert 0 < producer.flushed_within[-1] <= subject.END_TIMEOUT_S


def test_a_call_that_is_over_is_not_ended_again(producer: Producer) -> None:
    calls = [("short", made(seconds=0.5)), ("long", made(seconds=3.0))]
    with pytest.raises(KeyboardInterrupt):
        ReplayGateway("kafka:9092", Settings()).play(
            calls, speed=50, progress=_breaking(KeyboardInterrupt())
        )
    ends = [one.call_id for one in producer.sent if getattr(one, "event", "") == "ended"]
    assert ends == ["short", "long"]


def test_the_error_that_breaks_a_replay_off_is_told_and_not_that_nobody_takes_the_end(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(timeout: float) -> None:
        del timeout
        raise producer_module.KafkaError

    monkeypatch.setattr(producer, "flush", gone)
    with pytest.raises(KeyboardInterrupt):
        ReplayGateway("kafka:9092", Settings()).play(
            [("one", made())], speed=50, progress=_breaking(KeyboardInterrupt())
        )
