"""Sends what waits in the outbox to Kafka, in order, as long as the desk runs.

A message leaves the outbox when Kafka has acknowledged it. A desk that ends in between sends it
again at its next start: at least once, and by its id it counts once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from detectors.errors import summarize_error
from streams.cloudevents import MessageError
from streams.metrics import OUTBOX_LENGTH
from streams.site.sender import SendError
from streams.store.outbox import OutboxEntry, count_entries, delete_entry, load_entries

if TYPE_CHECKING:
    from streams.cloudevents import Message
    from streams.site.sender import Sender
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")

BATCH_SIZE = 100
POLL_INTERVAL_S = 5.0
"""A click wakes the sender at once; this is for what a desk left behind that ended."""

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 5.0)
"""Waits after Kafka refused; the last one repeats."""


class OutboxSender:
    """The one task that takes messages out of the outbox."""

    def __init__(self, *, store: Store, sender: Sender) -> None:
        """Nothing is sent before `run`."""
        self._store = store
        self._sender = sender
        self._wake = asyncio.Event()
        self._failures = 0
        self._unreadable: set[int] = set()

    def wake(self) -> None:
        """Something was put into the outbox just now."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled, through every absence of Kafka and of the database."""
        while True:
            self._wake.clear()
            try:
                await self._send_waiting()
            except (SendError, SQLAlchemyError) as error:
                await self._pause(error)
            except Exception as error:
                LOG.exception("the outbox stumbled over a mistake of ours; it goes on")
                await self._pause(error)
            else:
                self._on_sent()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_INTERVAL_S)

    async def _send_waiting(self) -> None:
        """Send everything, the oldest first, and stop at the first that Kafka refuses."""
        after = 0
        while entries := await asyncio.to_thread(self._load, after):
            for entry in entries:
                message = self._decode(entry)
                if message is not None:
                    await self._sender.send(message)
                    await asyncio.to_thread(self._delete, entry.number)
            after = entries[-1].number

    def _decode(self, entry: OutboxEntry) -> Message | None:
        """An entry that cannot be read stays in the table for a person, and holds up nothing."""
        try:
            return entry.decode()
        except MessageError as error:
            if entry.number not in self._unreadable:
                self._unreadable.add(entry.number)
                LOG.error("entry %d of the outbox cannot be sent: %s", entry.number, error)  # noqa: TRY400  (one line)
            return None

    def _load(self, after: int) -> list[OutboxEntry]:
        with self._store.engine.connect() as connection:
            OUTBOX_LENGTH.set(count_entries(connection))
            return load_entries(connection, after=after, limit=BATCH_SIZE)

    def _delete(self, number: int) -> None:
        with self._store.engine.begin() as connection:
            delete_entry(connection, number)

    async def _pause(self, error: Exception) -> None:
        if self._failures == 0:
            LOG.warning("answers wait in the outbox and are sent later: %s", summarize_error(error))
        delay = RETRY_DELAYS_S[min(self._failures, len(RETRY_DELAYS_S) - 1)]
        self._failures += 1
        await asyncio.sleep(delay)

    def _on_sent(self) -> None:
        if self._failures:
            LOG.warning("what waited in the outbox is sent")
        self._failures = 0
