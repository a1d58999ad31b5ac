"""Messages as rows of the database: one mapping for all of them. Pure.

A row has the fields that its table has columns for, by the same names as on the wire. What a table
leaves out is listed in `NOT_STORED`, and a test holds that nothing else is lost on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
from streams.messages.callers import ReturningCaller
from streams.messages.calls import LineMarkMessage, TranscriptMessage, TurnMessage
from streams.messages.corrections import Correction
from streams.messages.evidence import EvidenceSeal
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.store.tables import (
    ALERTS,
    CORRECTIONS,
    FEEDBACK,
    LINE_MARKS,
    MOODS,
    READINGS,
    RETURNING_CALLERS,
    SEALS,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
    Instant,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Table

    from streams.cloudevents import Message

Row = dict[str, Any]

RECORD_TABLES: Mapping[type[Message], Table] = {
    TranscriptMessage: TRANSCRIPT_LINES,
    LineMarkMessage: LINE_MARKS,
    ReadingMessage: READINGS,
    MoodMessage: MOODS,
    TurnMessage: TURNS,
    AlertMessage: ALERTS,
    ReturningCaller: RETURNING_CALLERS,
    Feedback: FEEDBACK,
    StepConfirmation: STEPS,
    EvidenceSeal: SEALS,
    Correction: CORRECTIONS,
}
"""Where each kind of record is stored, under its ``record_id``."""

_STAGES = "when it passed the stages of the pipeline is for metrics, and of the moment"
NOT_STORED: Mapping[str, str] = {"heard_at": _STAGES, "found_at": _STAGES, "read_at": _STAGES}
"""Fields that no table has a column for, each with the reason."""


def to_row(message: Message) -> Row:
    """The row of one of `RECORD_TABLES`; whatever the time zone, instants are instants."""
    table = RECORD_TABLES[type(message)]
    (key,) = table.primary_key
    fields = message.model_dump(mode="json")
    row = {column.name: fields[column.name] for column in table.c if column.name in fields}
    instants = [column.name for column in table.c if isinstance(column.type, Instant)]
    row |= {name: getattr(message, name) for name in instants}
    return {key.name: message.record_id} | row


def to_rows(messages: Iterable[Message]) -> list[Row]:
    """A row of each, in the same order."""
    return [to_row(message) for message in messages]
