"""Sealed evidence as a feature of the site."""

from __future__ import annotations

from streams.evidence import api, keeping, watching
from streams.web.site import Feature

EVIDENCE = Feature(
    name="evidence",
    router=api.ROUTER,
    folder=None,
    keep=keeping.keep,
    sweep=keeping.sweep,
    runs=watching.watch,
)
