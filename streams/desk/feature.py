"""The desk as a feature of the site."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from streams.desk import api, persist, protection, routes, sse
from streams.site.feature import Feature


def _router() -> APIRouter:
    router = APIRouter()
    for part in (api.ROUTER, protection.ROUTER, sse.ROUTER, routes.ROUTER):
        router.include_router(part)
    return router


DESK = Feature(
    name="desk",
    router=_router(),
    folder=Path(__file__).parent,
    keep=persist.keep,
    sweep=persist.sweep,
)
