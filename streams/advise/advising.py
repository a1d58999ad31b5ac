"""Readings, turns, lines and call events in; moods and alerts out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from playbooks.events import CallStarted
from streams.advise.advice import Advice, advise, from_json, to_json
from streams.cloudevents import now
from streams.messages import (
    AlertMessage,
    CallEvent,
    MoodMessage,
    ReadingMessage,
    Stages,
    TranscriptMessage,
    TurnMessage,
)
from streams.metrics import ALERTS_FIRED, MOODS_CHANGED, observe_stage
from streams.topics import ALERTS, CALLS, MOODS, READINGS, TRANSCRIPTS, TURNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from playbooks.events import Event
    from playbooks.playbook import Playbook
    from streams.app import CallTable, Line
    from streams.cloudevents import Message
    from streams.dead_letters import DeadLetters
    from streams.intake import Intake
    from streams.ledger import Where
    from streams.topics import KafkaTopic

REMEMBER_S = 900.0
"""A call's mood is forgotten this long after its end: it is about a person."""

SOURCES = (CALLS, TRANSCRIPTS, TURNS, READINGS)
_CLASSES: dict[str, type[Message]] = {
    topic.name: topic.message for topic in SOURCES if topic.message is not None
}


class Advising:
    """The processor that keeps each call's mood and runs the playbooks."""

    def __init__(
        self,
        line: Line,
        *,
        playbooks: tuple[Playbook, ...],
        intake: Intake,
        table: CallTable,
        dead_letters: DeadLetters,
    ) -> None:
        self._line = line
        self._playbooks = playbooks
        self._intake = intake
        self._table = table
        self._dead_letters = dead_letters
        self._advice: dict[str, tuple[int, Advice]] = {}
        self._ended: dict[str, tuple[float, int]] = {}

    async def listen(self, stream: Any) -> None:
        """Take events for ever."""
        async for event, hold in self._intake.events(stream):
            async with self._dead_letters.catching(event):
                await self._take(event)
            hold.release()

    async def _take(self, event: Any) -> None:
        kind = _CLASSES[event.message.topic]
        message = kind.decode(event.value or b"", list(event.headers.items()))
        partition = event.message.partition
        if isinstance(message, CallEvent) and message.event == "ended":
            self._ended[message.call_id] = (time.monotonic(), partition)
            return
        happened = _event(message)
        if happened is not None:
            await self._advise(message, happened, partition)

    async def _advise(self, message: Message, happened: Event, partition: int) -> None:
        before = self._known(message.call_id)
        after, advised = advise(
            before, happened, message_id=message.message_id, playbooks=self._playbooks
        )
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
        # Out first, written down second: a crash in between repeats the same alerts, by id.
        await self._line.post_all(posts)
        if posts:
            observe_stage("advice", stages["read_at"], advised_at)
        for alert in advised.alerts:
            ALERTS_FIRED.labels(alert.playbook_id, alert.level).inc()
        self._advice[message.call_id] = (partition, after)
        self._table.put(message.call_id, to_json(after), partition=partition)

    def _known(self, call_id: str) -> Advice:
        if call_id in self._advice:
            return self._advice[call_id][1]
        remembered = self._table.get(call_id)
        return from_json(remembered) if remembered else Advice()

    async def sweep(self) -> None:
        """Forget calls that ended a while ago; their last readings have come by now."""
        for call_id, (ended, partition) in list(self._ended.items()):
            if time.monotonic() - ended > REMEMBER_S:
                del self._ended[call_id]
                self._advice.pop(call_id, None)
                self._table.forget(call_id, partition=partition)

    def revoke(self, partitions: Iterable[Where]) -> None:
        """These partitions are another worker's now."""
        gone = {one.partition for one in partitions}
        for call_id, (partition, _) in list(self._advice.items()):
            if partition in gone:
                del self._advice[call_id]
        for call_id, (_, partition) in list(self._ended.items()):
            if partition in gone:
                del self._ended[call_id]


def _event(message: Message) -> Event | None:
    """What the playbooks see of a message; `None` where they do not look."""
    match message:
        case CallEvent():
            return CallStarted(message.call_id, queue=message.queue, language=message.language)
        case TranscriptMessage():
            return message.line if message.final else None
        case TurnMessage():
            return message.turn
        case ReadingMessage():
            return message.reading
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
