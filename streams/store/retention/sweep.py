"""All deletions, one after the other: what one of them cannot do keeps no other from its work."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from streams.store.retention.call_rows import delete_calls, delete_old_callers
from streams.store.retention.clip_files import delete_expired_clips, delete_orphaned_clips
from streams.store.retention.evidence_files import delete_expired_bundles, delete_old_bundle_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from streams.settings import Settings

LOG = logging.getLogger("callmood.store")


@dataclass(frozen=True, slots=True)
class SweepStep:
    """One thing that is done now and then.

    Attributes:
        name: for the log.
        run: does it, in a transaction of its own.
        interval: how often; those that look at every file do so seldom.
    """

    name: str
    run: Callable[[Connection, datetime, Settings], None]
    interval: timedelta = timedelta(minutes=1)


RETENTION_STEPS = (
    SweepStep("clips", delete_expired_clips),
    SweepStep("calls", delete_calls),
    SweepStep("callers", delete_old_callers),
    SweepStep("evidence", delete_expired_bundles),
    SweepStep("clips of no row", delete_orphaned_clips, timedelta(hours=1)),
    SweepStep("evidence of no row", delete_old_bundle_files, timedelta(hours=1)),
)


def run_steps(
    engine: Engine, steps: Sequence[SweepStep], now: datetime, settings: Settings
) -> None:
    """Take steps, each in a transaction of its own; one that fails is said in one line.

    Args:
        engine: of the database.
        steps: in this order.
        now: the instant that days are counted from.
        settings: of this process.
    """
    for step in steps:
        try:
            with engine.begin() as connection:
                step.run(connection, now, settings)
        except (SQLAlchemyError, OSError) as error:
            LOG.warning("housekeeping (%s) was put off: %s", step.name, _summary(error))


def _summary(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    return str(origin).strip().partition("\n")[0] or type(origin).__name__
