"""Writes what came in over Kafka into the database, each message once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import or_, update

from streams.cloudevents import Message
from streams.desk.clips import forget_clips, keep_clips
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.messages.records import (
    AlertMessage,
    CallEvent,
    Feedback,
    MoodMessage,
    ReadingMessage,
    StepDone,
    TranscriptMessage,
    TurnMessage,
    UtteranceClip,
)
from streams.store import rows
from streams.store.engine import upsert
from streams.store.retention import forget_callers, forget_calls, forget_old_callers
from streams.store.tables import (
    ALERTS,
    CALLS,
    FEEDBACK,
    MOODS,
    READINGS,
    RETURNING,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival
    from streams.store.rows import Row

AnyMessage = TypeVar("AnyMessage", bound=Message)

LOST_AFTER = timedelta(minutes=30)
"""A call of which nothing was heard for so long is over, though nobody said so."""


def keep(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write a batch. The same batch twice leaves the same rows."""
    _keep_calls(connection, arrivals)
    upsert(
        connection,
        TRANSCRIPT_LINES,
        [rows.line_row(m) for m in _of(arrivals, TranscriptMessage)],
        when=lambda new: or_(~TRANSCRIPT_LINES.c.final, new["final"]),
    )
    upsert(connection, READINGS, [rows.reading_row(m) for m in _of(arrivals, ReadingMessage)])
    upsert(connection, MOODS, [rows.mood_row(m) for m in _of(arrivals, MoodMessage)])
    upsert(connection, TURNS, [rows.turn_row(m) for m in _of(arrivals, TurnMessage)])
    upsert(connection, ALERTS, [rows.alert_row(m) for m in _of(arrivals, AlertMessage)])
    _keep_callers(connection, arrivals)
    keep_feedback(connection, _of(arrivals, Feedback))
    keep_steps(connection, _of(arrivals, StepDone))
    clips = [arrival for arrival in arrivals if isinstance(arrival.message, UtteranceClip)]
    keep_clips(connection, clips, settings)


def keep_feedback(connection: Connection, answers: Sequence[Feedback]) -> None:
    """Write answers; an older one never replaces a newer one."""
    upsert(
        connection,
        FEEDBACK,
        [rows.feedback_row(answer) for answer in answers],
        when=lambda new: new["at"] >= FEEDBACK.c["at"],
    )


def keep_steps(connection: Connection, confirmed: Sequence[StepDone]) -> None:
    """Write confirmations; an older one of the same person never replaces a newer one."""
    upsert(
        connection,
        STEPS,
        [rows.step_row(one) for one in confirmed],
        when=lambda new: new["at"] >= STEPS.c["at"],
    )


def sweep(connection: Connection, now: datetime, settings: Settings) -> None:
    """End the calls nobody ended, and delete the clips and the calls whose days are over."""
    connection.execute(
        update(CALLS)
        .where(CALLS.c.ended_at.is_(None), CALLS.c.seen_at < now - LOST_AFTER)
        .values(ended_at=CALLS.c.seen_at)
    )
    forget_clips(connection, now, settings)
    forget_calls(connection, now, settings)
    forget_old_callers(connection, now, settings)


def _keep_calls(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    seen: dict[str, Row] = {}
    for arrival in arrivals:
        if isinstance(arrival.message, CallerEvent):
            continue  # late, or of no call
        row = seen.setdefault(
            arrival.message.call_id, {"call_id": arrival.message.call_id, "seen_at": arrival.at}
        )
        row["seen_at"] = max(row["seen_at"], arrival.at)
        if isinstance(arrival.message, CallEvent):
            _keep_call_event(connection, arrival.message, arrival.at)
    upsert(
        connection,
        CALLS,
        list(seen.values()),
        only={"seen_at"},
        when=lambda new: new["seen_at"] > CALLS.c.seen_at,
    )


def _keep_callers(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    told = [rows.returning_row(message) for message in _of(arrivals, ReturningCaller)]
    upsert(connection, RETURNING, told)
    gone = {one.caller for one in _of(arrivals, CallerEvent) if one.event == "forgotten"}
    if gone:
        forget_callers(connection, gone)


def _keep_call_event(connection: Connection, event: CallEvent, seen_at: datetime) -> None:
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
        started = row | {"started_at": event.at}
        upsert(connection, CALLS, [started], only=set(started) - {"seen_at"})
    else:
        ended = {"ended_at": event.at, "duration_ms": event.duration_ms}
        upsert(connection, CALLS, [row | ended], only=ended)


def _of(arrivals: Sequence[Arrival], kind: type[AnyMessage]) -> list[AnyMessage]:
    return [a.message for a in arrivals if isinstance(a.message, kind)]
