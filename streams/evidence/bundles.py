"""Writes down which bundles there are, and finds what has to be sealed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, select

from playbooks.alert import Action
from streams.evidence.seal import SealRequest
from streams.messages.evidence import EvidenceSeal
from streams.store.engine import upsert
from streams.store.rows import to_rows
from streams.store.tables import CALLS, SEALS, STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival

ALLOWED_LATENESS = timedelta(seconds=5)
"""How long after a call's end its last readings and alerts may still come in."""

MAX_REQUEST_AGE = timedelta(days=1)
"""What was asked for longer ago is not made up for: a new database reads a year of clicks."""


def persist(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write down seals. The same batch twice leaves the same rows."""
    del settings
    persist_seals(connection, [a.message for a in arrivals if isinstance(a.message, EvidenceSeal)])


def persist_seals(connection: Connection, seals: Sequence[EvidenceSeal]) -> None:
    """Write down which bundles there are."""
    upsert(connection, SEALS, to_rows(seals))


def find_due(connection: Connection, now: datetime) -> list[SealRequest]:
    """What has to be sealed: what a person asked for, and sealed calls that have ended since."""
    return [*_find_requested(connection, now), *_find_ended_calls(connection, now)]


def _find_requested(connection: Connection, now: datetime) -> list[SealRequest]:
    """Confirmations without a bundle that came after them. One that was taken back asks nothing."""
    is_sealed = exists().where(
        and_(SEALS.c.cause_id == STEPS.c.step_id, SEALS.c["at"] >= STEPS.c["at"])
    )
    query = select(STEPS).where(
        STEPS.c.action == Action.SEAL_EVIDENCE.value,
        STEPS.c.state == "done",
        STEPS.c["at"] > now - MAX_REQUEST_AGE,
        ~is_sealed,
    )
    return [
        SealRequest(
            call_id=row.call_id, cause_id=row.step_id, sealed_by=row.given_by, role=row.role
        )
        for row in connection.execute(query.order_by(STEPS.c["at"], STEPS.c.step_id))
    ]


def _find_ended_calls(connection: Connection, now: datetime) -> list[SealRequest]:
    """Calls that were sealed while they went on: the worst may have come after the click."""
    newest = func.max(SEALS.c["at"]).label("newest")
    query = (
        select(CALLS.c.call_id, CALLS.c.ended_at, newest)
        .join(SEALS, SEALS.c.call_id == CALLS.c.call_id)
        .where(CALLS.c.ended_at > now - MAX_REQUEST_AGE, CALLS.c.ended_at <= now - ALLOWED_LATENESS)
        .group_by(CALLS.c.call_id, CALLS.c.ended_at)
        .order_by(CALLS.c.ended_at, CALLS.c.call_id)
    )
    return [
        SealRequest(call_id=row.call_id, cause="call_ended")
        for row in connection.execute(query)
        if row.newest < row.ended_at + ALLOWED_LATENESS
    ]
