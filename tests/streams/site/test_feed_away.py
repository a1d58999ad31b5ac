"""A feed by itself: one bad message, a voice, or an absent database, and it goes on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from streams.desk.feature import DESK
from streams.kafka.record import Record
from streams.messages.calls import CallEvent, UtteranceClip
from streams.settings import Settings
from streams.site import feed as feed_module
from streams.site.feed import MAX_QUEUED_BATCHES, Feed
from streams.site.hub import FeedState, Hub, LiveEvent
from streams.site.kafka_sender import TOPIC_BY_MESSAGE
from streams.store.engine import Store, open_store
from streams.store.tables import CALLS, CLIPS
from tests.support.calls import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from streams.cloudevents import Message

WAIT_S = 20


@dataclass
class Log:
    """One partition, read one record a time; whoever leaves begins behind the last commit."""

    records: list[Record]
    committed: int = 0
    _next: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def batch(self) -> Sequence[Record]:
        """As `Source`."""
        if self._next >= len(self.records):
            await asyncio.Event().wait()
        self._next += 1
        return [self.records[self._next - 1]]

    async def commit(self, records: Sequence[Record]) -> None:
        """As `Source`."""
        self.committed = records[-1].offset + 1
        self._moved.set()

    async def close(self) -> None:
        """As `Source`."""
        self._next = self.committed

    async def all_committed(self) -> None:
        """Wait until everything is kept."""
        while self.committed < len(self.records):
            self._moved.clear()
            await self._moved.wait()


@dataclass
class Aside:
    """Where bad records go; may refuse them too."""

    offsets: list[int] = field(default_factory=list)
    refuses: bool = False

    async def __call__(self, record: Record, error: Exception) -> None:
        """As `Feed` wants it."""
        del error
        if self.refuses:
            message = "no letter can be made of it"
            raise ValueError(message)
        self.offsets.append(record.offset)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'desk.db'}")
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def started(number: int) -> CallEvent:
    return CallEvent(call_id=f"c{number}", event="started", at=NOW)


def log_of(*messages: Message) -> Log:
    return Log([record(offset, message) for offset, message in enumerate(messages)])


def record(offset: int, message: Message, *, headers: Any = None) -> Record:
    given = message.headers(source="test") if headers is None else headers
    topic, key = TOPIC_BY_MESSAGE[type(message)], message.call_id.encode()
    return Record(topic, 0, offset, key, message.value(), given)


@asynccontextmanager
async def fed(
    log: Log,
    store: Store,
    settings: Settings,
    *,
    hub: Hub | None = None,
    aside: Aside | None = None,
) -> AsyncIterator[None]:
    feed = Feed(
        source=log,
        store=store,
        hub=hub or Hub(),
        features=[DESK],
        settings=settings,
        dead_letter_sink=aside or Aside(),
    )
    async with asyncio.timeout(WAIT_S):
        running = asyncio.create_task(feed.run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def kept(store: Store) -> set[str]:
    with store.engine.connect() as connection:
        return set(connection.scalars(select(CALLS.c.call_id)))


def every_event(event: LiveEvent) -> bool:
    return event.message is not None


@pytest.mark.parametrize("headers", [[("ce_time", None)], 7, [(None, b"")]])
async def test_headers_that_no_decoder_expects_do_not_end_the_feed(
    store: Store, settings: Settings, headers: object
) -> None:
    log = Log([record(0, started(0), headers=headers), record(1, started(1))])
    aside = Aside()
    async with fed(log, store, settings, aside=aside):
        await log.all_committed()
    assert "c1" in kept(store)
    assert ("c0" in kept(store)) is (aside.offsets == [])


@pytest.mark.parametrize("broken", ["headers", "row"])
async def test_a_message_that_cannot_even_be_set_aside_leaves_one_line_in_the_log(
    store: Store, settings: Settings, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    of_headers = record(0, started(0), headers=7)
    of_row = record(0, started(0).model_copy(update={"duration_ms": 2**70, "event": "ended"}))
    log = Log([of_headers if broken == "headers" else of_row, record(1, started(1))])
    with caplog.at_level(logging.ERROR, "callmood.desk"):
        async with fed(log, store, settings, aside=Aside(refuses=True)):
            await log.all_committed()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("calls.v1[0]@0: lost: ")
    assert line.endswith("no letter can be made of it")
    assert "\n" not in line
    assert kept(store) == {"c1"}


async def test_the_hub_never_hears_a_voice_though_the_database_does(
    store: Store, settings: Settings
) -> None:
    clip = UtteranceClip(call_id="c0", start_ms=0, end_ms=100, payload=bytes(1_600))
    log, hub = log_of(clip, started(0)), Hub()
    listener = hub.subscribe(every_event, after=hub.cursor)
    assert listener is not None
    async with fed(log, store, settings, hub=hub):
        await log.all_committed()
    event = await listener.next(0)
    assert event is not None
    assert isinstance(event.message, CallEvent)
    assert hub.newest_number == event.number == 1
    with store.engine.connect() as connection:
        assert len(connection.execute(select(CLIPS)).all()) == 1


async def test_while_the_database_is_away_everything_reaches_the_screens_and_is_kept_later(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "DATABASE_RETRY_S", 0.01)
    away, write = [True], Feed._write

    def failing(self: Feed, arrivals: Any) -> None:
        if away[0]:
            raise OperationalError("insert", None, OSError(28, "disk is full"))  # noqa: EM101
        write(self, arrivals)

    monkeypatch.setattr(Feed, "_write", failing)
    count = 5 * MAX_QUEUED_BATCHES
    log, hub = log_of(*map(started, range(count))), Hub()
    hub.set_state(FeedState.UP)
    listener = hub.subscribe(every_event, after=hub.cursor)
    assert listener is not None
    async with fed(log, store, settings, hub=hub):
        heard = [await listener.next(WAIT_S) for _ in range(count)]
        told = [event.message.call_id for event in heard if event and event.message]
        assert told == [f"c{number}" for number in range(count)]
        assert (log.committed, kept(store), hub.state) == (0, set(), FeedState.DATABASE_AWAY)
        page = hub.cursor
        away[0] = False
        await log.all_committed()
        assert hub.subscribe(every_event, after=page) is not None
    assert kept(store) == {f"c{number}" for number in range(count)}
    assert hub.state is FeedState.UP


async def test_a_reader_that_is_only_faster_than_the_database_waits_for_it(
    store: Store, settings: Settings
) -> None:
    count = 5 * MAX_QUEUED_BATCHES
    log, hub = log_of(*map(started, range(count))), Hub()
    async with fed(log, store, settings, hub=hub):
        await log.all_committed()
    assert hub.newest_number == count  # each was told once, none was left out and read again
    assert len(kept(store)) == count
