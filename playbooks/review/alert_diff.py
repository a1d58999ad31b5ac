"""What changed rules would have done differently: alerts before and after, paired. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playbooks.playbook import Alert, AlertLevel

MOVED_WITHIN_MS = 30_000
"""Two alerts of a playbook that are at most this far apart are one that moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
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
    def of(cls, alert: Alert) -> Self:
        """Without what the playbook says: that is the same for all of them."""
        return cls(
            playbook_id=alert.playbook_id,
            at_ms=alert.at_ms,
            level=alert.level,
            step=alert.step,
            reasons=alert.reasons,
            cause_ids=alert.cause_ids,
        )


class Change(StrEnum):
    """What became of an alert."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Pair:
    """An alert under the rules before and under the rules after; at least one of them is there."""

    before: Fired | None
    after: Fired | None

    @property
    def change(self) -> Change:
        """What became of it. Other reasons at the same moment and level change nothing."""
        if self.before is None:
            return Change.GAINED
        if self.after is None:
            return Change.LOST
        return Change.SAME if _heard(self.before) == _heard(self.after) else Change.MOVED

    @property
    def shown(self) -> Fired:
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


def compare(before: Iterable[Fired], after: Iterable[Fired]) -> tuple[Pair, ...]:
    """Pair the alerts of one call.

    Every alert is in exactly one pair. Within a playbook those of the same moment and level
    belong together, then those with evidence in common, then the nearest within
    `MOVED_WITHIN_MS`. Turning the sides around turns the pairs around and nothing else.

    Returns:
        By playbook id, then by time.
    """
    sides: dict[str, tuple[list[Fired], list[Fired]]] = {}
    for side, alerts in enumerate((before, after)):
        for alert in alerts:
            sides.setdefault(alert.playbook_id, ([], []))[side].append(alert)
    pairs = [pair for one in sides.values() for pair in _paired(*one)]
    return tuple(sorted(pairs, key=_place))


def tally(pairs: Iterable[Pair]) -> dict[str, Tally]:
    """Count by playbook id."""
    ordered = sorted(pairs, key=_playbook_id)
    return {
        name: Tally(**Counter(str(pair.change) for pair in same))
        for name, same in groupby(ordered, key=_playbook_id)
    }


def summed(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    return sum(tallies, Tally())


def _paired(before: Sequence[Fired], after: Sequence[Fired]) -> list[Pair]:
    """Best matches first; what is left over was lost or gained."""
    matches = sorted(
        (place, one, other)
        for one, first in enumerate(before)
        for other, second in enumerate(after)
        if (place := _match(first, second)) is not None
    )
    old, new, pairs = set(range(len(before))), set(range(len(after))), list[Pair]()
    for _, one, other in matches:
        if one in old and other in new:
            old.remove(one)
            new.remove(other)
            pairs.append(Pair(before[one], after[other]))
    pairs += [Pair(before[one], None) for one in sorted(old)]
    return pairs + [Pair(None, after[other]) for other in sorted(new)]


def _match(one: Fired, other: Fired) -> tuple[int, int, int] | None:
    """How well two alerts fit, smaller is better; ``None``: not at all. The same both ways."""
    apart = abs(one.at_ms - other.at_ms)
    earlier = min(one.at_ms, other.at_ms)
    if _heard(one) == _heard(other):
        return 0, apart, earlier
    if apart == 0 or not set(one.cause_ids).isdisjoint(other.cause_ids):
        return 1, apart, earlier
    return (2, apart, earlier) if apart <= MOVED_WITHIN_MS else None


def _heard(alert: Fired) -> tuple[int, AlertLevel]:
    return alert.at_ms, alert.level


def _playbook_id(pair: Pair) -> str:
    return pair.shown.playbook_id


def _place(pair: Pair) -> tuple[str, int]:
    return pair.shown.playbook_id, pair.shown.at_ms
