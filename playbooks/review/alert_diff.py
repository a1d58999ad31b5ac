"""What changed rules would have done differently: alerts before and after, paired. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbooks.alert import Alert, AlertLevel

MAX_MOVE_MS = 30_000
"""Two alerts of a playbook that are at most this far apart are one that moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOccurrence:
    """What of an alert a comparison looks at, and what a person needs to judge it.

    Attributes:
        at_ms: since the call's start.
        step: which alert of this playbook in this call, from 1.
        reasons: in words, in the language of the call.
        cause_ids: the evidence, by id.
    """

    playbook_id: str
    at_ms: int
    level: AlertLevel
    step: int = 1
    reasons: tuple[str, ...] = ()
    cause_ids: tuple[str, ...] = ()

    @classmethod
    def from_alert(cls, alert: Alert) -> Self:
        """Without what the playbook says: that is the same for all of them."""
        return cls(
            playbook_id=alert.playbook_id,
            at_ms=alert.at_ms,
            level=alert.level,
            step=alert.step,
            reasons=alert.reasons,
            cause_ids=alert.cause_ids,
        )


class AlertChange(StrEnum):
    """What became of an alert."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class AlertPair:
    """An alert under the rules before and under the rules after; at least one of them is there."""

    before: AlertOccurrence | None
    after: AlertOccurrence | None

    @property
    def change(self) -> AlertChange:
        """What became of it. Other reasons at the same moment and level change nothing."""
        if self.before is None:
            return AlertChange.GAINED
        if self.after is None:
            return AlertChange.LOST
        return (
            AlertChange.SAME
            if _alert_key(self.before) == _alert_key(self.after)
            else AlertChange.MOVED
        )

    @property
    def alert(self) -> AlertOccurrence:
        """The alert as the changed rules give it; a lost one as it was."""
        alert = self.after or self.before
        if alert is None:
            message = "a pair of nothing with nothing"
            raise ValueError(message)
        return alert


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts of each kind there were."""

    gained: int = 0
    lost: int = 0
    moved: int = 0
    same: int = 0

    @property
    def before(self) -> int:
        """All alerts of the rules before."""
        return self.lost + self.moved + self.same

    @property
    def after(self) -> int:
        """All alerts of the rules after."""
        return self.gained + self.moved + self.same

    @property
    def changed(self) -> int:
        """All that are not the same."""
        return self.gained + self.lost + self.moved

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.gained + other.gained,
            self.lost + other.lost,
            self.moved + other.moved,
            self.same + other.same,
        )


def pair_alerts(
    before: Iterable[AlertOccurrence], after: Iterable[AlertOccurrence]
) -> tuple[AlertPair, ...]:
    """Pair the alerts of one call.

    Every alert is in exactly one pair. Within a playbook those of the same moment and level
    belong together, then those with evidence in common, then the nearest within
    `MAX_MOVE_MS`. Turning the sides around turns the pairs around and nothing else.

    Returns:
        By playbook id, then by time.
    """
    sides: dict[str, tuple[list[AlertOccurrence], list[AlertOccurrence]]] = {}
    for side, alerts in enumerate((before, after)):
        for alert in alerts:
            sides.setdefault(alert.playbook_id, ([], []))[side].append(alert)
    pairs = [pair for both_sides in sides.values() for pair in _match_alerts(*both_sides)]
    return tuple(sorted(pairs, key=_sort_key))


def count_changes(pairs: Iterable[AlertPair]) -> dict[str, Tally]:
    """Count by playbook id."""
    ordered = sorted(pairs, key=_group_key)
    return {
        name: Tally(**Counter(str(pair.change) for pair in group))
        for name, group in groupby(ordered, key=_group_key)
    }


def sum_tallies(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    return sum(tallies, Tally())


def _match_alerts(
    before: Sequence[AlertOccurrence], after: Sequence[AlertOccurrence]
) -> list[AlertPair]:
    """Best matches first; what is left over was lost or gained."""
    matches = sorted(
        (rank, old_index, new_index)
        for old_index, old_alert in enumerate(before)
        for new_index, new_alert in enumerate(after)
        if (rank := _rank_match(old_alert, new_alert)) is not None
    )
    old, new, pairs = set(range(len(before))), set(range(len(after))), list[AlertPair]()
    for _, old_index, new_index in matches:
        if old_index in old and new_index in new:
            old.remove(old_index)
            new.remove(new_index)
            pairs.append(AlertPair(before[old_index], after[new_index]))
    pairs += [AlertPair(before[old_index], None) for old_index in sorted(old)]
    return pairs + [AlertPair(None, after[new_index]) for new_index in sorted(new)]


def _rank_match(
    old_alert: AlertOccurrence, new_alert: AlertOccurrence
) -> tuple[int, int, int] | None:
    """How well two alerts fit, smaller is better; ``None``: not at all. The same both ways."""
    distance_ms = abs(old_alert.at_ms - new_alert.at_ms)
    earliest_ms = min(old_alert.at_ms, new_alert.at_ms)
    if _alert_key(old_alert) == _alert_key(new_alert):
        return 0, distance_ms, earliest_ms
    if distance_ms == 0 or not set(old_alert.cause_ids).isdisjoint(new_alert.cause_ids):
        return 1, distance_ms, earliest_ms
    return (2, distance_ms, earliest_ms) if distance_ms <= MAX_MOVE_MS else None


def _alert_key(alert: AlertOccurrence) -> tuple[int, AlertLevel]:
    return alert.at_ms, alert.level


def _group_key(pair: AlertPair) -> str:
    return pair.alert.playbook_id


def _sort_key(pair: AlertPair) -> tuple[str, int]:
    return pair.alert.playbook_id, pair.alert.at_ms
