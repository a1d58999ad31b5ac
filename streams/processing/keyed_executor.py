"""Work on one call in turn, on many calls side by side."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


class KeyedExecutor:
    """Runs what it is given in tasks: of one call one after the other, in the order given."""

    def __init__(self, *, max_concurrency: int) -> None:
        self._slots = asyncio.Semaphore(max_concurrency)
        self._last_tasks: dict[str, asyncio.Task[None]] = {}

    async def submit(self, key: str, coroutine: Coroutine[None, None, None]) -> None:
        """Start the work when its turn comes; waits only where too much is under way."""
        await self._slots.acquire()
        task = asyncio.create_task(self._run_after(self._last_tasks.get(key), coroutine))
        self._last_tasks[key] = task
        task.add_done_callback(partial(self._release, key))

    async def _run_after(
        self, previous: asyncio.Task[None] | None, coroutine: Coroutine[None, None, None]
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        await coroutine

    def _release(self, key: str, task: asyncio.Task[None]) -> None:
        self._slots.release()
        if self._last_tasks.get(key) is task:
            del self._last_tasks[key]
