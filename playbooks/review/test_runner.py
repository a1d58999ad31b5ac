"""Running the tests that sit inside the playbooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.engine.engine import advance
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.events import event_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.alert import Alert
    from playbooks.playbook import Playbook
    from playbooks.test_case import PlaybookTestCase


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test brought.

    Attributes:
        alerts: all alerts that came, in time order.
    """

    playbook: Playbook
    case: PlaybookTestCase
    alerts: tuple[Alert, ...]

    @property
    def passed(self) -> bool:
        """Exactly the expected alerts came."""
        expected = self.case.expected
        return len(expected) == len(self.alerts) and all(
            expectation.matches(alert)
            for expectation, alert in zip(expected, self.alerts, strict=True)
        )

    @property
    def difference(self) -> str:
        """What was expected, and what came instead."""
        expected_text = ", ".join(str(expected) for expected in self.case.expected) or "none"
        actual_text = ", ".join(f"{a.at_ms / 1000:g}s step {a.step} {a.level}" for a in self.alerts)
        return f"expected {expected_text}; came {actual_text or 'none'}"


def run_cases(playbook: Playbook) -> tuple[Outcome, ...]:
    """Run a playbook's own tests, each by itself."""
    return tuple(Outcome(playbook, case, _replay_case(playbook, case)) for case in playbook.cases)


def run_library(playbooks: Iterable[Playbook]) -> tuple[Outcome, ...]:
    """Run the tests of every playbook."""
    return tuple(outcome for playbook in playbooks for outcome in run_cases(playbook))


def _replay_case(playbook: Playbook, case: PlaybookTestCase) -> tuple[Alert, ...]:
    state, rulebook = INITIAL_CALL_STATE, Rulebook((playbook,))
    alerts: list[Alert] = []
    for event in case.events:
        state, new_alerts = advance(rulebook, state, event, now=event_time(event))
        alerts += new_alerts
    return tuple(alerts)
