"""Messages as rows of the database. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.ids import join_id
from streams.store.tables import ALERTS, FEEDBACK, MOODS, READINGS, RETURNING_CALLERS, STEPS, TURNS

if TYPE_CHECKING:
    from sqlalchemy import Table

    from streams.cloudevents import Message
    from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
    from streams.messages.callers import ReturningCaller
    from streams.messages.calls import TranscriptMessage, TurnMessage
    from streams.messages.readings import MoodMessage, ReadingMessage

Row = dict[str, Any]


def line_row(message: TranscriptMessage) -> Row:
    """Partial and final line share a row: the final one replaces what came before."""
    return {
        "line_id": join_id(message.call_id, message.speaker, message.start_ms, "line"),
        "call_id": message.call_id,
        "start_ms": message.start_ms,
        "end_ms": message.end_ms,
        "speaker": message.speaker.value,
        "text": message.text,
        "final": message.final,
        "language": message.language.value,
    }


def reading_row(message: ReadingMessage) -> Row:
    """Without the stages: those are for metrics."""
    return {"reading_id": message.message_id} | _columns(READINGS, message)


def mood_row(message: MoodMessage) -> Row:
    """Without the stages."""
    return {"mood_id": message.message_id} | _columns(MOODS, message)


def turn_row(message: TurnMessage) -> Row:
    """Timing only."""
    return {"turn_id": message.message_id} | _columns(TURNS, message)


def alert_row(message: AlertMessage) -> Row:
    """With the words of that moment, so that a changed playbook changes no past alert."""
    fields = _columns(ALERTS, message)
    return {"alert_id": message.message_id} | fields | {"advised_at": message.advised_at}


def returning_row(message: ReturningCaller) -> Row:
    """The earlier calls, as they were told at this call's start."""
    fields = _columns(RETURNING_CALLERS, message)
    return {"returning_id": message.message_id} | fields | {"at": message.at}


def feedback_row(message: Feedback) -> Row:
    """One row per person and alert."""
    fields = _columns(FEEDBACK, message)
    return {"feedback_id": message.message_id} | fields | {"at": message.at}


def step_row(message: StepConfirmation) -> Row:
    """One row per person and step."""
    return {"step_id": message.message_id} | _columns(STEPS, message) | {"at": message.at}


def _columns(table: Table, message: Message) -> Row:
    """The fields that the table keeps, as plain values."""
    return message.model_dump(mode="json", include={column.name for column in table.c})
