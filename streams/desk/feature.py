"""The desk as a feature of the site."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from streams.desk import api, persist, protection, routes, sse
from streams.desk.live_events import LiveEventRenderer
from streams.site.feature import Feature


def _build_router() -> APIRouter:
    router = APIRouter()
    for part in (api.ROUTER, protection.ROUTER, sse.ROUTER, routes.ROUTER):
        router.include_router(part)
    return router


DESK = Feature(
    name="desk",
    router=_build_router(),
    folder=Path(__file__).parent,
    persist=persist.persist,
    expire=persist.expire,
    publishes=LiveEventRenderer.message_types(),
)
