"""Ends a connection to Kafka without waiting for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

CLOSE_TIMEOUT_S = 1.5


async def close_with_timeout(stop_coroutine: Coroutine[None, None, None]) -> None:
    """Wait a moment for a consumer's or producer's ``stop()``, and then no longer.

    Not `asyncio.wait_for`: that also waits for the cancellation, and aiokafka's takes for ever
    while no broker answers.
    """
    task = asyncio.ensure_future(stop_coroutine)
    task.add_done_callback(_retrieve_exception)
    await asyncio.wait({task}, timeout=CLOSE_TIMEOUT_S)
    task.cancel()


def _retrieve_exception(future: asyncio.Future[None]) -> None:
    """An error of a connection that is given up is no news."""
    if not future.cancelled():
        future.exception()
