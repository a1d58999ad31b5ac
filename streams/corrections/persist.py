"""Keeps the queue and the corrections up to date with what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, select, update

from detectors.utterance import TimeSpan, TurnKind
from streams.corrections.segments import (
    Cause,
    DisputedAlert,
    Segment,
    find_segments,
    is_answered,
)
from streams.messages.alerts import AlertMessage, Feedback
from streams.messages.calls import CallEvent, TurnMessage
from streams.messages.corrections import Correction
from streams.messages.readings import ReadingMessage
from streams.metrics import QUEUE_LENGTH
from streams.store.engine import upsert
from streams.store.rows import to_rows
from streams.store.tables import ALERTS, CALLS, CORRECTIONS, FEEDBACK, READINGS, SEGMENTS, TURNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from detectors.reading import Reading
    from streams.settings import Settings
    from streams.site.feature import Arrival

REBUILD_BATCH_SIZE = 200
_REBUILD_TRIGGERS = (Feedback, Correction, CallEvent)
_ENDED_CALL_TRIGGERS = (ReadingMessage, AlertMessage)


def persist(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write corrections, and work out anew the segments of the calls that this changes.

    A live call's uncertain readings wait until it is over: the queue is for afterwards, and
    every reading would change it. What is called wrong is there at once.
    """
    del settings
    messages = [arrival.message for arrival in arrivals]
    persist_corrections(connection, [m for m in messages if isinstance(m, Correction)])
    changed = {m.call_id for m in messages if isinstance(m, _REBUILD_TRIGGERS)}
    candidates = {m.call_id for m in messages if isinstance(m, _ENDED_CALL_TRIGGERS)} - changed
    calls = changed | _find_calls_to_rebuild(connection, candidates)
    for call_id in sorted(calls):
        rebuild_segments(connection, call_id)
    if calls:
        QUEUE_LENGTH.set(count_waiting(connection))


def persist_corrections(connection: Connection, corrections: Sequence[Correction]) -> None:
    """Write answers; an older one of the same trainer never replaces a newer one."""
    upsert(
        connection,
        CORRECTIONS,
        to_rows(corrections),
        when=lambda new: new["at"] >= CORRECTIONS.c["at"],
    )


def rebuild_segments(connection: Connection, call_id: str) -> None:
    """Work out a call's segments anew."""
    call = connection.execute(
        select(CALLS.c.ended_at, CALLS.c.channel_fault).where(CALLS.c.call_id == call_id)
    ).one_or_none()
    ended_at = call.ended_at if call is not None else None
    segments = find_segments(
        call_id, _load_readings(connection, call_id), _load_disputed_alerts(connection, call_id)
    )
    if call is not None and call.channel_fault is not None:
        segments = []  # whose voice it is nobody knows, a trainer neither
    if ended_at is None:
        segments = [segment for segment in segments if segment.cause is Cause.CALLED_WRONG]
    else:
        statement = update(CALLS).where(CALLS.c.call_id == call_id)
        connection.execute(statement.values(sifted_at=CALLS.c.ended_at))
    _replace_segments(connection, call_id, segments, _load_answered_spans(connection, call_id))


def count_waiting(connection: Connection) -> int:
    """How many segments wait for a trainer."""
    query = select(func.count()).select_from(SEGMENTS).where(~SEGMENTS.c.done)
    return connection.scalar(query) or 0


def expire(connection: Connection, now: datetime, settings: Settings) -> None:
    """Go through the calls that are over although nobody said so."""
    del now, settings
    query = select(CALLS.c.call_id).where(
        CALLS.c.ended_at.is_not(None), CALLS.c.sifted_at.is_(None)
    )
    for call_id in list(connection.scalars(query.limit(REBUILD_BATCH_SIZE))):
        rebuild_segments(connection, call_id)
    QUEUE_LENGTH.set(count_waiting(connection))


def _find_calls_to_rebuild(connection: Connection, call_ids: set[str]) -> set[str]:
    """Those that are over, or have an answer to an alert that may just have arrived."""
    if not call_ids:
        return set()
    ended_query = select(CALLS.c.call_id).where(
        CALLS.c.call_id.in_(call_ids), CALLS.c.ended_at.is_not(None)
    )
    feedback_query = select(FEEDBACK.c.call_id).where(FEEDBACK.c.call_id.in_(call_ids))
    return set(connection.scalars(ended_query)) | set(connection.scalars(feedback_query))


def _load_readings(connection: Connection, call_id: str) -> list[Reading]:
    query = select(READINGS).where(READINGS.c.call_id == call_id)
    rows = connection.execute(query.order_by(READINGS.c.start_ms, READINGS.c.reading_id)).mappings()
    return [ReadingMessage.model_validate(dict(row)).record for row in rows]


def _load_disputed_alerts(connection: Connection, call_id: str) -> list[DisputedAlert]:
    query = (
        select(ALERTS.c.at_ms, ALERTS.c.cause_ids)
        .join(FEEDBACK, and_(FEEDBACK.c.alert_id == ALERTS.c.alert_id))
        .where(ALERTS.c.call_id == call_id, FEEDBACK.c.verdict == "wrong")
    )
    timing_ids = _load_turn_ids(connection, call_id)
    return [
        DisputedAlert(
            at_ms=row.at_ms,
            cause_ids=tuple(row.cause_ids),
            is_about_timing=not timing_ids.isdisjoint(row.cause_ids),
        )
        for row in connection.execute(query)
    ]


def _load_turn_ids(connection: Connection, call_id: str) -> set[str]:
    """The silences and the talk-over of a call, as alerts name them."""
    query = select(TURNS).where(TURNS.c.call_id == call_id, TURNS.c.kind != TurnKind.SPEECH.value)
    rows = connection.execute(query).mappings()
    return {TurnMessage.model_validate(dict(row)).record.event_id for row in rows}


def _load_answered_spans(connection: Connection, call_id: str) -> list[TimeSpan]:
    query = select(CORRECTIONS.c.start_ms, CORRECTIONS.c.end_ms)
    rows = connection.execute(query.where(CORRECTIONS.c.call_id == call_id))
    return [TimeSpan(row.start_ms, row.end_ms) for row in rows]


def _replace_segments(
    connection: Connection,
    call_id: str,
    segments: Sequence[Segment],
    answered_spans: Sequence[TimeSpan],
) -> None:
    """Segments that are no longer worth it leave, unless they were answered."""
    keep_ids = [segment.segment_id for segment in segments]
    connection.execute(
        delete(SEGMENTS).where(
            SEGMENTS.c.call_id == call_id,
            SEGMENTS.c.segment_id.not_in(keep_ids),
            ~SEGMENTS.c.done,
        )
    )
    upsert(connection, SEGMENTS, list(_segment_rows(segments, answered_spans)))


def _segment_rows(
    segments: Iterable[Segment], answered_spans: Sequence[TimeSpan]
) -> Iterable[dict[str, object]]:
    for segment in segments:
        yield {
            "segment_id": segment.segment_id,
            "call_id": segment.call_id,
            "start_ms": segment.span.start_ms,
            "end_ms": segment.span.end_ms,
            "cause": segment.cause.value,
            "urgency": segment.urgency,
            "voice_id": segment.voice_id,
            "text_id": segment.text_id,
            "done": is_answered(segment, answered_spans),
        }
