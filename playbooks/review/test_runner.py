"""Running the tests that sit inside the playbooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.engine.engine import step
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import FRESH
from playbooks.events import event_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.playbook import Alert, Playbook
    from playbooks.test_case import Case


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test brought.

    Attributes:
        alerts: all alerts that came, in time order.
    """

    playbook: Playbook
    case: Case
    alerts: tuple[Alert, ...]

    @property
    def passed(self) -> bool:
        """Exactly the expected alerts came."""
        expected = self.case.expected
        return len(expected) == len(self.alerts) and all(
            wanted.fits(alert) for wanted, alert in zip(expected, self.alerts, strict=True)
        )

    @property
    def difference(self) -> str:
        """What was expected, and what came instead."""
        wanted = ", ".join(str(expected) for expected in self.case.expected) or "none"
        came = ", ".join(f"{a.at_ms / 1000:g}s step {a.step} {a.level}" for a in self.alerts)
        return f"expected {wanted}; came {came or 'none'}"


def run_cases(playbook: Playbook) -> tuple[Outcome, ...]:
    """Run a playbook's own tests, each by itself."""
    return tuple(Outcome(playbook, case, _replayed(playbook, case)) for case in playbook.cases)


def run_library(playbooks: Iterable[Playbook]) -> tuple[Outcome, ...]:
    """Run the tests of every playbook."""
    return tuple(outcome for playbook in playbooks for outcome in run_cases(playbook))


def _replayed(playbook: Playbook, case: Case) -> tuple[Alert, ...]:
    state, alone = FRESH, Rulebook((playbook,))
    alerts: list[Alert] = []
    for event in case.events:
        state, fired = step(alone, state, event, now=event_time(event))
        alerts += fired
    return tuple(alerts)
