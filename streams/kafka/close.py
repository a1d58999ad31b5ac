"""Ends a connection to Kafka without waiting for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

LEAVING_S = 1.5


async def leave(going: Coroutine[None, None, None]) -> None:
    """Wait a moment for a consumer's or producer's ``stop()``, and then no longer.

    Not `asyncio.wait_for`: that also waits for the cancellation, and aiokafka's takes for ever
    while no broker answers.
    """
    task = asyncio.ensure_future(going)
    task.add_done_callback(_taken_note_of)
    await asyncio.wait({task}, timeout=LEAVING_S)
    task.cancel()


def _taken_note_of(done: asyncio.Future[None]) -> None:
    """An error of a connection that is given up is no news."""
    if not done.cancelled():
        done.exception()
