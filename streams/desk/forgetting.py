"""Deletes what was said in calls that ended long ago. What people answered to them stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from streams.tables import (
    ALERTS,
    CALLS,
    MOODS,
    READINGS,
    SEGMENTS,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings

CALLS_AT_ONCE = 200
"""A sweep deletes no more, so that it never holds up the feed for long."""

_FORGOTTEN = (TRANSCRIPT_LINES, READINGS, MOODS, TURNS, ALERTS, STEPS, SEGMENTS, CALLS)
"""Not `FEEDBACK` and `CORRECTIONS`: the detectors are measured against them. Nor `SEALS`: sealed
evidence has days of its own. What an agent confirmed goes with the call: it is about the agent."""


def forget_calls(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete the rows of calls that ended more than ``keep_days`` days ago, the oldest first."""
    oldest = now - timedelta(days=settings.keep_days)
    over = select(CALLS.c.call_id).where(CALLS.c.ended_at < oldest).order_by(CALLS.c.ended_at)
    ids = list(connection.scalars(over.limit(CALLS_AT_ONCE)))
    for table in _FORGOTTEN if ids else ():
        connection.execute(delete(table).where(table.c.call_id.in_(ids)))
