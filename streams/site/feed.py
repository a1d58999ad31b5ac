"""Feeds the desk: records are decoded, told to whoever listens, and kept, in this order.

Two tasks with a bounded queue between them: an alert reaches the browsers while the database
still writes what came before it. Offsets are committed only for what is kept. While the database
is away and the queue is full, batches are told and left out; once it is back, they are read again
from the last commit.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from streams.cloudevents import now, time_of
from streams.desk.live_events import Showing
from streams.site.feature import Arrival
from streams.site.hub import LineState
from streams.topics import (
    ALERTS,
    CALLER_EVENTS,
    CALLS,
    CORRECTIONS,
    FEEDBACK,
    MOODS,
    READINGS,
    RETURNING,
    SEALS,
    STEPS,
    TRANSCRIPTS,
    TURNS,
    UTTERANCES,
    KafkaTopic,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from streams.settings import Settings
    from streams.site.feature import Feature
    from streams.site.hub import Hub
    from streams.site.kafka_source import Record, Source
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")

FED_BY: tuple[KafkaTopic, ...] = (
    CALLS, TRANSCRIPTS, TURNS, UTTERANCES, READINGS, MOODS, ALERTS, FEEDBACK, CORRECTIONS,
    CALLER_EVENTS, RETURNING,
    STEPS, SEALS,
)  # fmt: skip
_MESSAGES = {topic.name: topic.message for topic in FED_BY}

BATCHES_WAITING = 8
DATABASE_RETRY_S = 1.0
SWEEP_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Sequence[Record]
    arrivals: Sequence[tuple[Record, Arrival]]
    number: int


class _LeftOutError(RuntimeError):
    """The database is back, and what was left out meanwhile has to be read again."""


class Feed:
    """The desk's reader."""

    def __init__(  # noqa: PLR0913  (it is where everything meets)
        self,
        *,
        source: Source,
        store: Store,
        hub: Hub,
        features: Sequence[Feature],
        settings: Settings,
        set_aside: Callable[[Record, Exception], Awaitable[None]],
    ) -> None:
        """Feed a desk.

        Args:
            source: where records come from.
            store: where features keep them.
            hub: who listens live.
            features: what keeps what.
            settings: of this process.
            set_aside: takes a record that cannot be handled, and why.
        """
        self._source = source
        self._store = store
        self._hub = hub
        self._features = features
        self._settings = settings
        self._set_aside = set_aside
        self._batches: asyncio.Queue[_Batch] = asyncio.Queue(BATCHES_WAITING)
        self._room = asyncio.Event()
        self._away = False
        self._left_out = False

    async def run(self) -> None:
        """Read until cancelled.

        Whatever breaks it is a mistake of ours: the pages stay up and say that they are old.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read_and_keep())
                tasks.create_task(self._sweep())
        except Exception:
            self._hub.change(LineState.AWAY)
            LOG.exception("the desk's feed has broken; start the desk again")

    async def _read_and_keep(self) -> None:
        """Read and keep, and begin again at the last commit where something was left out."""
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read())
                    tasks.create_task(self._keep())
            except* _LeftOutError:
                LOG.warning("reading again what could not be kept while the database was away")
                await self._source.close()
                self._left_out = False

    async def _read(self) -> None:
        while True:
            records = await self._source.batch()
            arrivals = [(r, a) for r in records if (a := await self._decoded(r)) is not None]
            for _, arrival in arrivals:
                if Showing.shows(arrival.message):  # no voices: the hub remembers what it is told
                    self._hub.publish(arrival.message)
            await self._hand_on(_Batch(records, arrivals, self._hub.number))

    async def _hand_on(self, batch: _Batch) -> None:
        """Queue a batch when there is room; with the database away nobody waits for room.

        After the first batch that is left out every one is, so that no later commit skips it.
        """
        while self._batches.full() and not (self._away or self._left_out):
            self._room.clear()
            await self._room.wait()
        if self._left_out or self._batches.full():
            self._left_out = True
        else:
            self._batches.put_nowait(batch)

    async def _decoded(self, record: Record) -> Arrival | None:
        try:
            return _arrival(record)
        except Exception as error:  # noqa: BLE001  (whatever it is, it goes with the message)
            await self._put_aside(record, error)
            return None

    async def _put_aside(self, record: Record, error: Exception) -> None:
        """Set a record aside; where even that fails, a line in the log is all it leaves."""
        try:
            await self._set_aside(record, error)
        except Exception as second:  # noqa: BLE001  (one message must never end the feed)
            where = f"{record.topic}[{record.partition}]@{record.offset}"
            LOG.error(  # noqa: TRY400  (one line)
                "%s: lost: %s; it could not be set aside: %s", where, _short(error), _short(second)
            )

    async def _keep(self) -> None:
        while True:
            batch = await self._batches.get()
            self._room.set()
            await self._stored(batch)
            self._hub.stored(batch.number)
            await self._source.commit(batch.records)
            if self._left_out and self._batches.empty():
                raise _LeftOutError

    async def _stored(self, batch: _Batch) -> None:
        try:
            await self._in_transaction([arrival for _, arrival in batch.arrivals])
        except Exception as error:  # noqa: BLE001  (one bad message must not stop a desk)
            LOG.info("a batch was not kept whole (%s); going through it one by one", _short(error))
            for record, arrival in batch.arrivals:
                await self._stored_alone(record, arrival)

    async def _stored_alone(self, record: Record, arrival: Arrival) -> None:
        try:
            await self._in_transaction([arrival])
        except Exception as error:  # noqa: BLE001  (whatever it is, it goes with the message)
            await self._put_aside(record, error)

    async def _in_transaction(self, arrivals: Sequence[Arrival]) -> None:
        """Keep messages, all or none; waits for a database that is away."""
        before = self._hub.state
        while True:
            try:
                await asyncio.to_thread(self._write, arrivals)
            except (OperationalError, InterfaceError) as error:
                self._database_lost(error)
                await asyncio.sleep(DATABASE_RETRY_S)
            else:
                self._database_found(before)
                return

    def _database_lost(self, error: Exception) -> None:
        if not self._away:
            LOG.warning("the database does not answer (%s); trying again", _short(error))
            self._away = True
            self._room.set()  # a reader that waits for room need not wait any more
            self._hub.change(LineState.DATABASE_AWAY)

    def _database_found(self, before: LineState) -> None:
        if self._away:
            LOG.warning("the database answers again")
            self._away = False
            self._hub.change(before)

    def _write(self, arrivals: Sequence[Arrival]) -> None:
        with self._store.engine.begin() as connection:
            for feature in self._features:
                feature.keep(connection, arrivals, self._settings)

    async def _sweep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._swept, now())
            except (DBAPIError, OSError) as error:
                LOG.warning("housekeeping was put off: %s", _short(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    def _swept(self, at: datetime) -> None:
        with self._store.engine.begin() as connection:
            for feature in self._features:
                feature.sweep(connection, at, self._settings)


def _arrival(record: Record) -> Arrival | None:
    """What a record says; ``None`` where its topic is none of the desk's."""
    kind = _MESSAGES.get(record.topic)
    if kind is None:
        return None
    return Arrival(kind.decode(record.value, record.headers), _aware(time_of(record.headers)))


def _aware(at: datetime | None) -> datetime:
    """A time without a zone cannot be compared; then now is near enough."""
    return at if at is not None and at.tzinfo is not None else now()


def _short(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    return str(origin).strip().splitlines()[0] if str(origin).strip() else type(origin).__name__
