"""The trainers' queue as a feature of the site."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from streams.corrections import api, persist, routes
from streams.site.feature import Feature


def _build_router() -> APIRouter:
    router = APIRouter()
    for part in (api.ROUTER, routes.ROUTER):
        router.include_router(part)
    return router


CORRECTIONS = Feature(
    name="corrections",
    router=_build_router(),
    folder=Path(__file__).parent,
    persist=persist.persist,
    expire=persist.expire,
)
