"""The trainers' queue by HTTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from streams.cloudevents import now
from streams.corrections import queue
from streams.corrections.models import (
    CorrectionAccepted,
    CorrectionIn,
    CorrectionsPage,
    QueuePage,
    SegmentDetail,
)
from streams.corrections.persist import count_waiting, persist_corrections, rebuild_segments
from streams.messages.corrections import Correction
from streams.metrics import CORRECTIONS_STORED, QUEUE_LENGTH
from streams.site.feature import Site, get_site, store_answer
from streams.store.outbox import enqueue, lock_call

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from detectors.reading import Modality

ROUTER = APIRouter(tags=["corrections"])
SiteDependency = Annotated[Site, Depends(get_site)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=500)]

PROBLEMS: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such segment."}}


@ROUTER.get("/api/queue")
def read_queue(site: SiteDependency, offset: Offset = 0, limit: Limit = 50) -> QueuePage:
    """Segments that wait for a trainer, worst first."""
    with site.store.engine.connect() as connection:
        return queue.load_queue_page(connection, offset=offset, limit=limit)


@ROUTER.get("/api/segments/{segment_id}", responses=PROBLEMS)
def read_segment(site: SiteDependency, segment_id: str) -> SegmentDetail:
    """One segment, with the words around it and what the detectors estimated."""
    return _get_segment(site, segment_id)


@ROUTER.get("/api/segments/{segment_id}/clip", response_class=FileResponse, responses=PROBLEMS)
def read_clip(site: SiteDependency, segment_id: str) -> FileResponse:
    """The customer's voice in it, as FLAC; only where recording was agreed to."""
    detail = _get_segment(site, segment_id)
    with site.store.engine.connect() as connection:
        file = queue.find_clip_file(connection, detail.segment, site.settings)
    if file is None:
        raise HTTPException(404, "There is no clip of this segment.")
    return FileResponse(file, media_type="audio/flac", headers={"Cache-Control": "no-store"})


@ROUTER.get("/api/corrections")
def list_corrections(
    site: SiteDependency,
    call: Annotated[str | None, Query(max_length=128, description="Only this call's.")] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> CorrectionsPage:
    """What trainers answered, newest first."""
    with site.store.engine.connect() as connection:
        return queue.load_corrections_page(connection, call_id=call, offset=offset, limit=limit)


@ROUTER.post(
    "/api/corrections",
    responses=PROBLEMS | {503: {"description": "The database is away; nothing was kept."}},
)
async def give_correction(site: SiteDependency, answer: CorrectionIn) -> CorrectionAccepted:
    """Keep the right labels of a segment."""
    if answer.voice_label is None and answer.text_label is None:
        raise HTTPException(422, "voice_label, text_label: give at least one of them.")
    detail = await run_in_threadpool(_get_segment, site, answer.segment_id)
    correction = Correction(
        call_id=detail.segment.call_id,
        start_ms=detail.segment.start_ms,
        end_ms=detail.segment.end_ms,
        at=now(),
        **answer.model_dump(),
    )
    remaining = await store_answer(site, partial(_persist, correction=correction))
    QUEUE_LENGTH.set(remaining)
    CORRECTIONS_STORED.labels(str(_is_changed(detail, answer)).lower()).inc()
    return CorrectionAccepted(id=correction.message_id, remaining=remaining)


def _persist(connection: Connection, *, correction: Correction) -> int:
    lock_call(connection, correction.call_id)
    persist_corrections(connection, [correction])
    rebuild_segments(connection, correction.call_id)
    enqueue(connection, [correction])
    return count_waiting(connection)


def _get_segment(site: Site, segment_id: str) -> SegmentDetail:
    with site.store.engine.connect() as connection:
        detail = queue.load_segment_detail(connection, segment_id, site.settings)
    if detail is None:
        raise HTTPException(404, f"There is no segment {segment_id[:512]!r} in the queue.")
    return detail


def _is_changed(detail: SegmentDetail, answer: CorrectionIn) -> bool:
    """Whether the trainer answered otherwise than the detectors did."""
    estimated_labels: dict[Modality, object] = {}
    for reading in (estimate.record for estimate in detail.estimates):
        estimated_labels[reading.modality] = None if reading.abstained else reading.label
    labels = {"voice": answer.voice_label, "text": answer.text_label}
    return any(label != estimated_labels.get(m) for m, label in labels.items() if label is not None)  # type: ignore[call-overload]
