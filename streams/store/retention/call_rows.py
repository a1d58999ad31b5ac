"""Deletes what was said in calls that ended long ago, and who called.

What people answered to them stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from streams.retention_periods import RetentionPeriods
from streams.store.tables import (
    ALERTS,
    CALLS,
    LINE_MARKS,
    MOODS,
    READINGS,
    RETURNING_CALLERS,
    SEGMENTS,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings

DELETE_BATCH_SIZE = 200
"""A sweep deletes no more, so that it never holds up the feed for long."""

_CALL_TABLES = (
    TRANSCRIPT_LINES,
    LINE_MARKS,
    READINGS,
    MOODS,
    TURNS,
    ALERTS,
    STEPS,
    SEGMENTS,
    RETURNING_CALLERS,
    CALLS,
)
"""Not `FEEDBACK` and `CORRECTIONS`: the detectors are measured against them. Nor `SEALS`: sealed
evidence has days of its own. What an agent confirmed goes with the call: it is about the agent."""


def delete_calls(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete the rows of calls that ended more than ``keep_days`` days ago, the oldest first."""
    oldest = now - RetentionPeriods.of(settings).calls
    expired_calls = (
        select(CALLS.c.call_id).where(CALLS.c.ended_at < oldest).order_by(CALLS.c.ended_at)
    )
    ids = list(connection.scalars(expired_calls.limit(DELETE_BATCH_SIZE)))
    for table in _CALL_TABLES if ids else ():
        connection.execute(delete(table).where(table.c.call_id.in_(ids)))


def delete_callers(connection: Connection, callers: Collection[str]) -> None:
    """Let no call tell any more that it was of these callers, nor which calls came before."""
    calls_of_callers = select(CALLS.c.call_id).where(CALLS.c.caller.in_(callers))
    connection.execute(
        delete(RETURNING_CALLERS).where(RETURNING_CALLERS.c.call_id.in_(calls_of_callers))
    )
    connection.execute(update(CALLS).where(CALLS.c.caller.in_(callers)).values(caller=""))


def delete_old_callers(connection: Connection, now: datetime, settings: Settings) -> None:
    """The same for calls that began more than ``caller_days`` days ago."""
    oldest = now - RetentionPeriods.of(settings).callers
    connection.execute(delete(RETURNING_CALLERS).where(RETURNING_CALLERS.c["at"] < oldest))
    connection.execute(
        update(CALLS).where(CALLS.c.started_at < oldest, CALLS.c.caller != "").values(caller="")
    )
