"""Deletes what is past its days and does the features' chores, as long as the desk runs."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from streams.cloudevents import now
from streams.store.retention.sweep import RETENTION_STEPS, SweepStep, run_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from streams.settings import Settings
    from streams.site.feature import Feature
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")

INTERVAL_S = 60.0


class Housekeeping:
    """The features' chores first, then every deletion."""

    def __init__(self, *, store: Store, features: Sequence[Feature], settings: Settings) -> None:
        """Nothing is done before `run`."""
        self._store = store
        self._settings = settings
        self._steps = (
            *(SweepStep(f.name, f.expire) for f in features if f.expire is not None),
            *RETENTION_STEPS,
        )
        self._due: dict[SweepStep, datetime] = {}

    async def run(self) -> None:
        """Go on until cancelled, whatever goes wrong on the way."""
        while True:
            try:
                await asyncio.to_thread(self.run_due, now())
            except Exception:
                LOG.exception("housekeeping stumbled over a mistake of ours; it goes on")
            await asyncio.sleep(INTERVAL_S)

    def run_due(self, at: datetime) -> None:
        """Take the steps whose time has come."""
        steps = [step for step in self._steps if at >= self._due.get(step, at)]
        self._due |= {step: at + step.interval for step in steps}
        run_steps(self._store.engine, steps, at, self._settings)
