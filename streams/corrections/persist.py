"""Keeps the queue and the corrections up to date with what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, select, update

from detectors.labels import Emotion
from detectors.reading import Modality
from detectors.utterance import Span
from streams.corrections.segments import CalledWrong, Cause, Read, Segment, segments_of, settled
from streams.messages.records import AlertMessage, CallEvent, Correction, Feedback, ReadingMessage
from streams.metrics import QUEUE_LENGTH
from streams.store.engine import upsert
from streams.store.tables import ALERTS, CALLS, CORRECTIONS, FEEDBACK, READINGS, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival

SIFTED_AT_ONCE = 200
_ALWAYS = (Feedback, Correction, CallEvent)
_WHEN_OVER = (ReadingMessage, AlertMessage)


def keep(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write corrections, and work out anew the segments of the calls that this changes.

    A live call's uncertain readings wait until it is over: the queue is for afterwards, and
    every reading would change it. What is called wrong is there at once.
    """
    del settings
    messages = [arrival.message for arrival in arrivals]
    keep_corrections(connection, [m for m in messages if isinstance(m, Correction)])
    changed = {m.call_id for m in messages if isinstance(m, _ALWAYS)}
    maybe = {m.call_id for m in messages if isinstance(m, _WHEN_OVER)} - changed
    calls = changed | _worth_it(connection, maybe)
    for call_id in sorted(calls):
        refresh(connection, call_id)
    if calls:
        QUEUE_LENGTH.set(waiting(connection))


def keep_corrections(connection: Connection, corrections: Sequence[Correction]) -> None:
    """Write answers; an older one of the same trainer never replaces a newer one."""
    rows = [
        {"correction_id": one.message_id}
        | one.model_dump(mode="json", exclude={"at"})
        | {"at": one.at}
        for one in corrections
    ]
    upsert(connection, CORRECTIONS, rows, when=lambda new: new["at"] >= CORRECTIONS.c["at"])


def refresh(connection: Connection, call_id: str) -> None:
    """Work out a call's segments anew."""
    over = connection.scalar(select(CALLS.c.ended_at).where(CALLS.c.call_id == call_id))
    found = segments_of(call_id, _reads(connection, call_id), _called_wrong(connection, call_id))
    if over is None:
        found = [one for one in found if one.cause is Cause.CALLED_WRONG]
    else:
        sifted = update(CALLS).where(CALLS.c.call_id == call_id)
        connection.execute(sifted.values(sifted_at=CALLS.c.ended_at))
    _replace(connection, call_id, found, _answered(connection, call_id))


def waiting(connection: Connection) -> int:
    """How many segments wait for a trainer."""
    open_ones = select(func.count()).select_from(SEGMENTS).where(~SEGMENTS.c.done)
    return connection.scalar(open_ones) or 0


def sweep(connection: Connection, now: datetime, settings: Settings) -> None:
    """Go through the calls that are over although nobody said so."""
    del now, settings
    unsifted = select(CALLS.c.call_id).where(
        CALLS.c.ended_at.is_not(None), CALLS.c.sifted_at.is_(None)
    )
    for call_id in list(connection.scalars(unsifted.limit(SIFTED_AT_ONCE))):
        refresh(connection, call_id)
    QUEUE_LENGTH.set(waiting(connection))


def _worth_it(connection: Connection, call_ids: set[str]) -> set[str]:
    """Those that are over, or have an answer to an alert that may just have arrived."""
    if not call_ids:
        return set()
    over = select(CALLS.c.call_id).where(
        CALLS.c.call_id.in_(call_ids), CALLS.c.ended_at.is_not(None)
    )
    answered = select(FEEDBACK.c.call_id).where(FEEDBACK.c.call_id.in_(call_ids))
    return set(connection.scalars(over)) | set(connection.scalars(answered))


def _reads(connection: Connection, call_id: str) -> list[Read]:
    wanted = select(READINGS).where(READINGS.c.call_id == call_id)
    return [
        Read(
            reading_id=row.reading_id,
            span=Span(row.start_ms, row.end_ms),
            modality=Modality(row.modality),
            label=Emotion(row.label),
            confidence=row.confidence,
            abstained=row.abstained,
        )
        for row in connection.execute(wanted.order_by(READINGS.c.start_ms, READINGS.c.reading_id))
    ]


def _called_wrong(connection: Connection, call_id: str) -> list[CalledWrong]:
    wanted = (
        select(ALERTS.c.at_ms, ALERTS.c.cause_ids)
        .join(FEEDBACK, and_(FEEDBACK.c.alert_id == ALERTS.c.alert_id))
        .where(ALERTS.c.call_id == call_id, FEEDBACK.c.verdict == "wrong")
    )
    return [
        CalledWrong(at_ms=row.at_ms, cause_ids=tuple(row.cause_ids))
        for row in connection.execute(wanted)
    ]


def _answered(connection: Connection, call_id: str) -> list[Span]:
    wanted = select(CORRECTIONS.c.start_ms, CORRECTIONS.c.end_ms)
    rows = connection.execute(wanted.where(CORRECTIONS.c.call_id == call_id))
    return [Span(row.start_ms, row.end_ms) for row in rows]


def _replace(
    connection: Connection, call_id: str, found: Sequence[Segment], answered: Sequence[Span]
) -> None:
    """Segments that are no longer worth it leave, unless they were answered."""
    keep_ids = [one.segment_id for one in found]
    connection.execute(
        delete(SEGMENTS).where(
            SEGMENTS.c.call_id == call_id,
            SEGMENTS.c.segment_id.not_in(keep_ids),
            ~SEGMENTS.c.done,
        )
    )
    upsert(connection, SEGMENTS, list(_rows(found, answered)))


def _rows(found: Iterable[Segment], answered: Sequence[Span]) -> Iterable[dict[str, object]]:
    for one in found:
        yield {
            "segment_id": one.segment_id,
            "call_id": one.call_id,
            "start_ms": one.span.start_ms,
            "end_ms": one.span.end_ms,
            "cause": one.cause.value,
            "urgency": one.urgency,
            "voice_id": one.voice_id,
            "text_id": one.text_id,
            "done": settled(one, answered),
        }
