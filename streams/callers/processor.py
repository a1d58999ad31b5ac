"""Callers' events in, and at a call's start what is known of earlier calls out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams.callers.history import Remembered, from_json, remember, to_json
from streams.cloudevents import now
from streams.messages.callers import CallerEvent
from streams.processing.keyed_executor import InTurn
from streams.processing.ordered_stream import decoded
from streams.topics import RETURNING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, Line
    from streams.processing.offset_tracker import Hold, Where
    from streams.processing.ordered_stream import Intake

MAX_UNDER_WAY = 256
SWEEP_S = 600.0
"""Whoever has to be forgotten is, at most so much later; looking through all takes a while."""

AT_ONCE = 1_000
"""So many callers are looked at before the calls that are going on get their turn."""


class Recognising:
    """The processor that remembers callers by their hash, each on the partition of its own key."""

    def __init__(
        self, line: Line, *, intake: Intake, table: CallTable, dead_letters: DeadLetters
    ) -> None:
        self._line = line
        self._days = line.settings.caller_days
        self._intake = intake
        self._table = table
        self._dead_letters = dead_letters
        self._in_turn = InTurn(at_once=MAX_UNDER_WAY)
        self._revoked: Counter[int] = Counter()
        self._swept_at = -SWEEP_S

    async def listen(self, stream: Any) -> None:
        """Take events for ever. Callers do not wait for each other; events of one do."""
        async for event, hold in self._intake.events(stream):
            caller = (event.message.key or b"").decode("utf-8", errors="replace")
            await self._in_turn.do(caller, self._handle(event, hold))

    async def _handle(self, event: Any, hold: Hold) -> None:
        async with self._dead_letters.catching(event):
            await self._take(decoded(CallerEvent, event), event.message.partition)
            self._dead_letters.worked()
        hold.release()

    async def _take(self, event: CallerEvent, partition: int) -> None:
        if self._days == 0 and event.event != "forgotten":
            return
        revoked = self._revoked[partition]
        before = self._known(event.caller)
        after, returning = remember(before, event, days=self._days)
        # Out first, written down second: a crash in between tells the same again, by id.
        if returning is not None:
            await self._line.send(RETURNING, returning)
        if after != before and self._revoked[partition] == revoked:
            self._write(event.caller, after, partition)

    def _known(self, caller: str) -> Remembered:
        found = self._table.get(caller)
        return from_json(found) if found else Remembered()

    def _write(self, caller: str, after: Remembered, partition: int) -> None:
        if after.calls:
            self._table.put(caller, to_json(after), partition=partition)
        else:
            self._table.forget(caller, partition=partition)

    async def sweep(self) -> None:
        """Forget the calls whose days are over, also of callers who never call again."""
        present = time.monotonic()
        if present - self._swept_at < SWEEP_S:
            return
        self._swept_at = present
        oldest = now() - timedelta(days=self._days)
        revoked = self._revoked.copy()
        for number, (caller, partition, state) in enumerate(self._table.ours(), start=1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            if state["oldest_s"] < oldest.timestamp():
                pruning = self._prune(caller, partition, oldest, revoked=revoked[partition])
                await self._in_turn.do(caller, pruning)

    async def _prune(self, caller: str, partition: int, oldest: datetime, *, revoked: int) -> None:
        """In turn with the caller's events, so that neither undoes what the other did."""
        if self._revoked[partition] == revoked:
            self._write(caller, self._known(caller).since(oldest), partition)

    def revoke(self, partitions: Iterable[Where]) -> None:
        """These partitions are another worker's now: what is under way is not written down."""
        self._revoked.update({one.partition for one in partitions})
