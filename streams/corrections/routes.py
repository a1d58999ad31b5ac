"""The trainer's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from detectors.labels import EMOTIONS, Topic
from streams.corrections import queue
from streams.site.feature import Site, get_site

if TYPE_CHECKING:
    from streams.corrections.models import SegmentDetail, SegmentView

ROUTER = APIRouter(include_in_schema=False)
QUEUE_LIMIT = 30


@ROUTER.get("/trainer", response_class=HTMLResponse)
def trainer_page(
    request: Request,
    site: Annotated[Site, Depends(get_site)],
    segment: Annotated[str, Query(max_length=512)] = "",
) -> HTMLResponse:
    """The queue, and one segment of it: the worst, or the one that was asked for."""
    with site.store.engine.connect() as connection:
        page = queue.load_queue_page(connection, limit=QUEUE_LIMIT)
        segment_id = segment or (page.segments[0].segment_id if page.segments else "")
        detail = (
            queue.load_segment_detail(connection, segment_id, site.settings) if segment_id else None
        )
    context = {
        "waiting": page,
        "detail": detail,
        "asked_for": segment,
        "following": _next_segment_id(page.segments, detail),
        "emotions": list(EMOTIONS),
        "topics": list(Topic),
    }
    status = 404 if segment and detail is None else 200
    return site.pages.render_page(request, "corrections/trainer.html", context, status=status)


def _next_segment_id(segments: list[SegmentView], detail: SegmentDetail | None) -> str:
    """The segment after this one; the first where this one is not in the list any more."""
    ids = [segment.segment_id for segment in segments]
    current_id = detail.segment.segment_id if detail is not None else ""
    if current_id not in ids:
        return ids[0] if ids else ""
    return ids[(ids.index(current_id) + 1) % len(ids)] if len(ids) > 1 else ""
