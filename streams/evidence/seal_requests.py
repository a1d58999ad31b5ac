"""Seals what has to be sealed, as long as the desk runs.

What is due is worked out from the database each time: whatever happened to a desk in between, a
click is never forgotten, and nobody who clicks waits for a file to be written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from detectors.errors import summarize_error
from streams.cloudevents import now
from streams.evidence.bundles import find_due, persist_seals
from streams.evidence.seal import SealRequest, seal
from streams.metrics import EVIDENCE_SEALS
from streams.site.sender import SendError
from streams.store.retention.evidence_files import resolve_bundle_path

if TYPE_CHECKING:
    from streams.messages.evidence import EvidenceSeal
    from streams.settings import Settings
    from streams.site.feature import Site
    from streams.site.sender import Sender
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.evidence")

LOOK_EVERY_S = 1.0
AGAIN_AFTER_S = 30.0
"""What could not be sealed is tried again after this long."""


async def seal_due_bundles(site: Site) -> None:
    """Look for what is due and seal it, until cancelled."""
    retry_at: dict[SealRequest, float] = {}
    while True:
        try:
            requests = await asyncio.to_thread(_load_due, site.store)
        except SQLAlchemyError:
            requests = []  # the feed says that the database is away; what is due stays due
        for request in requests:
            if time.monotonic() >= retry_at.get(request, 0.0):
                await _try_seal(site, request, retry_at)
        await asyncio.sleep(LOOK_EVERY_S)


async def seal_and_publish(
    request: SealRequest, *, store: Store, settings: Settings, sender: Sender
) -> EvidenceSeal:
    """Make a bundle, tell Kafka its hash, and write it down.

    Raises:
        SealError: nothing can be sealed.
        ArchiveError: a clip changed meanwhile.
        SendError: Kafka did not take it; no bundle is left.
        OSError: the disk refuses.
        DBAPIError: the database does not answer.
    """
    message = await asyncio.to_thread(_make_bundle, request, store, settings)
    try:
        await sender.send(message)
    except SendError:
        path = resolve_bundle_path(settings, message.file)
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    await asyncio.to_thread(_persist_seal, message, store)
    EVIDENCE_SEALS.labels(message.cause).inc()
    return message


async def _try_seal(site: Site, request: SealRequest, retry_at: dict[SealRequest, float]) -> None:
    try:
        message = await seal_and_publish(
            request, store=site.store, settings=site.settings, sender=site.sender
        )
    except Exception as error:  # noqa: BLE001  (one call must never keep another from being sealed)
        retry_at[request] = time.monotonic() + AGAIN_AFTER_S
        LOG.warning(
            "%s could not be sealed; trying again: %s", request.call_id, summarize_error(error)
        )
    else:
        retry_at.pop(request, None)
        LOG.info("%s sealed: %s", message.call_id, message.file)


def _load_due(store: Store) -> list[SealRequest]:
    with store.engine.connect() as connection:
        return find_due(connection, now())


def _make_bundle(request: SealRequest, store: Store, settings: Settings) -> EvidenceSeal:
    with store.engine.connect() as connection:
        return seal(connection, request, settings, at=now())


def _persist_seal(message: EvidenceSeal, store: Store) -> None:
    with store.engine.begin() as connection:
        persist_seals(connection, [message])
