"""Callers' events in, and at a call's start what is known of earlier calls out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

from streams.callers.history import CallerHistory, from_json, to_json, update_history
from streams.cloudevents import now
from streams.messages.callers import CallerEvent
from streams.processing.keyed_executor import KeyedExecutor
from streams.processing.ordered_stream import decode_record
from streams.retention_periods import RetentionPeriods
from streams.topics import RETURNING_CALLERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from streams.kafka.record import Record, TopicPartition
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, ProcessorContext
    from streams.processing.offset_tracker import PendingOffset
    from streams.processing.ordered_stream import EventStream, OrderedStream

MAX_CONCURRENCY = 256
EXPIRY_INTERVAL_S = 600.0
"""Whoever has to be forgotten is, at most so much later; looking through all takes a while."""

YIELD_EVERY = 1_000
"""So many callers are looked at before the calls that are going on get their turn."""


class CallerProcessor:
    """The processor that remembers callers by their hash, each on the partition of its own key."""

    def __init__(
        self,
        context: ProcessorContext,
        *,
        ordered_stream: OrderedStream,
        table: CallTable,
        dead_letters: DeadLetters,
    ) -> None:
        self._context = context
        self._period = RetentionPeriods.of(context.settings).callers
        self._ordered_stream = ordered_stream
        self._table = table
        self._dead_letters = dead_letters
        self._executor = KeyedExecutor(max_concurrency=MAX_CONCURRENCY)
        self._revocations: Counter[int] = Counter()
        self._expired_at = -EXPIRY_INTERVAL_S

    async def listen(self, stream: EventStream) -> None:
        """Take events for ever. Callers do not wait for each other; events of one do."""
        async for record, pending in self._ordered_stream.records(stream):
            await self._executor.submit(record.decoded_key, self._handle(record, pending))

    async def _handle(self, record: Record, pending: PendingOffset) -> None:
        async with self._dead_letters.capture(record):
            await self._handle_event(decode_record(CallerEvent, record), record.partition)
            self._dead_letters.record_success()
        pending.ack()

    async def _handle_event(self, event: CallerEvent, partition: int) -> None:
        if not self._period and event.event != "forgotten":
            return
        revocations = self._revocations[partition]
        prior = self._load_history(event.caller)
        history, returning_message = update_history(prior, event, period=self._period)
        # Out first, written down second: a crash in between tells the same again, by id.
        if returning_message is not None:
            await self._context.send(RETURNING_CALLERS, returning_message)
        if history != prior and self._revocations[partition] == revocations:
            self._save_history(event.caller, history, partition)

    def _load_history(self, caller: str) -> CallerHistory:
        saved = self._table.get(caller)
        return from_json(saved) if saved else CallerHistory()

    def _save_history(self, caller: str, history: CallerHistory, partition: int) -> None:
        if history.calls:
            self._table.put(caller, to_json(history), partition=partition)
        else:
            self._table.delete(caller, partition=partition)

    async def expire(self) -> None:
        """Forget the calls whose days are over, also of callers who never call again."""
        current_time = time.monotonic()
        if current_time - self._expired_at < EXPIRY_INTERVAL_S:
            return
        self._expired_at = current_time
        oldest = now() - self._period
        revocations = self._revocations.copy()
        for number, (caller, partition, state) in enumerate(self._table.local_items(), start=1):
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            if state["oldest_s"] < oldest.timestamp():
                coroutine = self._prune(
                    caller, partition, oldest, revocations=revocations[partition]
                )
                await self._executor.submit(caller, coroutine)

    async def _prune(
        self, caller: str, partition: int, oldest: datetime, *, revocations: int
    ) -> None:
        """In turn with the caller's events, so that neither undoes what the other did."""
        if self._revocations[partition] == revocations:
            self._save_history(caller, self._load_history(caller).since(oldest), partition)

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another worker's now: what is under way is not written down."""
        self._revocations.update({tp.partition for tp in partitions})
