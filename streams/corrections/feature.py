"""The trainers' queue as a feature of the site."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from streams.corrections import api, persist, routes
from streams.site.feature import Feature


def _router() -> APIRouter:
    router = APIRouter()
    for part in (api.ROUTER, routes.ROUTER):
        router.include_router(part)
    return router


CORRECTIONS = Feature(
    name="corrections",
    router=_router(),
    folder=Path(__file__).parent,
    keep=persist.keep,
    sweep=persist.sweep,
)
