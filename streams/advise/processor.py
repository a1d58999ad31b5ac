"""Readings, turns, lines and call events in; moods and alerts out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from detectors.utterance import Speaker, TranscriptLine, TurnKind
from playbooks.events import CallStarted
from streams.advise import caller as callers
from streams.advise.call_state import AdviceState, StepResult, advise, from_json, to_json
from streams.advise.caller import CallerState
from streams.advise.line_witness import LineWitness
from streams.cloudevents import now
from streams.messages.alerts import AlertMessage
from streams.messages.base import StageTimestamps
from streams.messages.callers import ReturningCaller
from streams.messages.calls import CallEvent, LineMarkMessage, TranscriptMessage, TurnMessage
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.metrics import ALERTS_FIRED, LINES_DISCOUNTED, MOODS_CHANGED, observe_stage
from streams.processing.keyed_executor import KeyedExecutor
from streams.processing.ordered_stream import decode_record
from streams.topics import (
    ALERTS,
    CALLER_EVENTS,
    CALLS,
    LINE_MARKS,
    MOODS,
    READINGS,
    RETURNING_CALLERS,
    TRANSCRIPTS,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from playbooks.events import Event
    from streams.cloudevents import Message
    from streams.kafka.record import Record, TopicPartition
    from streams.processing.channel_faults import FaultyCalls
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, ProcessorContext
    from streams.processing.offset_tracker import PendingOffset
    from streams.processing.ordered_stream import EventStream, OrderedStream
    from streams.processing.voice_activity import VoiceActivityLog
    from streams.rules.reloader import PlaybookReloader
    from streams.topics import KafkaTopic

RETENTION_S = 900.0
"""A call's mood is forgotten this long after its end: it is about a person."""

ABANDONED_TIMEOUT_S = 7_200.0
"""A call of which nothing more is heard, and that nobody ended, is forgotten after this."""

MAX_CONCURRENCY = 256

SOURCES = (CALLS, TRANSCRIPTS, TURNS, READINGS, RETURNING_CALLERS)
_MESSAGE_TYPES: dict[str, type[Message]] = {
    topic.name: topic.message for topic in SOURCES if topic.message is not None
}


