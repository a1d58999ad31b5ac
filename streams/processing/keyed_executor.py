"""Work on one call in turn, on many calls side by side."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


class InTurn:
    """Runs what it is given in tasks: of one call one after the other, in the order given."""

    def __init__(self, *, at_once: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._last: dict[str, asyncio.Task[None]] = {}

    async def do(self, call_id: str, work: Coroutine[None, None, None]) -> None:
        """Start the work when its turn comes; waits only where too much is under way."""
        await self._room.acquire()
        task = asyncio.create_task(self._after(self._last.get(call_id), work))
        self._last[call_id] = task
        task.add_done_callback(partial(self._done, call_id))

    async def _after(
        self, before: asyncio.Task[None] | None, work: Coroutine[None, None, None]
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        await work

    def _done(self, call_id: str, task: asyncio.Task[None]) -> None:
        self._room.release()
        if self._last.get(call_id) is task:
            del self._last[call_id]
