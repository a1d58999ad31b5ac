"""The trainer's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from detectors.labels import EMOTIONS, Topic
from streams.corrections import queue
from streams.site.feature import Site, site_of

if TYPE_CHECKING:
    from streams.corrections.models import SegmentDetail, SegmentShown

ROUTER = APIRouter(include_in_schema=False)
SHOWN = 30


@ROUTER.get("/trainer", response_class=HTMLResponse)
def trainer(
    request: Request,
    site: Annotated[Site, Depends(site_of)],
    segment: Annotated[str, Query(max_length=512)] = "",
) -> HTMLResponse:
    """The queue, and one segment of it: the worst, or the one that was asked for."""
    with site.store.engine.connect() as connection:
        waiting = queue.queue_page(connection, limit=SHOWN)
        chosen = segment or (waiting.segments[0].segment_id if waiting.segments else "")
        detail = queue.segment_detail(connection, chosen, site.settings) if chosen else None
    shown = {
        "waiting": waiting,
        "detail": detail,
        "asked_for": segment,
        "following": _following(waiting.segments, detail),
        "emotions": list(EMOTIONS),
        "topics": list(Topic),
    }
    status = 404 if segment and detail is None else 200
    return site.pages.page(request, "corrections/trainer.html", shown, status=status)


def _following(segments: list[SegmentShown], detail: SegmentDetail | None) -> str:
    """The segment after this one; the first where this one is not in the list any more."""
    ids = [one.segment_id for one in segments]
    here = detail.segment.segment_id if detail is not None else ""
    if here not in ids:
        return ids[0] if ids else ""
    return ids[(ids.index(here) + 1) % len(ids)] if len(ids) > 1 else ""
