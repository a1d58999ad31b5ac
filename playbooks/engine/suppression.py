"""Which of the alerts that fired at one event are told.

Not what a weightier page covers, and no more of a level than the call's budget.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.engine.rulebook import Rulebook
    from playbooks.engine.state import CallState
    from playbooks.playbook import Alert, AlertLevel, Playbook

Fired: TypeAlias = "tuple[Playbook, Alert]"
"""An alert, and the playbook that it is of."""


def told(rulebook: Rulebook, prior: CallState, fired: Iterable[Fired]) -> set[str]:
    """The ids of the playbooks whose alerts are told.

    What is withheld counts as not fired: it neither keeps others quiet nor uses up the budget.

    Args:
        rulebook: the library.
        prior: the call's state before the event.
        fired: what fired at it, the most urgent first.
    """
    deciding = _Deciding(rulebook, prior, {book.playbook_id: alert for book, alert in fired})
    return {name for name in deciding.fired if deciding.tells(name)}


@dataclass(slots=True)
class _Deciding:
    """Decides each once; a page's silencers before the page. There are no circles."""

    rulebook: Rulebook
    prior: CallState
    fired: Mapping[str, Alert]
    decided: dict[str, bool] = field(default_factory=dict)
    spent: Counter[AlertLevel] | None = None

    def tells(self, name: str) -> bool:
        if name not in self.decided:
            silenced = any(self._silences(other, name) for other in self.rulebook.silencers(name))
            self.decided[name] = not silenced and self._affords(self.fired[name].level)
        return self.decided[name]

    def _silences(self, other: Playbook, name: str) -> bool:
        if other.playbook_id in self.fired and self.tells(other.playbook_id):
            return True
        fired_at = self.prior.of(other.playbook_id).fired_at_ms
        return fired_at is not None and self.fired[name].at_ms - fired_at < other.cooldown_ms

    def _affords(self, level: AlertLevel) -> bool:
        limit = self.rulebook.budget.get(level)
        if limit is None:
            return True
        if self.spent is None:
            self.spent = _spent(self.rulebook, self.prior)
        if self.spent[level] >= limit:
            return False
        self.spent[level] += 1
        return True


def _spent(rulebook: Rulebook, prior: CallState) -> Counter[AlertLevel]:
    """How many alerts of each level the call has had, by the ladders as they are now."""
    return Counter(
        playbook.rung(step).level
        for playbook in rulebook
        for step in range(1, prior.of(playbook.playbook_id).fired + 1)
    )
