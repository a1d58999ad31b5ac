"""Keeps where the bundles lie, finds what has to be sealed, and deletes what is past its days."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, select

from playbooks.playbook import Action
from streams.evidence.seal import Wanted
from streams.messages.records import EvidenceSealed
from streams.store.engine import upsert
from streams.store.tables import CALLS, SEALS, STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival

LATE = timedelta(seconds=5)
"""How long after a call's end its last readings and alerts may still come in."""

DUE_WITHIN = timedelta(days=1)
"""What was asked for longer ago is not made up for: a new database reads a year of clicks."""

_SWEPT_AT_ONCE = 200


def keep(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write down seals. The same batch twice leaves the same rows."""
    del settings
    keep_seals(connection, [a.message for a in arrivals if isinstance(a.message, EvidenceSealed)])


def keep_seals(connection: Connection, seals: Sequence[EvidenceSealed]) -> None:
    """Write down which bundles there are."""
    rows = [{"seal_id": one.message_id} | one.model_dump() for one in seals]
    upsert(connection, SEALS, rows)


def due(connection: Connection, now: datetime) -> list[Wanted]:
    """What has to be sealed: what a person asked for, and sealed calls that have ended since."""
    return [*_asked(connection, now), *_ended(connection, now)]


def sweep(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete the bundles whose days are over. The messages with their hashes stay in Kafka."""
    oldest = now - timedelta(days=settings.evidence_days)
    over = select(SEALS.c.seal_id, SEALS.c.file).where(SEALS.c["at"] < oldest)
    for seal_id, file in connection.execute(over.limit(_SWEPT_AT_ONCE)).all():
        path = bundle_path(settings, file)
        if path is not None:
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
        connection.execute(delete(SEALS).where(SEALS.c.seal_id == seal_id))


def bundle_path(settings: Settings, file: str) -> Path | None:
    """Where a bundle lies; ``None`` where a message names a place that is none of ours."""
    name = Path(file)
    inside = not name.is_absolute() and ".." not in name.parts and name.suffix == ".zip"
    return settings.evidence / name if inside else None


def _asked(connection: Connection, now: datetime) -> list[Wanted]:
    """Confirmations without a bundle that came after them. One that was taken back asks nothing."""
    made = exists().where(and_(SEALS.c.cause_id == STEPS.c.step_id, SEALS.c["at"] >= STEPS.c["at"]))
    wanted = select(STEPS).where(
        STEPS.c.action == Action.SEAL_EVIDENCE.value,
        STEPS.c.state == "done",
        STEPS.c["at"] > now - DUE_WITHIN,
        ~made,
    )
    return [
        Wanted(call_id=row.call_id, cause_id=row.step_id, sealed_by=row.given_by, role=row.role)
        for row in connection.execute(wanted.order_by(STEPS.c["at"], STEPS.c.step_id))
    ]


def _ended(connection: Connection, now: datetime) -> list[Wanted]:
    """Calls that were sealed while they went on: the worst may have come after the click."""
    newest = func.max(SEALS.c["at"]).label("newest")
    wanted = (
        select(CALLS.c.call_id, CALLS.c.ended_at, newest)
        .join(SEALS, SEALS.c.call_id == CALLS.c.call_id)
        .where(CALLS.c.ended_at > now - DUE_WITHIN, CALLS.c.ended_at <= now - LATE)
        .group_by(CALLS.c.call_id, CALLS.c.ended_at)
        .order_by(CALLS.c.ended_at, CALLS.c.call_id)
    )
    return [
        Wanted(call_id=row.call_id, cause="call_ended")
        for row in connection.execute(wanted)
        if row.newest < row.ended_at + LATE
    ]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
