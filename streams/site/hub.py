"""Who is listening live, and what they are told: a numbered, bounded memory of the newest events.

An event is published when the feed reads it, before it is in the database. So that a page which
is rendered in between misses nothing, each page carries a cursor: the number up to which the
database was complete when it was rendered. The live stream goes on from there; where that is
too long ago, or the desk was restarted since, the page is told to fetch itself again.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from streams.metrics import LIVE_BROWSERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.cloudevents import Message

HISTORY_LIMIT = 4_096
QUEUE_LIMIT = 256
"""A browser this many events behind is dropped; its page fetches itself again."""

MAX_SUBSCRIBERS = 1_000


class FeedState(StrEnum):
    """Whether new messages come in, and if not, why."""

    CONNECTING = "connecting"
    UP = "up"
    AWAY = "away"
    TOPICS_MISSING = "topics_missing"
    DATABASE_AWAY = "database_away"


class TooManySubscribersError(RuntimeError):
    """Every place for a live page is taken."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One message, numbered; or, without a message, a change of the feed's state."""

    number: int
    message: Message | None


class Subscriber:
    """One browser page."""

    def __init__(self, event_filter: Callable[[LiveEvent], bool]) -> None:
        """Listen to the events for which ``event_filter`` is true."""
        self._event_filter = event_filter
        self._queue: deque[LiveEvent] = deque()
        self._wake = asyncio.Event()
        self.is_dropped = False

    def enqueue(self, event: LiveEvent) -> None:
        """Queue an event; a listener whose queue is full is dropped."""
        if not self._event_filter(event):
            return
        if len(self._queue) >= QUEUE_LIMIT:
            self.drop()
            return
        self._queue.append(event)
        self._wake.set()

    def drop(self) -> None:
        """It was too slow, or the desk ends."""
        self.is_dropped = True
        self._wake.set()

    async def next(self, timeout_s: float) -> LiveEvent | None:
        """The next event; ``None`` after a quiet while, or once it is dropped."""
        if not self._queue and not self.is_dropped:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout_s)
        return self._queue.popleft() if self._queue and not self.is_dropped else None


class Hub:
    """Every listener. Used on the event loop only."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._stored_number = 0
        self._history: deque[LiveEvent] = deque(maxlen=HISTORY_LIMIT)
        self._subscribers: set[Subscriber] = set()
        self.state = FeedState.CONNECTING
        self.closed = False

    @property
    def cursor(self) -> str:
        """Where a page that is rendered from the database now has to go on."""
        return self.event_id(self._stored_number)

    @property
    def newest_number(self) -> int:
        """Of the newest event."""
        return self._number

    def event_id(self, number: int) -> str:
        """An event's number as browsers know it: only this run of the desk understands it."""
        return f"{self._epoch}-{number}"

    def publish(self, message: Message | None) -> None:
        """Tell everybody."""
        self._number += 1
        event = LiveEvent(self._number, message)
        self._history.append(event)
        for subscriber in list(self._subscribers):
            subscriber.enqueue(event)

    def mark_stored(self, number: int) -> None:
        """The database holds everything up to this event."""
        self._stored_number = max(self._stored_number, number)

    def set_state(self, state: FeedState) -> None:
        """The feed comes or goes."""
        if state is not self.state:
            self.state = state
            self.publish(None)

    def subscribe(
        self, event_filter: Callable[[LiveEvent], bool], *, after: str
    ) -> Subscriber | None:
        """Begin to listen after a cursor; ``None`` where that is not remembered any more.

        Raises:
            TooManyListenersError: no place is left.
        """
        if len(self._subscribers) >= MAX_SUBSCRIBERS:
            raise TooManySubscribersError
        missed = self._events_after(after)
        if missed is None:
            return None
        subscriber = Subscriber(event_filter)
        for event in missed:
            subscriber.enqueue(event)
        self._subscribers.add(subscriber)
        LIVE_BROWSERS.set(len(self._subscribers))
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """A browser went away."""
        self._subscribers.discard(subscriber)
        LIVE_BROWSERS.set(len(self._subscribers))

    def close(self) -> None:
        """The desk ends: let every browser go."""
        self.closed = True
        for subscriber in self._subscribers:
            subscriber.drop()

    def _events_after(self, cursor: str) -> list[LiveEvent] | None:
        epoch, _, number = cursor.partition("-")
        if epoch != self._epoch or not number.isdigit():
            return None
        oldest = self._history[0].number if self._history else self._number + 1
        if not oldest - 1 <= int(number) <= self._number:
            return None
        return [event for event in self._history if event.number > int(number)]