class AdviceProcessor:
    """The processor that keeps each call's mood and runs the playbooks."""

    def __init__(  # noqa: PLR0913  (it is where everything meets)
        self,
        context: ProcessorContext,
        *,
        reloader: PlaybookReloader,
        ordered_stream: OrderedStream,
        table: CallTable,
        dead_letters: DeadLetters,
        faulty_calls: FaultyCalls | None = None,
        activity: VoiceActivityLog | None = None,
    ) -> None:
        self._context = context
        self._reloader = reloader
        self._ordered_stream = ordered_stream
        self._table = table
        self._dead_letters = dead_letters
        self._faulty_calls = faulty_calls
        self._executor = KeyedExecutor(max_concurrency=MAX_CONCURRENCY)
        self._entries: dict[str, _CallEntry] = {}
        self._witness = LineWitness(activity)

    async def listen(self, stream: EventStream) -> None:
        """Take events for ever. Calls do not wait for each other; events of one call do."""
        async for record, pending in self._ordered_stream.records(stream):
            if record.topic == TRANSCRIPTS.name:
                self._witness.note(record)
            await self._executor.submit(record.decoded_key, self._handle(record, pending))

    async def _handle(self, record: Record, pending: PendingOffset) -> None:
        async with self._dead_letters.capture(record):
            await self._handle_message(record)
        pending.ack()

    async def _handle_message(self, record: Record) -> None:
        message = decode_record(_MESSAGE_TYPES[record.topic], record)
        if isinstance(message, CallEvent) and message.event == "ended":
            entry = self._entries.get(message.call_id)
            if entry is not None:
                entry.has_ended = True
            return
        if self._is_doubtful(message):
            return
        domain_event = to_event(message)
        if domain_event is not None:
            await self._advise(message, domain_event, record.partition)
            self._dead_letters.record_success()

    def _is_doubtful(self, message: Message) -> bool:
        """Whether it says who, in a call whose channels are not whose they are said to be."""
        faulty_calls = self._faulty_calls
        says_who = isinstance(message, ReadingMessage) or (
            isinstance(message, TurnMessage) and message.record.kind is TurnKind.TALK_OVER
        )
        return says_who and faulty_calls is not None and faulty_calls.is_faulty(message.call_id)

    async def _advise(self, message: Message, domain_event: Event, partition: int) -> None:
        # Read once: whatever is taken meanwhile, one event sees one library.
        rulebook = self._reloader.rulebook
        entry = self._find_entry(message.call_id, partition)
        prior_state = entry.state
        step = partial(
            advise, prior_state, domain_event, message_id=message.message_id, rulebook=rulebook
        )
        next_state, result = await self._take_step(step, domain_event)
        if next_state is prior_state:
            return
        advised_at = now()
        stages = _stage_timestamps(message)
        posts: list[tuple[KafkaTopic, Message]] = [
            (ALERTS, AlertMessage.of(alert, advised_at=advised_at, **stages))
            # The most severe last: what comes last is on top of the agent's screen.
            for alert in reversed(result.alerts)
        ]
        posts += [(LINE_MARKS, LineMarkMessage.of(mark)) for mark in result.marks]
        if result.mood is not None:
            posts.append((MOODS, MoodMessage.of(result.mood, **stages)))
            MOODS_CHANGED.labels(result.mood.level).inc()
        caller_state, caller_events = callers.update_caller(
            entry.caller_state, message, result.alerts
        )
        if self._context.settings.caller_days:
            posts += [(CALLER_EVENTS, caller_event) for caller_event in caller_events]
        # Out first, written down second: a crash in between repeats the same alerts, by id.
        await self._context.send_all(posts)
        for mark in result.marks:
            if mark.discount is not None:
                LINES_DISCOUNTED.labels(mark.discount).inc()
        if posts:
            observe_stage("advice", stages["read_at"], advised_at)
        for alert in result.alerts:
            ALERTS_FIRED.labels(alert.playbook_id, alert.level).inc()
        if self._entries.get(message.call_id) is entry:
            entry.state, entry.caller_state, entry.last_activity = (
                next_state,
                caller_state,
                time.monotonic(),
            )
            self._table.put(message.call_id, entry.to_json(), partition=partition)

    async def _take_step(
        self, step: Callable[..., tuple[AdviceState, StepResult]], event: Event
    ) -> tuple[AdviceState, StepResult]:
        """One step; a customer's line is judged by what else is known of it.

        What would alert and may be the agent's words waits a moment for the agent's line.
        """
        if not isinstance(event, TranscriptLine) or event.speaker is not Speaker.CUSTOMER:
            return step()
        evidence = await self._witness.find_evidence(event)
        next_state, result = step(evidence=evidence)
        if result.alerts and await self._witness.wait_for_agent(event, evidence):
            return step(evidence=self._witness.add_agent_lines(event, evidence))
        return next_state, result

    def _find_entry(self, call_id: str, partition: int) -> _CallEntry:
        entry = self._entries.get(call_id)
        if entry is None:
            saved = self._table.get(call_id)
            entry = self._entries[call_id] = _CallEntry.restore(partition, saved)
        return entry

    async def expire(self) -> None:
        """Forget calls that ended a while ago, and those that nobody ever ended."""
        current_time = time.monotonic()
        for call_id, entry in list(self._entries.items()):
            if current_time - entry.last_activity > (
                RETENTION_S if entry.has_ended else ABANDONED_TIMEOUT_S
            ):
                del self._entries[call_id]
                self._table.delete(call_id, partition=entry.partition)
        self._table.expire(ABANDONED_TIMEOUT_S, exclude=self._entries)

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another worker's now."""
        revoked = {tp.partition for tp in partitions}
        for call_id, entry in list(self._entries.items()):
            if entry.partition in revoked:
                del self._entries[call_id]


@dataclass(slots=True, eq=False)
class _CallEntry:
    """One call's state here."""

    partition: int
    state: AdviceState
    caller_state: CallerState = field(default_factory=CallerState)
    has_ended: bool = False
    last_activity: float = field(default_factory=time.monotonic)

    def to_json(self) -> dict[str, Any]:
        """As it is written down."""
        return to_json(self.state) | {"calling": callers.to_json(self.caller_state)}

    @classmethod
    def restore(cls, partition: int, saved: dict[str, Any] | None) -> _CallEntry:
        """And read back."""
        if saved is None:
            return cls(partition, AdviceState())
        caller_json = saved.get("calling")  # a worker of an earlier version knew no callers
        caller_state = CallerState() if caller_json is None else callers.from_json(caller_json)
        return cls(partition, from_json(saved), caller_state)


def to_event(message: Message) -> Event | None:
    """What the playbooks see of a message; `None` where they do not look."""
    match message:
        case CallEvent(event="started"):
            return CallStarted(message.call_id, queue=message.queue, language=message.language)
        case TranscriptMessage():
            return message.record if message.record.final else None
        case TurnMessage() | ReadingMessage():
            return message.record
        case ReturningCaller():
            return message.caller_history
        case _:
            return None


def _stage_timestamps(message: Message) -> dict[str, datetime | None]:
    if isinstance(message, StageTimestamps):
        return {
            "heard_at": message.heard_at,
            "found_at": message.found_at,
            "read_at": message.read_at,
        }
    heard_at = getattr(message, "heard_at", None)
    return {"heard_at": heard_at, "found_at": None, "read_at": None}
