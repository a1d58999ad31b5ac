"""Reads from the database what trainers see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from detectors.utterance import Speaker, TimeSpan
from streams.corrections.models import (
    ClipState,
    ContextLineView,
    CorrectionsPage,
    CorrectionView,
    EstimateView,
    QueuePage,
    SegmentDetail,
    SegmentView,
)
from streams.store.tables import CALLS, CLIPS, CORRECTIONS, READINGS, SEGMENTS, TRANSCRIPT_LINES

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.settings import Settings

CONTEXT_MS = 25_000
"""How much of the conversation before and after a segment is shown."""

_WORST_FIRST = (SEGMENTS.c.urgency.desc(), SEGMENTS.c.segment_id)


def load_queue_page(connection: Connection, *, offset: int = 0, limit: int = 50) -> QueuePage:
    """Segments that wait, worst first."""
    query = select(SEGMENTS).where(~SEGMENTS.c.done)
    rows = connection.execute(query.order_by(*_WORST_FIRST).offset(offset).limit(limit)).mappings()
    return QueuePage(
        segments=[SegmentView.model_validate(dict(row)) for row in rows],
        total=_count_rows(connection, query),
        offset=offset,
        limit=limit,
    )


def load_corrections_page(
    connection: Connection, *, call_id: str | None = None, offset: int = 0, limit: int = 50
) -> CorrectionsPage:
    """Corrections, newest first."""
    query = select(CORRECTIONS)
    if call_id is not None:
        query = query.where(CORRECTIONS.c.call_id == call_id)
    newest_first = query.order_by(CORRECTIONS.c["at"].desc(), CORRECTIONS.c.correction_id)
    rows = connection.execute(newest_first.offset(offset).limit(limit)).mappings()
    return CorrectionsPage(
        corrections=[CorrectionView.model_validate(dict(row)) for row in rows],
        total=_count_rows(connection, query),
        offset=offset,
        limit=limit,
    )


def load_segment_detail(
    connection: Connection, segment_id: str, settings: Settings
) -> SegmentDetail | None:
    """One segment with the clip's state and the words around; ``None`` where it is unknown."""
    row = connection.execute(
        select(SEGMENTS).where(SEGMENTS.c.segment_id == segment_id)
    ).one_or_none()
    if row is None:
        return None
    segment = SegmentView.model_validate(dict(row._mapping))  # noqa: SLF001  (public API)
    lines = _load_context_lines(connection, segment)
    return SegmentDetail(
        segment=segment,
        clip=_find_clip_state(connection, segment, settings),
        words=lines,
        text=" ".join(
            line.text for line in lines if line.here and line.speaker is Speaker.CUSTOMER
        ),
        estimates=_load_estimates(connection, [row.voice_id, row.text_id]),
        answer=_load_newest_answer(connection, segment_id),
    )


def find_clip_file(connection: Connection, segment: SegmentView, settings: Settings) -> Path | None:
    """The clip that has most of a segment, if one is kept."""
    query = select(CLIPS).where(CLIPS.c.call_id == segment.call_id)
    overlapping = query.where(CLIPS.c.start_ms < segment.end_ms, CLIPS.c.end_ms > segment.start_ms)
    span = TimeSpan(segment.start_ms, segment.end_ms)
    clips = list(connection.execute(overlapping))
    if not clips:
        return None
    best = max(clips, key=lambda clip: span.overlap_ms(TimeSpan(clip.start_ms, clip.end_ms)))
    file = settings.clips / best.file
    return file if file.is_file() else None


def _find_clip_state(connection: Connection, segment: SegmentView, settings: Settings) -> ClipState:
    if find_clip_file(connection, segment, settings) is not None:
        return "ready"
    if settings.clip_days == 0:
        return "not_kept"
    call = connection.execute(select(CALLS).where(CALLS.c.call_id == segment.call_id)).one_or_none()
    if call is None or call.started_at is None:
        return "missing"
    return "missing" if call.recording_consent else "not_agreed"


def _load_context_lines(connection: Connection, segment: SegmentView) -> list[ContextLineView]:
    query = (
        select(TRANSCRIPT_LINES)
        .where(
            TRANSCRIPT_LINES.c.call_id == segment.call_id,
            TRANSCRIPT_LINES.c.end_ms >= segment.start_ms - CONTEXT_MS,
            TRANSCRIPT_LINES.c.start_ms <= segment.end_ms + CONTEXT_MS,
        )
        .order_by(TRANSCRIPT_LINES.c.start_ms)
    )
    span = TimeSpan(segment.start_ms, segment.end_ms)
    rows = connection.execute(query).mappings()
    return [
        ContextLineView.model_validate(dict(row) | {"here": _is_in_segment(row, span)})
        for row in rows
    ]


def _is_in_segment(row: Any, span: TimeSpan) -> bool:
    line = TimeSpan(row["start_ms"], row["end_ms"])
    min_overlap_ms = min(line.duration_ms, span.duration_ms) / 2
    return row["speaker"] == Speaker.CUSTOMER and line.overlap_ms(span) >= max(1, min_overlap_ms)


def _load_estimates(connection: Connection, reading_ids: list[str | None]) -> list[EstimateView]:
    query = select(READINGS).where(
        READINGS.c.reading_id.in_([reading_id for reading_id in reading_ids if reading_id])
    )
    rows = connection.execute(query.order_by(READINGS.c.modality.desc())).mappings()
    return [EstimateView.model_validate(dict(row)) for row in rows]


def _load_newest_answer(connection: Connection, segment_id: str) -> CorrectionView | None:
    query = select(CORRECTIONS).where(CORRECTIONS.c.segment_id == segment_id)
    newest_first = query.order_by(CORRECTIONS.c["at"].desc()).limit(1)
    row = connection.execute(newest_first).mappings().one_or_none()
    return CorrectionView.model_validate(dict(row)) if row is not None else None


def _count_rows(connection: Connection, query: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0
