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

from streams.cloudevents import now
from streams.evidence.bundles import bundle_path, due, keep_seals
from streams.evidence.seal import Wanted, seal
from streams.metrics import EVIDENCE_SEALED
from streams.site.feature import SendError

if TYPE_CHECKING:
    from streams.messages.records import EvidenceSealed
    from streams.settings import Settings
    from streams.site.feature import Sender, Site
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.evidence")

LOOK_EVERY_S = 1.0
AGAIN_AFTER_S = 30.0
"""What could not be sealed is tried again after this long."""


async def watch(site: Site) -> None:
    """Look for what is due and seal it, until cancelled."""
    failed: dict[Wanted, float] = {}
    while True:
        try:
            wanted = await asyncio.to_thread(_due, site.store)
        except SQLAlchemyError:
            wanted = []  # the feed says that the database is away; what is due stays due
        for one in wanted:
            if time.monotonic() >= failed.get(one, 0.0):
                await _try(site, one, failed)
        await asyncio.sleep(LOOK_EVERY_S)


async def sealed(
    wanted: Wanted, *, store: Store, settings: Settings, sender: Sender
) -> EvidenceSealed:
    """Make a bundle, tell Kafka its hash, and write it down.

    Raises:
        SealError: nothing can be sealed.
        ArchiveError: a clip changed meanwhile.
        SendError: Kafka did not take it; no bundle is left.
        OSError: the disk refuses.
        DBAPIError: the database does not answer.
    """
    made = await asyncio.to_thread(_made, wanted, store, settings)
    try:
        await sender.send(made)
    except SendError:
        path = bundle_path(settings, made.file)
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    await asyncio.to_thread(_written_down, made, store)
    EVIDENCE_SEALED.labels(made.cause).inc()
    return made


async def _try(site: Site, wanted: Wanted, failed: dict[Wanted, float]) -> None:
    try:
        made = await sealed(wanted, store=site.store, settings=site.settings, sender=site.sender)
    except Exception as error:  # noqa: BLE001  (one call must never keep another from being sealed)
        failed[wanted] = time.monotonic() + AGAIN_AFTER_S
        LOG.warning("%s could not be sealed; trying again: %s", wanted.call_id, _short(error))
    else:
        failed.pop(wanted, None)
        LOG.info("%s sealed: %s", made.call_id, made.file)


def _due(store: Store) -> list[Wanted]:
    with store.engine.connect() as connection:
        return due(connection, now())


def _made(wanted: Wanted, store: Store, settings: Settings) -> EvidenceSealed:
    with store.engine.connect() as connection:
        return seal(connection, wanted, settings, at=now())


def _written_down(made: EvidenceSealed, store: Store) -> None:
    with store.engine.begin() as connection:
        keep_seals(connection, [made])


def _short(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
