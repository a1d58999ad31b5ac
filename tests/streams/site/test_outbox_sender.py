"""What waits in the outbox reaches Kafka: all of it, in order, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, update

from streams.cloudevents import now
from streams.messages.alerts import Feedback
from streams.site import outbox_sender
from streams.site.outbox_sender import OutboxSender
from streams.site.sender import SendError
from streams.store import outbox
from streams.store.outbox import OutboxFullError, count_entries, enqueue
from streams.store.tables import OUTBOX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.cloudevents import Message
    from streams.store.engine import Store

WAIT_S = 20


@dataclass
class UnreliableKafka:
    """A sender that refuses as often as it is told to."""

    refusals: int = 0
    notes: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """Nothing to do."""

    async def send(self, message: Message) -> None:
        """Take a message, or refuse it."""
        assert isinstance(message, Feedback)
        if self.refusals:
            self.refusals -= 1
            reason = "Kafka does not answer"
            raise SendError(reason)
        self.notes.append(message.note)

    async def close(self) -> None:
        """Nothing to do."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_sender, "RETRY_DELAYS_S", (0.01,))
    monkeypatch.setattr(outbox_sender, "POLL_INTERVAL_S", 0.05)


def put(store: Store, *notes: str) -> None:
    with store.engine.begin() as connection:
        enqueue(connection, [answer(note) for note in notes])


def answer(note: str) -> Feedback:
    return Feedback(call_id="c", alert_id="c~p~1", verdict="wrong", note=note, at=now())


def count(store: Store) -> int:
    with store.engine.connect() as connection:
        return count_entries(connection)


@asynccontextmanager
async def sending(store: Store, kafka: UnreliableKafka) -> AsyncIterator[OutboxSender]:
    sender = OutboxSender(store=store, sender=kafka)
    task = asyncio.create_task(sender.run())
    yield sender
    task.cancel()
    await asyncio.wait([task])


async def until_sent(kafka: UnreliableKafka, *notes: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while kafka.notes != list(notes):
            assert len(kafka.notes) <= len(notes)
            await asyncio.sleep(0.01)


async def test_everything_is_sent_in_order_and_leaves_the_outbox(store: Store) -> None:
    kafka = UnreliableKafka()
    put(store, "a", "b")
    async with sending(store, kafka) as sender:
        await until_sent(kafka, "a", "b")
        put(store, "c")
        sender.wake()
        await until_sent(kafka, "a", "b", "c")
        async with asyncio.timeout(WAIT_S):
            while count(store) or REGISTRY.get_sample_value("callmood_outbox"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_while_kafka_refuses_everything_waits_and_nothing_is_overtaken(store: Store) -> None:
    kafka = UnreliableKafka(refusals=5)
    put(store, "a", "b")
    async with sending(store, kafka):
        await until_sent(kafka, "a", "b")
    assert kafka.refusals == 0


async def test_what_a_desk_left_behind_is_sent_by_the_next_one(store: Store) -> None:
    put(store, "a", "b")
    kafka = UnreliableKafka(refusals=1_000_000)
    async with sending(store, kafka):
        await asyncio.sleep(0.1)
    assert (kafka.notes, count(store)) == ([], 2)
    kafka.refusals = 0
    async with sending(store, kafka):
        await until_sent(kafka, "a", "b")


async def test_what_cannot_be_read_is_left_for_a_person_and_holds_up_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    put(store, "a", "b", "c")
    with store.engine.begin() as connection:
        connection.execute(update(OUTBOX).where(OUTBOX.c.number == 2).values(value="{}"))
        foreign = {"topic": "other.v1", "key": "c", "value": "{}", "at": now()}
        connection.execute(insert(OUTBOX).values(foreign))
    kafka = UnreliableKafka()
    async with sending(store, kafka):
        await until_sent(kafka, "a", "c")
        await asyncio.sleep(0.2)
    assert count(store) == 2
    said = [r.message for r in caplog.records if "cannot be sent" in r.message]
    assert [line.split(" cannot")[0] for line in said] == [
        "entry 2 of the outbox", "entry 4 of the outbox",
    ]  # fmt: skip


def test_what_is_rolled_back_is_not_sent(store: Store) -> None:
    with store.engine.connect() as connection:
        enqueue(connection, [answer("a")])
        connection.rollback()
    assert count(store) == 0


def test_a_full_outbox_takes_nothing_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_ENTRIES", 3)
    put(store, "a", "b")
    with pytest.raises(OutboxFullError, match="nothing was kept"):
        put(store, "c", "d")
    assert count(store) == 2
    put(store, "c")


def test_a_place_in_the_order_is_never_used_twice(store: Store) -> None:
    put(store, "a")
    with store.engine.begin() as connection:
        connection.execute(OUTBOX.delete())
    put(store, "b")
    with store.engine.connect() as connection:
        (entry,) = outbox.load_entries(connection, after=0, limit=10)
    assert entry.number == 2
