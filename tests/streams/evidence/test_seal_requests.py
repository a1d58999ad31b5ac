"""The desk seals beside everything else, and goes on whatever happens to Kafka or the disk."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from streams.cloudevents import now
from streams.evidence import seal_requests
from streams.evidence.seal import SealRequest
from streams.evidence.seal_requests import seal_and_publish, seal_due_bundles
from streams.site.feature import Site
from streams.site.sender import SendError
from streams.store.tables import SEALS
from tests.streams.evidence.conftest import CALL, Kept, click

if TYPE_CHECKING:
    from streams.cloudevents import Message


@dataclass
class Kafka:
    """Takes messages, after having refused some."""

    refusing: int = 0
    sent: list[Message] = field(default_factory=list)
    took: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def send(self, message: Message) -> None:
        """Refuse, then take."""
        if self.refusing:
            self.refusing -= 1
            reason = "away"
            raise SendError(reason)
        self.sent.append(message)
        self.took.set()


def rows(kept: Kept) -> list[str]:
    with kept.store.engine.connect() as connection:
        return list(connection.scalars(select(SEALS.c.sha256)))


async def test_where_kafka_does_not_take_the_hash_no_bundle_is_left(kept: Kept) -> None:
    with pytest.raises(SendError):
        await seal_and_publish(
            SealRequest(call_id=CALL.call_id),
            store=kept.store,
            settings=kept.settings,
            sender=Kafka(refusing=1),
        )
    assert list(kept.settings.evidence.rglob("*.*")) == []
    assert rows(kept) == []


@pytest.mark.parametrize("trouble", ["kafka", "disk"])
async def test_what_could_not_be_sealed_is_tried_again(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    kept.keep(click(at=now()))
    monkeypatch.setattr(seal_requests, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(seal_requests, "AGAIN_AFTER_S", 0.01)
    kafka = Kafka(refusing=2 if trouble == "kafka" else 0)
    if trouble == "disk":
        kept.settings.evidence.write_text("a file where the folder should be")
    site = Site(settings=kept.settings, store=kept.store, sender=kafka, outbox=None, pages=None)  # type: ignore[arg-type]
    running = asyncio.create_task(seal_due_bundles(site))
    try:
        if trouble == "disk":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(kafka.took.wait(), 0.3)
            assert not running.done()
            kept.settings.evidence.unlink()
        await asyncio.wait_for(kafka.took.wait(), 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    (message,) = kafka.sent
    assert message.call_id == CALL.call_id


async def test_a_call_that_cannot_be_sealed_keeps_no_other_from_being_sealed(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = SealRequest(call_id="nobody")
    monkeypatch.setattr(
        seal_requests, "find_due", lambda *_: [unknown, SealRequest(call_id=CALL.call_id)]
    )
    kafka = Kafka()
    site = Site(settings=kept.settings, store=kept.store, sender=kafka, outbox=None, pages=None)  # type: ignore[arg-type]
    running = asyncio.create_task(seal_due_bundles(site))
    try:
        await asyncio.wait_for(kafka.took.wait(), 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert kafka.sent[0].call_id == CALL.call_id


async def test_one_click_makes_one_bundle_however_often_the_desk_looks(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep(click(at=now()))
    looks = 0
    enough = asyncio.Event()
    real = seal_requests.find_due

    def counted(*given: object) -> list[SealRequest]:
        nonlocal looks
        looks += 1
        if looks == 5:
            loop.call_soon_threadsafe(enough.set)
        return real(*given)  # type: ignore[arg-type]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(seal_requests, "find_due", counted)
    monkeypatch.setattr(seal_requests, "LOOK_EVERY_S", 0.01)
    kafka = Kafka()
    site = Site(settings=kept.settings, store=kept.store, sender=kafka, outbox=None, pages=None)  # type: ignore[arg-type]
    running = asyncio.create_task(seal_due_bundles(site))
    try:
        await asyncio.wait_for(enough.wait(), 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(kafka.sent) == len(rows(kept)) == 1
