"""A message as a live page gets it: rendered like the page itself, so that both look the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from detectors.reading import Modality
from detectors.utterance import TurnKind
from streams.desk.models import (
    AlertView,
    ReturningCallerView,
    SealView,
    StepView,
)
from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
from streams.messages.callers import ReturningCaller
from streams.messages.calls import CallEvent, LineMarkMessage, TranscriptMessage, TurnMessage
from streams.messages.channels import ChannelFaultMessage
from streams.messages.evidence import EvidenceSeal
from streams.messages.readings import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.utterance import Language, Turn
    from streams.cloudevents import Message
    from streams.site.pages import Pages

EventData = dict[str, Any]

MIN_NOTABLE_MS = {
    TurnKind.SILENCE: 5_000,
    TurnKind.TALK_OVER: 0,
    TurnKind.TONE: 500,
    TurnKind.MUSIC: 1_000,
    TurnKind.NOISE: 3_000,
}
"""Shorter silences are how people talk, shorter noises a cough or a door: not worth a row.
What is said is in the transcript anyway."""


def is_notable(turn: Turn) -> bool:
    """Whether the page mentions a turn."""
    min_ms = MIN_NOTABLE_MS.get(turn.kind)
    return min_ms is not None and turn.span.duration_ms >= min_ms


class LiveEventRenderer:
    """Renders events for one language and one pair of eyes."""

    def __init__(self, pages: Pages, language: Language, *, viewer: dict[str, str]) -> None:
        """Render with ``pages``; ``viewer`` says whose answers the alert cards show."""
        self._pages = pages
        self._language = language
        self._viewer = viewer

    @classmethod
    def message_types(cls) -> frozenset[type[Message]]:
        """The kinds of messages of which a page may have something to show."""
        return frozenset(cls._RENDERERS)

    def render(self, message: Message) -> tuple[str, EventData] | None:
        """The event's name and what it tells; ``None`` where a page has nothing to show."""
        name, renderer = self._RENDERERS.get(type(message), ("", None))
        data = renderer(self, message) if renderer is not None else None
        return (name, {"call_id": message.call_id} | data) if data is not None else None

    def _call(self, event: CallEvent) -> EventData:
        return {"event": event.event, "agent_id": event.agent_id}

    def _line(self, message: TranscriptMessage) -> EventData:
        line = message.record
        html = self._html("line.html", line=line, reading=None, discount=None)
        return {
            "id": line.line_id,
            "partial_id": line.partial_id,
            "speaker": line.speaker.value,
            "at": line.span.start_ms,
            "until": line.span.end_ms,
            "html": html,
            "final": line.final,
        }

    def _mark(self, message: LineMarkMessage) -> EventData:
        mark = message.record
        reason = self._html("discount.html", discount=mark.discount) if mark.discount else ""
        return {"id": mark.line_id, "replaces": list(mark.replaces), "reason": reason}

    def _reading(self, message: ReadingMessage) -> EventData:
        reading = message.record
        is_text = reading.modality is Modality.TEXT
        return {
            "modality": reading.modality.value,
            "at": reading.span.start_ms,
            "lines": list(reading.line_ids),
            "html": self._html("reading.html", reading=reading),
            "chip": self._html("chip.html", reading=reading) if is_text else "",
        }

    def _mood(self, message: MoodMessage) -> EventData:
        mood = message.record
        html = self._html("mood.html", mood=mood)
        return {"number": mood.number, "at": mood.at_ms, "strain": mood.strain, "html": html}

    def _channels(self, message: ChannelFaultMessage) -> EventData:
        fault = message.record.kind
        note, mood = (
            self._html(name, fault=fault) for name in ("channel_fault.html", "no_mood.html")
        )
        return {"kind": fault.value, "html": note, "mood": mood}

    def _turn(self, message: TurnMessage) -> EventData | None:
        turn = message.record
        if not is_notable(turn):
            return None
        start_ms, end_ms = turn.span.start_ms, turn.span.end_ms
        key = f"{turn.kind}-{turn.speaker or 'both'}-{start_ms}"
        html = self._html("turn.html", turn=turn)
        return {"id": key, "at": start_ms, "until": end_ms, "html": html}

    def _alert(self, message: AlertMessage) -> EventData:
        alert, fired = AlertView.of(message), message.record
        html = self._html(
            "alert.html", alert=alert, opened=True, current=alert.protocol, **self._viewer
        )
        data = {"id": fired.alert_id, "at": fired.at_ms, "level": fired.level.value, "html": html}
        return data | {"sensitive": fired.sensitive.value if fired.sensitive else None}

    def _returning(self, message: ReturningCaller) -> EventData:
        returning = ReturningCallerView.model_validate(message.model_dump())
        return {"html": self._html("returning.html", returning=returning)}

    def _feedback(self, message: Feedback) -> EventData:
        verdict = None if message.verdict == "withdrawn" else message.verdict
        return {
            "alert_id": message.alert_id,
            "verdict": verdict,
            "role": message.role,
            "given_by": message.given_by,
        }

    def _step(self, message: StepConfirmation) -> EventData:
        step = StepView.model_validate(message.model_dump())
        return {
            "alert_id": message.alert_id,
            "index": step.index,
            "action": step.action.value,
            "state": step.state,
            "role": step.role,
            "given_by": step.given_by,
            "html": self._html("confirmed.html", one=step),
        }

    def _seal(self, message: EvidenceSeal) -> EventData:
        seal = SealView.model_validate(message.model_dump())
        html, link = (self._html(name, seal=seal) for name in ("seal.html", "sealed.html"))
        return {"id": message.message_id, "html": html, "link": link}

    def _html(self, template: str, **values: object) -> str:
        return self._pages.render_fragment(f"desk/{template}", self._language, **values)

    _RENDERERS: ClassVar[
        dict[type[Message], tuple[str, Callable[[LiveEventRenderer, Any], EventData | None]]]
    ] = {
        CallEvent: ("call", _call),
        TranscriptMessage: ("line", _line),
        LineMarkMessage: ("mark", _mark),
        ReadingMessage: ("reading", _reading),
        MoodMessage: ("mood", _mood),
        TurnMessage: ("turn", _turn),
        ChannelFaultMessage: ("channels", _channels),
        AlertMessage: ("alert", _alert),
        Feedback: ("feedback", _feedback),
        ReturningCaller: ("returning", _returning),
        StepConfirmation: ("step", _step),
        EvidenceSeal: ("seal", _seal),
    }
