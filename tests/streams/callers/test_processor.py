"""The processor of callers: out first, written down second, forgotten when the days are over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from playbooks.sensitivity import SensitivityKind
from streams.callers import processor as subject
from streams.callers.processor import CallerProcessor
from streams.kafka.record import Record
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.processing.dead_letters import DeadLetters
from streams.processing.faust_app import CallTable
from streams.settings import Settings
from streams.topics import CHANGELOGS, MAX_CALLER_DAYS, RETURNING_CALLERS
from tests.streams.callers.test_history import CALLER, DAY, called, forgotten, found
from tests.streams.examples import T0
from tests.streams.processing.test_call_table import App

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.cloudevents import Message
    from streams.topics import KafkaTopic

OTHER = "0" * 32


@dataclass
class Line:
    """Stands where Kafka stands; ``on_send`` happens while a message is on its way."""

    settings: Settings
    sent: list[Message] = field(default_factory=list)
    letters: list[Any] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None

    async def send(self, topic: KafkaTopic, message: Message) -> None:
        assert topic is RETURNING_CALLERS
        self.on_send()
        self.sent.append(message)

    async def send_dead_letter(self, message: Message, *, source: str, stage: str) -> None:
        assert (source, stage) == ("caller-events.v1", "callers")
        self.letters.append(message)


@dataclass
class Hold:
    released: bool = False

    def ack(self) -> None:
        self.released = True


@dataclass
class Rig:
    """A processor over a table in memory."""

    line: Line
    kafka: App
    processor: CallerProcessor

    async def take(self, *events: CallerEvent | bytes) -> None:
        holds = []

        async def given(_stream: Any) -> AsyncIterator[tuple[Record, Hold]]:
            for offset, event in enumerate(events):
                holds.append(Hold())
                yield _record(event, offset), holds[-1]

        self.processor._ordered_stream = SimpleNamespace(records=given)  # type: ignore[assignment]
        await self.processor.listen(None)
        await self.until_done()
        assert all(hold.released for hold in holds)

    async def sweep(self) -> None:
        await self.processor.expire()
        await self.until_done()

    async def until_done(self) -> None:
        for task in list(self.processor._executor._last_tasks.values()):
            await task


def _record(event: CallerEvent | bytes, offset: int) -> Record:
    value = event if isinstance(event, bytes) else event.value()
    key = CALLER.encode() if isinstance(event, bytes) else event.key.encode()
    return Record("caller-events.v1", partition=3, offset=offset, key=key, value=value)


def rig(days: int = 90) -> Rig:
    kafka = App(ours=(3,))
    line: Any = Line(Settings(caller_days=days))
    table = CallTable(kafka, "callers", partitions=8)  # type: ignore[arg-type]
    letters = DeadLetters(line, stage="callers", on_limit=lambda _: None)
    processor = CallerProcessor(line, ordered_stream=None, table=table, dead_letters=letters)  # type: ignore[arg-type]
    return Rig(line, kafka, processor)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(day=0.0)
    monkeypatch.setattr(subject, "now", lambda: T0 + clock.day * DAY)
    monkeypatch.setattr(subject, "time", SimpleNamespace(monotonic=lambda: clock.day * 86_400))
    return clock


async def test_a_second_call_is_told_of_and_the_caller_is_kept_on_the_events_partition() -> None:
    one = rig()
    await one.take(called("a", 0), called("b", 1))
    assert [message.call_id for message in one.line.sent] == ["b"]
    assert {(partition, key) for partition, key, _ in one.kafka.changelog} == {(3, CALLER)}


async def test_what_was_told_and_not_written_down_is_told_again_with_the_same_id() -> None:
    one = rig()
    await one.take(called("a", 0))
    one.line.on_send = lambda: one.processor.revoke([SimpleNamespace(partition=3)])  # type: ignore[list-item]
    await one.take(called("b", 1))
    assert len(one.kafka.changelog) == 1, "the partition went away while it was being told"
    one.line.on_send = lambda: None
    await one.take(called("b", 1), called("b", 1))
    assert len({message.message_id for message in one.line.sent}) == 1
    assert len(one.kafka.changelog) == 2


async def test_a_partition_that_goes_does_not_stop_another() -> None:
    one = rig()
    one.line.on_send = lambda: one.processor.revoke([SimpleNamespace(partition=4)])  # type: ignore[list-item]
    await one.take(called("a", 0), called("b", 1))
    assert len(one.kafka.changelog) == 2


async def test_a_caller_who_is_forgotten_is_gone_from_the_changelog_too() -> None:
    one = rig()
    await one.take(
        called("a", 0), found("a", 0, SensitivityKind.ABUSE), forgotten(1), called("b", 2)
    )
    assert one.line.sent == []
    assert one.kafka.changelog[2] == (3, CALLER, None)


async def test_with_no_days_nothing_is_kept_and_what_was_kept_goes(clock: SimpleNamespace) -> None:
    one = rig()
    await one.take(called("a", 0))
    none = rig(days=0)
    none.kafka.data.update(one.kafka.data)
    await none.take(called("b", 1))
    assert none.line.sent == []
    clock.day = 1.0
    await none.sweep()
    assert none.kafka.data == {}


async def test_a_call_s_days_end_without_another_call(clock: SimpleNamespace) -> None:
    one = rig(days=9)
    await one.take(called("a", 0), called("b", 5))
    clock.day = 9.5
    await one.sweep()
    assert [call["call_id"] for call in one.kafka.data[CALLER]["state"]["calls"]] == ["b"]
    clock.day = 14.5
    await one.sweep()
    assert one.kafka.data == {}
    assert one.kafka.changelog[-1] == (3, CALLER, None)


async def test_a_caller_who_calls_while_the_old_is_swept_is_not_forgotten(
    clock: SimpleNamespace,
) -> None:
    one = rig(days=9)
    await one.take(called("a", 0))
    clock.day = 9.5
    await one.processor.expire()
    await one.take(called("b", 9.5))
    assert [call["call_id"] for call in one.kafka.data[CALLER]["state"]["calls"]] == ["b"]


async def test_what_is_swept_while_its_partition_goes_is_left_to_the_next_worker(
    clock: SimpleNamespace,
) -> None:
    one = rig(days=9)
    await one.take(called("a", 0))
    clock.day = 9.5
    await one.processor.expire()
    one.processor.revoke([SimpleNamespace(partition=3)])  # type: ignore[list-item]
    await one.until_done()
    assert CALLER in one.kafka.data


async def test_another_worker_s_callers_are_left_to_it(clock: SimpleNamespace) -> None:
    one = rig(days=9)
    await one.take(called("a", 0))
    one.kafka.ours = (5,)
    clock.day = 100.0
    await one.sweep()
    assert CALLER in one.kafka.data


async def test_a_bad_event_is_set_aside_and_the_next_is_taken() -> None:
    one = rig()
    await one.take(called("a", 0), b"{", b'{"caller": "+821012345678"}', called("b", 1))
    assert [letter.source_offset for letter in one.line.letters] == [1, 2]
    assert [type(message) for message in one.line.sent] == [ReturningCaller]


async def test_an_event_under_another_caller_s_key_is_set_aside() -> None:
    one = rig()
    await one.take(called("a", 0).model_copy(update={"caller": OTHER}).value())
    assert "is not the caller 0000" in one.line.letters[0].reason
    assert one.kafka.data == {}


def test_days_are_no_more_than_kafka_keeps_the_changelog() -> None:
    changelog = next(one for one in CHANGELOGS if "callers" in one.name)
    assert changelog.retention == timedelta(days=MAX_CALLER_DAYS)
    assert Settings(caller_days=MAX_CALLER_DAYS)
    with pytest.raises(ValueError, match="caller_days"):
        Settings(caller_days=MAX_CALLER_DAYS + 1)
