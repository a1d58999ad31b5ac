"""Which of the alerts that fired at one event are told.

Not what a weightier page covers, and no more of a level than the call's budget.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.alert import Alert, AlertLevel
    from playbooks.engine.rulebook import Rulebook
    from playbooks.engine.state import CallState
    from playbooks.playbook import Playbook

PlaybookAlert: TypeAlias = "tuple[Playbook, Alert]"
"""An alert, and the playbook that it is of."""


def find_unsuppressed(
    rulebook: Rulebook, prior: CallState, candidates: Iterable[PlaybookAlert]
) -> set[str]:
    """The ids of the playbooks whose alerts are told.

    What is withheld counts as not fired: it neither keeps others quiet nor uses up the budget.

    Args:
        rulebook: the library.
        prior: the call's state before the event.
        candidates: what fired at it, the most urgent first.
    """
    suppressor = _Suppressor(
        rulebook, prior, {playbook.playbook_id: alert for playbook, alert in candidates}
    )
    return {name for name in suppressor.alerts if suppressor.is_allowed(name)}


@dataclass(slots=True)
class _Suppressor:
    """Decides each once; a page's silencers before the page. There are no circles."""

    rulebook: Rulebook
    prior: CallState
    alerts: Mapping[str, Alert]
    decisions: dict[str, bool] = field(default_factory=dict)
    used_budget: Counter[AlertLevel] | None = None

    def is_allowed(self, name: str) -> bool:
        if name not in self.decisions:
            is_superseded = any(
                self._suppresses(other, name) for other in self.rulebook.superseded_by(name)
            )
            self.decisions[name] = not is_superseded and self._take_budget(self.alerts[name].level)
        return self.decisions[name]

    def _suppresses(self, other: Playbook, name: str) -> bool:
        if other.playbook_id in self.alerts and self.is_allowed(other.playbook_id):
            return True
        fired_at_ms = self.prior.state_for(other.playbook_id).fired_at_ms
        return fired_at_ms is not None and self.alerts[name].at_ms - fired_at_ms < other.cooldown_ms

    def _take_budget(self, level: AlertLevel) -> bool:
        limit = self.rulebook.budget.get(level)
        if limit is None:
            return True
        if self.used_budget is None:
            self.used_budget = _count_alerts(self.rulebook, self.prior)
        if self.used_budget[level] >= limit:
            return False
        self.used_budget[level] += 1
        return True


def _count_alerts(rulebook: Rulebook, prior: CallState) -> Counter[AlertLevel]:
    """How many alerts of each level the call has had, by the ladders as they are now."""
    return Counter(
        playbook.rung(step).level
        for playbook in rulebook
        for step in range(1, prior.state_for(playbook.playbook_id).alert_count + 1)
    )
