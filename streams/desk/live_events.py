"""A message as a live page gets it: rendered like the page itself, so that both look the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from detectors.reading import Modality
from detectors.utterance import TurnKind
from streams.desk.models import (
    AlertShown,
    LineShown,
    MoodShown,
    ReadingShown,
    ReturningShown,
    SealShown,
    StepShown,
    TurnShown,
)
from streams.messages.callers import ReturningCaller
from streams.messages.records import (
    AlertMessage,
    CallEvent,
    EvidenceSealed,
    Feedback,
    MoodMessage,
    ReadingMessage,
    StepDone,
    TranscriptMessage,
    TurnMessage,
)
from streams.store import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.utterance import Language
    from streams.cloudevents import Message
    from streams.site.pages import Pages

Told = dict[str, Any]

SHORT_SILENCE_MS = 5_000
"""Shorter silences are how people talk; the page does not mention them."""


def notable(turn: TurnShown) -> bool:
    """Whether the page mentions a turn: what is said is in the transcript anyway."""
    if turn.kind is TurnKind.SILENCE:
        return turn.end_ms - turn.start_ms >= SHORT_SILENCE_MS
    return turn.kind is TurnKind.TALK_OVER


class Showing:
    """Renders events for one language and one pair of eyes."""

    def __init__(self, pages: Pages, language: Language, *, seats: dict[str, str]) -> None:
        """Render with ``pages``; ``seats`` says whose answers the alert cards show."""
        self._pages = pages
        self._language = language
        self._seats = seats

    @classmethod
    def shows(cls, message: Message) -> bool:
        """Whether a page may have something to show of a message of this kind."""
        return type(message) in cls._KINDS

    def event(self, message: Message) -> tuple[str, Told] | None:
        """The event's name and what it tells; ``None`` where a page has nothing to show."""
        name, tell = self._KINDS.get(type(message), ("", None))
        told = tell(self, message) if tell is not None else None
        return (name, {"call_id": message.call_id} | told) if told is not None else None

    def _call(self, event: CallEvent) -> Told:
        return {"event": event.event, "agent_id": event.agent_id}

    def _line(self, message: TranscriptMessage) -> Told:
        line = LineShown.model_validate(rows.line_row(message))
        html = self._html("line.html", line=line, reading=None)
        return {"id": line.line_id, "at": line.start_ms, "html": html, "final": line.final}

    def _reading(self, message: ReadingMessage) -> Told:
        reading = ReadingShown.model_validate(rows.reading_row(message))
        line = reading.modality is Modality.TEXT
        return {
            "modality": reading.modality.value,
            "at": reading.start_ms,
            "html": self._html("reading.html", reading=reading),
            "chip": self._html("chip.html", reading=reading) if line else "",
        }

    def _mood(self, message: MoodMessage) -> Told:
        mood = MoodShown.model_validate(rows.mood_row(message))
        html = self._html("mood.html", mood=mood)
        return {"number": mood.number, "at": mood.at_ms, "strain": mood.strain, "html": html}

    def _turn(self, message: TurnMessage) -> Told | None:
        turn = TurnShown.model_validate(rows.turn_row(message))
        if not notable(turn):
            return None
        key = f"{turn.kind}-{turn.start_ms}"
        return {"id": key, "at": turn.start_ms, "html": self._html("turn.html", turn=turn)}

    def _alert(self, message: AlertMessage) -> Told:
        alert = AlertShown.model_validate(rows.alert_row(message))
        html = self._html(
            "alert.html", alert=alert, opened=True, current=alert.protocol, **self._seats
        )
        told = {"id": alert.alert_id, "at": alert.at_ms, "level": alert.level.value, "html": html}
        return told | {"sensitive": alert.sensitive.value if alert.sensitive else None}

    def _returning(self, message: ReturningCaller) -> Told:
        returning = ReturningShown.model_validate(rows.returning_row(message))
        return {"html": self._html("returning.html", returning=returning)}

    def _feedback(self, message: Feedback) -> Told:
        verdict = None if message.verdict == "withdrawn" else message.verdict
        return {
            "alert_id": message.alert_id,
            "verdict": verdict,
            "role": message.role,
            "given_by": message.given_by,
        }

    def _step(self, message: StepDone) -> Told:
        one = StepShown.model_validate(rows.step_row(message))
        return {
            "alert_id": message.alert_id,
            "index": one.index,
            "action": one.action.value,
            "state": one.state,
            "role": one.role,
            "given_by": one.given_by,
            "html": self._html("confirmed.html", one=one),
        }

    def _seal(self, message: EvidenceSealed) -> Told:
        fields = message.model_dump() | {"seal_id": message.message_id}
        seal = SealShown.model_validate(fields)
        html, link = (self._html(name, seal=seal) for name in ("seal.html", "sealed.html"))
        return {"id": seal.seal_id, "html": html, "link": link}

    def _html(self, template: str, **values: object) -> str:
        return self._pages.fragment(f"desk/{template}", self._language, **values)

    _KINDS: ClassVar[dict[type[Message], tuple[str, Callable[[Showing, Any], Told | None]]]] = {
        CallEvent: ("call", _call),
        TranscriptMessage: ("line", _line),
        ReadingMessage: ("reading", _reading),
        MoodMessage: ("mood", _mood),
        TurnMessage: ("turn", _turn),
        AlertMessage: ("alert", _alert),
        Feedback: ("feedback", _feedback),
        ReturningCaller: ("returning", _returning),
        StepDone: ("step", _step),
        EvidenceSealed: ("seal", _seal),
    }
