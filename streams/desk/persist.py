"""Writes what came in over Kafka into the database, each message once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import delete, exists, or_, update

from streams.cloudevents import Message
from streams.desk.clips import persist_clips
from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.messages.calls import (
    CallEvent,
    LineMarkMessage,
    TranscriptMessage,
    TurnMessage,
    UtteranceClip,
)
from streams.messages.channels import ChannelFaultMessage
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.store.engine import upsert
from streams.store.retention.call_rows import delete_callers
from streams.store.rows import RECORD_TABLES, to_rows
from streams.store.tables import (
    CALLS,
    FEEDBACK,
    RETURNING_CALLERS,
    STEPS,
    TRANSCRIPT_LINES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival
    from streams.store.rows import Row

AnyMessage = TypeVar("AnyMessage", bound=Message)

CALL_TIMEOUT = timedelta(minutes=30)
"""A call of which nothing was heard for so long is over, though nobody said so."""


def persist(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write a batch. The same batch twice leaves the same rows."""
    _persist_calls(connection, arrivals)
    upsert(
        connection,
        TRANSCRIPT_LINES,
        to_rows(_messages_of(arrivals, TranscriptMessage)),
        when=lambda new: or_(~TRANSCRIPT_LINES.c.final, new["final"]),
    )
    _delete_partial_lines(connection, arrivals)
    for message_type in (LineMarkMessage, ReadingMessage, MoodMessage, TurnMessage, AlertMessage):
        table_rows = to_rows(_messages_of(arrivals, message_type))
        upsert(connection, RECORD_TABLES[message_type], table_rows)
    _persist_callers(connection, arrivals)
    persist_feedback(connection, _messages_of(arrivals, Feedback))
    persist_steps(connection, _messages_of(arrivals, StepConfirmation))
    clips = [arrival for arrival in arrivals if isinstance(arrival.message, UtteranceClip)]
    persist_clips(connection, clips, settings)


def _delete_partial_lines(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """What a final line replaces. What it does not, by its id, the pages leave out by its time."""
    lines = [message.record for message in _messages_of(arrivals, TranscriptMessage)]
    partial_ids = {line.partial_id for line in lines}
    finals = TRANSCRIPT_LINES.alias()
    has_final = exists().where(
        finals.c.final,
        finals.c.call_id == TRANSCRIPT_LINES.c.call_id,
        finals.c.speaker == TRANSCRIPT_LINES.c.speaker,
        finals.c.source_id == TRANSCRIPT_LINES.c.source_id,
        or_(finals.c.source_id != "", finals.c.start_ms == TRANSCRIPT_LINES.c.start_ms),
    )
    if partial_ids:
        connection.execute(
            delete(TRANSCRIPT_LINES).where(
                TRANSCRIPT_LINES.c.line_id.in_(partial_ids), ~TRANSCRIPT_LINES.c.final, has_final
            )
        )


def persist_feedback(connection: Connection, feedback: Sequence[Feedback]) -> None:
    """Write answers; an older one never replaces a newer one."""
    upsert(
        connection,
        FEEDBACK,
        to_rows(feedback),
        when=lambda new: new["at"] >= FEEDBACK.c["at"],
    )


def persist_steps(connection: Connection, steps: Sequence[StepConfirmation]) -> None:
    """Write confirmations; an older one of the same person never replaces a newer one."""
    upsert(
        connection,
        STEPS,
        to_rows(steps),
        when=lambda new: new["at"] >= STEPS.c["at"],
    )


def expire(connection: Connection, now: datetime, settings: Settings) -> None:
    """End the calls nobody ended."""
    del settings
    connection.execute(
        update(CALLS)
        .where(CALLS.c.ended_at.is_(None), CALLS.c.seen_at < now - CALL_TIMEOUT)
        .values(ended_at=CALLS.c.seen_at)
    )


def _persist_calls(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    call_rows: dict[str, Row] = {}
    for arrival in arrivals:
        if isinstance(arrival.message, CallerEvent):
            continue  # late, or of no call
        row = call_rows.setdefault(
            arrival.message.call_id, {"call_id": arrival.message.call_id, "seen_at": arrival.at}
        )
        row["seen_at"] = max(row["seen_at"], arrival.at)
        if isinstance(arrival.message, CallEvent):
            _persist_call_event(connection, arrival.message, arrival.at)
        elif isinstance(arrival.message, ChannelFaultMessage):
            _persist_channel_fault(connection, arrival.message, arrival.at)
    upsert(
        connection,
        CALLS,
        list(call_rows.values()),
        only={"seen_at"},
        when=lambda new: new["seen_at"] > CALLS.c.seen_at,
    )


def _persist_callers(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    upsert(connection, RETURNING_CALLERS, to_rows(_messages_of(arrivals, ReturningCaller)))
    deleted_callers = {
        event.caller for event in _messages_of(arrivals, CallerEvent) if event.event == "forgotten"
    }
    if deleted_callers:
        delete_callers(connection, deleted_callers)


def _persist_call_event(connection: Connection, event: CallEvent, seen_at: datetime) -> None:
    """A start says everything but the end, an end says only the end: either may come first."""
    row: Row = {
        "call_id": event.call_id,
        "agent_id": event.agent_id,
        "queue": event.queue,
        "language": event.language.value,
        "caller": event.caller,
        "notice_given": event.notice_given,
        "analysis_consent": event.analysis_consent,
        "recording_consent": event.recording_consent,
        "seen_at": seen_at,
    }
    if event.event == "started":
        start_row = row | {"started_at": event.at}
        upsert(connection, CALLS, [start_row], only=set(start_row) - {"seen_at"})
    else:
        end_values = {"ended_at": event.at, "duration_ms": event.duration_ms}
        upsert(connection, CALLS, [row | end_values], only=end_values)


def _persist_channel_fault(
    connection: Connection, message: ChannelFaultMessage, seen_at: datetime
) -> None:
    """It stays with the call, whatever comes behind it."""
    row: Row = {
        "call_id": message.call_id,
        "seen_at": seen_at,
        "channel_fault": message.record.kind.value,
    }
    upsert(connection, CALLS, [row], only={"channel_fault"})


def _messages_of(arrivals: Sequence[Arrival], kind: type[AnyMessage]) -> list[AnyMessage]:
    return [a.message for a in arrivals if isinstance(a.message, kind)]
