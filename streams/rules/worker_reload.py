"""Takes changed rules while the worker works, and says so: in the log and to Prometheus."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from playbooks.files.loader import PlaybookError
from streams.metrics import PLAYBOOKS_IN_FORCE, RULES_REFUSED, RULES_RELOADS
from streams.rules.reloader import Refused, Taken

if TYPE_CHECKING:
    from streams.rules.reloader import RulesInForce

log = logging.getLogger("callmood.worker")

SETTLE_S = 0.5
"""Between two looks that somebody asked for."""

TRIES = 20


class Following:
    """Looks at the rules' folder now and then; reads and checks in a thread."""

    def __init__(self, rules: RulesInForce) -> None:
        self._rules = rules
        self._one_at_a_time = asyncio.Lock()
        for result in ("taken", "refused"):
            # There before it counts, so that Prometheus sees the first step.
            RULES_RELOADS.labels(result)

    def begin(self) -> None:
        """Take the rules that a worker starts with. Blocks: nothing else is going on yet.

        Raises:
            PlaybookError: they cannot be used, and there are no older ones.
        """
        first = self._rules.look(at_once=True)
        if isinstance(first, Refused):
            raise PlaybookError(first.problems)
        self._show()
        log.info("rules: %s", self._standing())

    async def look(self) -> None:
        """The regular look. A change is taken at the second one that finds it the same."""
        async with self._one_at_a_time:
            await self._look()

    async def look_now(self) -> None:
        """Somebody asks: look until the folder stands still, and say what is found there."""
        if self._rules.folder is None:
            log.info("rules: they come with the code; CALLMOOD_PLAYBOOKS names a folder to follow")
            return
        async with self._one_at_a_time:
            self._rules.forget_look()
            for _ in range(TRIES):
                await self._look()
                if not self._rules.waiting:
                    break
                await asyncio.sleep(SETTLE_S)
        log.info("rules: looked; %s", self._standing())

    async def _look(self) -> None:
        found = await asyncio.to_thread(self._rules.look)
        if isinstance(found, Taken):
            if found.changes:
                RULES_RELOADS.labels("taken").inc()
            log.info("rules: %s; %s", self._standing(), found.changes)
        elif isinstance(found, Refused):
            RULES_RELOADS.labels("refused").inc()
            for problem in found.problems:
                log.error("rules refused: %s", problem)
            log.error("rules: the old ones stay; %s", self._standing())
        self._show()

    def _show(self) -> None:
        PLAYBOOKS_IN_FORCE.set(len(self._rules.rulebook))
        RULES_REFUSED.set(bool(self._rules.refused))

    def _standing(self) -> str:
        text = f"{_counted(len(self._rules.rulebook), 'playbook')} in force"
        refused = len(self._rules.refused)
        return text + (
            f", {_counted(refused, 'problem')} in {self._rules.where}" if refused else ""
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
