"""Reads from the database what trainers see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from detectors.utterance import Span, Speaker
from streams.corrections.models import (
    ClipState,
    CorrectionShown,
    CorrectionsPage,
    EstimateShown,
    QueuePage,
    SegmentDetail,
    SegmentShown,
    WordsShown,
)
from streams.store.tables import CALLS, CLIPS, CORRECTIONS, READINGS, SEGMENTS, TRANSCRIPT_LINES

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.settings import Settings

AROUND_MS = 25_000
"""How much of the conversation before and after a segment is shown."""

_WORST_FIRST = (SEGMENTS.c.urgency.desc(), SEGMENTS.c.segment_id)


def queue_page(connection: Connection, *, offset: int = 0, limit: int = 50) -> QueuePage:
    """Segments that wait, worst first."""
    wanted = select(SEGMENTS).where(~SEGMENTS.c.done)
    rows = connection.execute(wanted.order_by(*_WORST_FIRST).offset(offset).limit(limit)).mappings()
    return QueuePage(
        segments=[SegmentShown.model_validate(dict(row)) for row in rows],
        total=_count(connection, wanted),
        offset=offset,
        limit=limit,
    )


def corrections_page(
    connection: Connection, *, call_id: str | None = None, offset: int = 0, limit: int = 50
) -> CorrectionsPage:
    """Corrections, newest first."""
    wanted = select(CORRECTIONS)
    if call_id is not None:
        wanted = wanted.where(CORRECTIONS.c.call_id == call_id)
    newest = wanted.order_by(CORRECTIONS.c["at"].desc(), CORRECTIONS.c.correction_id)
    rows = connection.execute(newest.offset(offset).limit(limit)).mappings()
    return CorrectionsPage(
        corrections=[CorrectionShown.model_validate(dict(row)) for row in rows],
        total=_count(connection, wanted),
        offset=offset,
        limit=limit,
    )


def segment_detail(
    connection: Connection, segment_id: str, settings: Settings
) -> SegmentDetail | None:
    """One segment with the clip's state and the words around; ``None`` where it is unknown."""
    row = connection.execute(
        select(SEGMENTS).where(SEGMENTS.c.segment_id == segment_id)
    ).one_or_none()
    if row is None:
        return None
    segment = SegmentShown.model_validate(dict(row._mapping))  # noqa: SLF001  (public API)
    words = _words(connection, segment)
    return SegmentDetail(
        segment=segment,
        clip=_clip_state(connection, segment, settings),
        words=words,
        text=" ".join(w.text for w in words if w.here and w.speaker is Speaker.CUSTOMER),
        estimates=_estimates(connection, [row.voice_id, row.text_id]),
        answer=_answer(connection, segment_id),
    )


def clip_file(connection: Connection, segment: SegmentShown, settings: Settings) -> Path | None:
    """The clip that has most of a segment, if one is kept."""
    wanted = select(CLIPS).where(CLIPS.c.call_id == segment.call_id)
    near = wanted.where(CLIPS.c.start_ms < segment.end_ms, CLIPS.c.end_ms > segment.start_ms)
    span = Span(segment.start_ms, segment.end_ms)
    clips = list(connection.execute(near))
    if not clips:
        return None
    best = max(clips, key=lambda clip: span.overlap_ms(Span(clip.start_ms, clip.end_ms)))
    file = settings.clips / best.file
    return file if file.is_file() else None


def _clip_state(connection: Connection, segment: SegmentShown, settings: Settings) -> ClipState:
    if clip_file(connection, segment, settings) is not None:
        return "ready"
    if settings.clip_days == 0:
        return "not_kept"
    call = connection.execute(select(CALLS).where(CALLS.c.call_id == segment.call_id)).one_or_none()
    if call is None or call.started_at is None:
        return "missing"
    return "missing" if call.recording_consent else "not_agreed"


def _words(connection: Connection, segment: SegmentShown) -> list[WordsShown]:
    wanted = (
        select(TRANSCRIPT_LINES)
        .where(
            TRANSCRIPT_LINES.c.call_id == segment.call_id,
            TRANSCRIPT_LINES.c.end_ms >= segment.start_ms - AROUND_MS,
            TRANSCRIPT_LINES.c.start_ms <= segment.end_ms + AROUND_MS,
        )
        .order_by(TRANSCRIPT_LINES.c.start_ms)
    )
    span = Span(segment.start_ms, segment.end_ms)
    rows = connection.execute(wanted).mappings()
    return [WordsShown.model_validate(dict(row) | {"here": _is_here(row, span)}) for row in rows]


def _is_here(row: Any, span: Span) -> bool:
    line = Span(row["start_ms"], row["end_ms"])
    most = min(line.duration_ms, span.duration_ms) / 2
    return row["speaker"] == Speaker.CUSTOMER and line.overlap_ms(span) >= max(1, most)


def _estimates(connection: Connection, ids: list[str | None]) -> list[EstimateShown]:
    wanted = select(READINGS).where(READINGS.c.reading_id.in_([one for one in ids if one]))
    rows = connection.execute(wanted.order_by(READINGS.c.modality.desc())).mappings()
    return [EstimateShown.model_validate(dict(row)) for row in rows]


def _answer(connection: Connection, segment_id: str) -> CorrectionShown | None:
    wanted = select(CORRECTIONS).where(CORRECTIONS.c.segment_id == segment_id)
    newest = wanted.order_by(CORRECTIONS.c["at"].desc()).limit(1)
    row = connection.execute(newest).mappings().one_or_none()
    return CorrectionShown.model_validate(dict(row)) if row is not None else None


def _count(connection: Connection, wanted: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
