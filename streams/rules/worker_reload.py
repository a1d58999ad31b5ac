"""Takes changed rules while the worker works, and says so: in the log and to Prometheus."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from playbooks.files.loader import PlaybookError
from streams.metrics import ACTIVE_PLAYBOOKS, RULES_REJECTED, RULES_RELOADS
from streams.rules.reloader import ReloadFailure, ReloadSuccess

if TYPE_CHECKING:
    from streams.rules.reloader import PlaybookReloader

log = logging.getLogger("callmood.worker")

SETTLE_S = 0.5
"""Between two looks that somebody asked for."""

MAX_POLLS = 20


class WorkerReloader:
    """Looks at the rules' folder now and then; reads and checks in a thread."""

    def __init__(self, reloader: PlaybookReloader) -> None:
        self._reloader = reloader
        self._lock = asyncio.Lock()
        for result in ("taken", "refused"):
            # There before it counts, so that Prometheus sees the first step.
            RULES_RELOADS.labels(result)

    def load_initial(self) -> None:
        """Take the rules that a worker starts with. Blocks: nothing else is going on yet.

        Raises:
            PlaybookError: they cannot be used, and there are no older ones.
        """
        outcome = self._reloader.poll(immediately=True)
        if isinstance(outcome, ReloadFailure):
            raise PlaybookError(outcome.problems)
        self._update_metrics()
        log.info("rules: %s", self._status())

    async def poll(self) -> None:
        """The regular look. A change is taken at the second one that finds it the same."""
        async with self._lock:
            await self._poll()

    async def poll_now(self) -> None:
        """Somebody asks: look until the folder stands still, and say what is found there."""
        if self._reloader.folder is None:
            log.info("rules: they come with the code; CALLMOOD_PLAYBOOKS names a folder to follow")
            return
        async with self._lock:
            self._reloader.reset()
            for _ in range(MAX_POLLS):
                await self._poll()
                if not self._reloader.has_pending_change:
                    break
                await asyncio.sleep(SETTLE_S)
        log.info("rules: looked; %s", self._status())

    async def _poll(self) -> None:
        outcome = await asyncio.to_thread(self._reloader.poll)
        if isinstance(outcome, ReloadSuccess):
            if outcome.changes:
                RULES_RELOADS.labels("taken").inc()
            log.info("rules: %s; %s", self._status(), outcome.changes)
        elif isinstance(outcome, ReloadFailure):
            RULES_RELOADS.labels("refused").inc()
            for problem in outcome.problems:
                log.error("rules refused: %s", problem)
            log.error("rules: the old ones stay; %s", self._status())
        self._update_metrics()

    def _update_metrics(self) -> None:
        ACTIVE_PLAYBOOKS.set(len(self._reloader.rulebook))
        RULES_REJECTED.set(bool(self._reloader.problems))

    def _status(self) -> str:
        text = f"{_pluralize(len(self._reloader.rulebook), 'playbook')} in force"
        problem_count = len(self._reloader.problems)
        return text + (
            f", {_pluralize(problem_count, 'problem')} in {self._reloader.path}"
            if problem_count
            else ""
        )


def _pluralize(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
