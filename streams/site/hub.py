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

from streams.metrics import SCREENS

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.cloudevents import Message

REMEMBERED = 4_096
QUEUE_LIMIT = 256
"""A browser this many events behind is dropped; its page fetches itself again."""

MAX_LISTENERS = 1_000


class LineState(StrEnum):
    """Whether new messages come in, and if not, why."""

    CONNECTING = "connecting"
    UP = "up"
    AWAY = "away"
    TOPICS_MISSING = "topics_missing"
    DATABASE_AWAY = "database_away"


class TooManyListenersError(RuntimeError):
    """Every place for a live page is taken."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message, numbered; or, without a message, a change of the line's state."""

    number: int
    message: Message | None


class Listener:
    """One browser page."""

    def __init__(self, wants: Callable[[Event], bool]) -> None:
        """Listen to the events for which ``wants`` is true."""
        self._wants = wants
        self._waiting: deque[Event] = deque()
        self._wake = asyncio.Event()
        self.gone = False

    def tell(self, event: Event) -> None:
        """Queue an event; a listener whose queue is full is dropped."""
        if not self._wants(event):
            return
        if len(self._waiting) >= QUEUE_LIMIT:
            self.drop()
            return
        self._waiting.append(event)
        self._wake.set()

    def drop(self) -> None:
        """It was too slow, or the desk ends."""
        self.gone = True
        self._wake.set()

    async def next(self, timeout_s: float) -> Event | None:
        """The next event; ``None`` after a quiet while, or once it is dropped."""
        if not self._waiting and not self.gone:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout_s)
        return self._waiting.popleft() if self._waiting and not self.gone else None


class Hub:
    """Every listener. Used on the event loop only."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._stored = 0
        self._newest: deque[Event] = deque(maxlen=REMEMBERED)
        self._listeners: set[Listener] = set()
        self.state = LineState.CONNECTING
        self.closed = False

    @property
    def cursor(self) -> str:
        """Where a page that is rendered from the database now has to go on."""
        return self.name(self._stored)

    @property
    def number(self) -> int:
        """Of the newest event."""
        return self._number

    def name(self, number: int) -> str:
        """An event's number as browsers know it: only this run of the desk understands it."""
        return f"{self._epoch}-{number}"

    def publish(self, message: Message | None) -> None:
        """Tell everybody."""
        self._number += 1
        event = Event(self._number, message)
        self._newest.append(event)
        for listener in list(self._listeners):
            listener.tell(event)

    def stored(self, number: int) -> None:
        """The database holds everything up to this event."""
        self._stored = max(self._stored, number)

    def change(self, state: LineState) -> None:
        """The line comes or goes."""
        if state is not self.state:
            self.state = state
            self.publish(None)

    def listen(self, wants: Callable[[Event], bool], *, after: str) -> Listener | None:
        """Begin to listen after a cursor; ``None`` where that is not remembered any more.

        Raises:
            TooManyListenersError: no place is left.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooManyListenersError
        missed = self._after(after)
        if missed is None:
            return None
        listener = Listener(wants)
        for event in missed:
            listener.tell(event)
        self._listeners.add(listener)
        SCREENS.set(len(self._listeners))
        return listener

    def leave(self, listener: Listener) -> None:
        """A browser went away."""
        self._listeners.discard(listener)
        SCREENS.set(len(self._listeners))

    def close(self) -> None:
        """The desk ends: let every browser go."""
        self.closed = True
        for listener in self._listeners:
            listener.drop()

    def _after(self, cursor: str) -> list[Event] | None:
        epoch, _, number = cursor.partition("-")
        if epoch != self._epoch or not number.isdigit():
            return None
        oldest = self._newest[0].number if self._newest else self._number + 1
        if not oldest - 1 <= int(number) <= self._number:
            return None
        return [event for event in self._newest if event.number > int(number)]
