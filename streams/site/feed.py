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

from sqlalchemy.exc import InterfaceError, OperationalError

from detectors.errors import summarize_error
from streams.cloudevents import now, parse_time
from streams.site.feature import Arrival
from streams.site.hub import FeedState
from streams.topics import (
    ALERTS,
    CALLER_EVENTS,
    CALLS,
    CHANNEL_FAULTS,
    CORRECTIONS,
    FEEDBACK,
    LINE_MARKS,
    MOODS,
    READINGS,
    RETURNING_CALLERS,
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

    from streams.kafka.record import Record
    from streams.settings import Settings
    from streams.site.feature import Feature
    from streams.site.hub import Hub
    from streams.site.kafka_source import FeedSource
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")

FEED_TOPICS: tuple[KafkaTopic, ...] = (
    CALLS, TRANSCRIPTS, LINE_MARKS, TURNS, UTTERANCES, READINGS, MOODS, ALERTS, FEEDBACK,
    CORRECTIONS, CALLER_EVENTS, RETURNING_CALLERS, CHANNEL_FAULTS,
    STEPS, SEALS,
)  # fmt: skip
_MESSAGE_BY_TOPIC = {topic.name: topic.message for topic in FEED_TOPICS}

MAX_QUEUED_BATCHES = 8
DATABASE_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Sequence[Record]
    arrivals: Sequence[tuple[Record, Arrival]]
    number: int


class _BatchesSkippedError(RuntimeError):
    """The database is back, and what was left out meanwhile has to be read again."""


class Feed:
    """The desk's reader."""

    def __init__(  # noqa: PLR0913  (it is where everything meets)
        self,
        *,
        source: FeedSource,
        store: Store,
        hub: Hub,
        features: Sequence[Feature],
        settings: Settings,
        dead_letter_sink: Callable[[Record, Exception], Awaitable[None]],
    ) -> None:
        """Feed a desk.

        Args:
            source: where records come from.
            store: where features keep them.
            hub: who listens live.
            features: what keeps what.
            settings: of this process.
            dead_letter_sink: takes a record that cannot be handled, and why.
        """
        self._source = source
        self._store = store
        self._hub = hub
        self._features = features
        self._published = frozenset(kind for feature in features for kind in feature.publishes)
        self._settings = settings
        self._dead_letter_sink = dead_letter_sink
        self._batches: asyncio.Queue[_Batch] = asyncio.Queue(MAX_QUEUED_BATCHES)
        self._has_room = asyncio.Event()
        self._database_away = False
        self._has_skipped = False

    async def run(self) -> None:
        """Read until cancelled.

        Whatever breaks it is a mistake of ours: the pages stay up and say that they are old.
        """
        try:
            await self._read_and_persist()
        except Exception:
            self._hub.set_state(FeedState.AWAY)
            LOG.exception("the desk's feed has broken; start the desk again")

    async def _read_and_persist(self) -> None:
        """Read and keep, and begin again at the last commit where something was left out."""
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read())
                    tasks.create_task(self._persist_batches())
            except* _BatchesSkippedError:
                LOG.warning("reading again what could not be kept while the database was away")
                await self._source.close()
                self._has_skipped = False

    async def _read(self) -> None:
        while True:
            records = await self._source.batch()
            arrivals = [(r, a) for r in records if (a := await self._decode(r)) is not None]
            for _, arrival in arrivals:
                if type(arrival.message) in self._published:
                    self._hub.publish(arrival.message)
            await self._enqueue(_Batch(records, arrivals, self._hub.newest_number))

    async def _enqueue(self, batch: _Batch) -> None:
        """Queue a batch when there is room; with the database away nobody waits for room.

        After the first batch that is left out every one is, so that no later commit skips it.
        """
        while self._batches.full() and not (self._database_away or self._has_skipped):
            self._has_room.clear()
            await self._has_room.wait()
        if self._has_skipped or self._batches.full():
            self._has_skipped = True
        else:
            self._batches.put_nowait(batch)

    async def _decode(self, record: Record) -> Arrival | None:
        try:
            return _decode_arrival(record)
        except Exception as error:  # noqa: BLE001  (whatever it is, it goes with the message)
            await self._dead_letter(record, error)
            return None

    async def _dead_letter(self, record: Record, error: Exception) -> None:
        """Set a record aside; where even that fails, a line in the log is all it leaves."""
        try:
            await self._dead_letter_sink(record, error)
        except Exception as sink_error:  # noqa: BLE001  (one message must never end the feed)
            where = f"{record.topic}[{record.partition}]@{record.offset}"
            LOG.error(  # noqa: TRY400  (one line)
                "%s: lost: %s; it could not be set aside: %s",
                where,
                summarize_error(error),
                summarize_error(sink_error),
            )

    async def _persist_batches(self) -> None:
        while True:
            batch = await self._batches.get()
            self._has_room.set()
            await self._persist_batch(batch)
            self._hub.mark_stored(batch.number)
            await self._source.commit(batch.records)
            if self._has_skipped and self._batches.empty():
                raise _BatchesSkippedError

    async def _persist_batch(self, batch: _Batch) -> None:
        try:
            await self._persist_with_retry([arrival for _, arrival in batch.arrivals])
        except Exception as error:  # noqa: BLE001  (one bad message must not stop a desk)
            LOG.info(
                "a batch was not kept whole (%s); going through it one by one",
                summarize_error(error),
            )
            for record, arrival in batch.arrivals:
                await self._persist_record(record, arrival)

    async def _persist_record(self, record: Record, arrival: Arrival) -> None:
        try:
            await self._persist_with_retry([arrival])
        except Exception as error:  # noqa: BLE001  (whatever it is, it goes with the message)
            await self._dead_letter(record, error)

    async def _persist_with_retry(self, arrivals: Sequence[Arrival]) -> None:
        """Keep messages, all or none; waits for a database that is away."""
        previous_state = self._hub.state
        while True:
            try:
                await asyncio.to_thread(self._write, arrivals)
            except (OperationalError, InterfaceError) as error:
                self._on_database_lost(error)
                await asyncio.sleep(DATABASE_RETRY_S)
            else:
                self._on_database_recovered(previous_state)
                return

    def _on_database_lost(self, error: Exception) -> None:
        if not self._database_away:
            LOG.warning("the database does not answer (%s); trying again", summarize_error(error))
            self._database_away = True
            self._has_room.set()  # a reader that waits for room need not wait any more
            self._hub.set_state(FeedState.DATABASE_AWAY)

    def _on_database_recovered(self, previous_state: FeedState) -> None:
        if self._database_away:
            LOG.warning("the database answers again")
            self._database_away = False
            self._hub.set_state(previous_state)

    def _write(self, arrivals: Sequence[Arrival]) -> None:
        with self._store.engine.begin() as connection:
            for feature in self._features:
                feature.persist(connection, arrivals, self._settings)


def _decode_arrival(record: Record) -> Arrival | None:
    """What a record says; ``None`` where its topic is none of the desk's."""
    kind = _MESSAGE_BY_TOPIC.get(record.topic)
    if kind is None:
        return None
    return Arrival(
        kind.decode(record.value, record.headers), _ensure_aware(parse_time(record.headers))
    )


def _ensure_aware(at: datetime | None) -> datetime:
    """A time without a zone cannot be compared; then now is near enough."""
    return at if at is not None and at.tzinfo is not None else now()
