"""What the engine is told: the detectors' values, and that a call began."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from detectors.mood import Mood
from detectors.reading import Reading
from detectors.record_ids import join_id
from detectors.utterance import Language, TranscriptLine, Turn

if TYPE_CHECKING:
    from playbooks.sensitivity import SensitivityKind


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The facts of a call that do not change while it lasts.

    Attributes:
        queue: name of the queue the call came through, empty where there is none.
        language: what it is held in.
    """

    call_id: str
    queue: str = ""
    language: Language = Language.KOREAN


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call of the same caller, before this one.

    Attributes:
        ago_ms: how long before this call's start it began.
        kinds: what kinds of sensitive customer it was found to be.
    """

    ago_ms: int
    kinds: frozenset[SensitivityKind] = frozenset()


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """The caller has called before. Known by a keyed hash of the number, never the number.

    Attributes:
        earlier_calls: the earlier calls, the newest first.
    """

    call_id: str
    earlier_calls: tuple[EarlierCall, ...]


Event: TypeAlias = CallStarted | CallerIdentified | Reading | Mood | TranscriptLine | Turn


class EventKind(StrEnum):
    """What an event is; a playbook names the kinds that can change its mind."""

    CALL = "call"
    CALLER = "caller"
    READING = "reading"
    MOOD = "mood"
    LINE = "line"
    TURN = "turn"


_KINDS: dict[type[Event], EventKind] = {
    CallStarted: EventKind.CALL,
    CallerIdentified: EventKind.CALLER,
    Reading: EventKind.READING,
    Mood: EventKind.MOOD,
    TranscriptLine: EventKind.LINE,
    Turn: EventKind.TURN,
}


def event_kind(event: Event) -> EventKind:
    """Which kind of event this is."""
    return _KINDS[type(event)]


def event_id(event: Event) -> str:
    """Deterministic: the same event told twice has the same id.

    A silence or an overlap that grows keeps its id (its start): it is one silence.
    """
    match event:
        case Reading():
            return event.reading_id
        case Mood():
            return event.mood_id
        case TranscriptLine():
            return event.line_id
        case Turn():
            return event.event_id
        case CallStarted():
            return join_id(event.call_id, "call")
        case CallerIdentified():
            return join_id(event.call_id, "caller")


def event_ids(event: Event) -> tuple[str, ...]:
    """Every id under which an event may have come before: a line that is told again has several."""
    if isinstance(event, TranscriptLine):
        return (*event.thread.earlier_ids, event.line_id)
    return (event_id(event),)


def event_time(event: Event) -> int:
    """When the event was complete, in ms since the call's start: the engine's ``now``."""
    match event:
        case Mood():
            return event.at_ms
        case CallStarted() | CallerIdentified():
            return 0
        case _:
            return event.span.end_ms
