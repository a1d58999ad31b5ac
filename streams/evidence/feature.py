"""Sealed evidence as a feature of the site."""

from __future__ import annotations

from streams.evidence import api, bundles, seal_requests
from streams.site.feature import Feature

EVIDENCE = Feature(
    name="evidence",
    router=api.ROUTER,
    folder=None,
    persist=bundles.persist,
    run_background=seal_requests.seal_due_bundles,
)
