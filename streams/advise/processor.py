"""Readings, turns, lines and call events in; moods and alerts out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playbooks.events import CallStarted
from streams.advise import caller as callers
from streams.advise.call_state import Advice, advise, from_json, to_json
from streams.advise.caller import Calling
from streams.cloudevents import now
from streams.messages.callers import ReturningCaller
from streams.messages.records import (
    AlertMessage,
    CallEvent,
    MoodMessage,
    ReadingMessage,
    Stages,
    TranscriptMessage,
    TurnMessage,
)
from streams.metrics import ALERTS_FIRED, MOODS_CHANGED, observe_stage
from streams.processing.keyed_executor import InTurn
from streams.processing.ordered_stream import decoded
from streams.topics import (
    ALERTS,
    CALLER_EVENTS,
    CALLS,
    MOODS,
    READINGS,
    RETURNING,
    TRANSCRIPTS,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from playbooks.events import Event
    from streams.cloudevents import Message
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, Line
    from streams.processing.offset_tracker import Hold, Where
    from streams.processing.ordered_stream import Intake
    from streams.rules.reloader import RulesInForce
    from streams.topics import KafkaTopic

REMEMBER_S = 900.0
"""A call's mood is forgotten this long after its end: it is about a person."""

ABANDONED_S = 7_200.0
"""A call of which nothing more is heard, and that nobody ended, is forgotten after this."""

MAX_UNDER_WAY = 256

SOURCES = (CALLS, TRANSCRIPTS, TURNS, READINGS, RETURNING)
_CLASSES: dict[str, type[Message]] = {
    topic.name: topic.message for topic in SOURCES if topic.message is not None
}


class Advising:
    """The processor that keeps each call's mood and runs the playbooks."""

    def __init__(
        self,
        line: Line,
        *,
        rules: RulesInForce,
        intake: Intake,
        table: CallTable,
        dead_letters: DeadLetters,
    ) -> None:
        self._line = line
        self._rules = rules
        self._intake = intake
        self._table = table
        self._dead_letters = dead_letters
        self._in_turn = InTurn(at_once=MAX_UNDER_WAY)
        self._advice: dict[str, _Known] = {}

    async def listen(self, stream: Any) -> None:
        """Take events for ever. Calls do not wait for each other; events of one call do."""
        async for event, hold in self._intake.events(stream):
            call = (event.message.key or b"").decode("utf-8", errors="replace")
            await self._in_turn.do(call, self._handle(event, hold))

    async def _handle(self, event: Any, hold: Hold) -> None:
        async with self._dead_letters.catching(event):
            await self._take(event)
        hold.release()

    async def _take(self, event: Any) -> None:
        message = decoded(_CLASSES[event.message.topic], event)
        if isinstance(message, CallEvent) and message.event == "ended":
            known = self._advice.get(message.call_id)
            if known is not None:
                known.ended = True
            return
        happened = event_of(message)
        if happened is not None:
            await self._advise(message, happened, event.message.partition)
            self._dead_letters.worked()

    async def _advise(self, message: Message, happened: Event, partition: int) -> None:
        # Read once: whatever is taken meanwhile, one event sees one library.
        rulebook = self._rules.rulebook
        known = self._known(message.call_id, partition)
        before = known.advice
        after, advised = advise(before, happened, message_id=message.message_id, rulebook=rulebook)
        if after is before:
            return
        advised_at = now()
        stages = _stages(message)
        posts: list[tuple[KafkaTopic, Message]] = [
            (ALERTS, AlertMessage.of(alert, advised_at=advised_at, **stages))
            # The most severe last: what comes last is on top of the agent's screen.
            for alert in reversed(advised.alerts)
        ]
        if advised.mood is not None:
            posts.append((MOODS, MoodMessage.of(advised.mood, **stages)))
            MOODS_CHANGED.labels(advised.mood.level).inc()
        calling, told = callers.hear(known.calling, message, advised.alerts)
        if self._line.settings.caller_days:
            posts += [(CALLER_EVENTS, one) for one in told]
        # Out first, written down second: a crash in between repeats the same alerts, by id.
        await self._line.send_all(posts)
        if posts:
            observe_stage("advice", stages["read_at"], advised_at)
        for alert in advised.alerts:
            ALERTS_FIRED.labels(alert.playbook_id, alert.level).inc()
        if self._advice.get(message.call_id) is known:
            known.advice, known.calling, known.touched = after, calling, time.monotonic()
            self._table.put(message.call_id, known.to_json(), partition=partition)

    def _known(self, call_id: str, partition: int) -> _Known:
        known = self._advice.get(call_id)
        if known is None:
            remembered = self._table.get(call_id)
            known = self._advice[call_id] = _Known.of(partition, remembered)
        return known

    async def sweep(self) -> None:
        """Forget calls that ended a while ago, and those that nobody ever ended."""
        present = time.monotonic()
        for call_id, known in list(self._advice.items()):
            if present - known.touched > (REMEMBER_S if known.ended else ABANDONED_S):
                del self._advice[call_id]
                self._table.forget(call_id, partition=known.partition)
        self._table.forget_older(ABANDONED_S, but=self._advice)

    def revoke(self, partitions: Iterable[Where]) -> None:
        """These partitions are another worker's now."""
        gone = {one.partition for one in partitions}
        for call_id, known in list(self._advice.items()):
            if known.partition in gone:
                del self._advice[call_id]


@dataclass(slots=True, eq=False)
class _Known:
    """One call's state here."""

    partition: int
    advice: Advice
    calling: Calling = field(default_factory=Calling)
    ended: bool = False
    touched: float = field(default_factory=time.monotonic)

    def to_json(self) -> dict[str, Any]:
        """As it is written down."""
        return to_json(self.advice) | {"calling": callers.to_json(self.calling)}

    @classmethod
    def of(cls, partition: int, remembered: dict[str, Any] | None) -> _Known:
        """And read back."""
        if remembered is None:
            return cls(partition, Advice())
        calling = remembered.get("calling")  # a worker of an earlier version knew no callers
        known = Calling() if calling is None else callers.from_json(calling)
        return cls(partition, from_json(remembered), known)


def event_of(message: Message) -> Event | None:
    """What the playbooks see of a message; `None` where they do not look."""
    match message:
        case CallEvent(event="started"):
            return CallStarted(message.call_id, queue=message.queue, language=message.language)
        case TranscriptMessage():
            return message.line if message.final else None
        case TurnMessage():
            return message.turn
        case ReadingMessage():
            return message.reading
        case ReturningCaller():
            return message.known
        case _:
            return None


def _stages(message: Message) -> dict[str, datetime | None]:
    if isinstance(message, Stages):
        return {
            "heard_at": message.heard_at,
            "found_at": message.found_at,
            "read_at": message.read_at,
        }
    heard_at = getattr(message, "heard_at", None)
    return {"heard_at": heard_at, "found_at": None, "read_at": None}
