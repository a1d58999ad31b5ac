"""Joining conditions: all, any, not, count in a window, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.conditions.memory import UNTRUE, Hit, Memory, Moment, Verdict
from playbooks.events import event_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbooks.conditions.base import Condition, Leaf


def leaves_of(parts: Iterable[Condition]) -> tuple[Leaf, ...]:
    """The leaves of several conditions, one after the other."""
    return tuple(leaf for part in parts for leaf in part.leaves)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return leaves_of(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        verdicts = [part.judge(past, moment, kept) for part in self.parts]
        if not all(verdict.true for verdict in verdicts):
            return UNTRUE
        return _joined(verdicts)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return leaves_of(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        verdicts = [part.judge(past, moment, kept) for part in self.parts]
        true = [verdict for verdict in verdicts if verdict.true]
        return _joined(true) if true else UNTRUE


@dataclass(frozen=True, slots=True)
class Not:
    """The part did not hold before this millisecond. Brings no evidence, and is never news."""

    part: Condition

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        return Verdict(not self.part.judge(past, moment.denied, kept).true)


@dataclass(frozen=True, slots=True)
class Count:
    """The part brought new evidence in ``at_least`` milliseconds within ``within_ms``.

    A line and the reading of it are complete in the same millisecond, and count once.
    """

    part: Condition
    at_least: int
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        hit = news_of(self.part.judge(past, as_of_now(moment), kept), memory, moment)
        if hit:
            memory = memory.with_hit(hit)
            kept[place] = memory
        latest = moment.now - 1 if moment.before else moment.clock
        since = moment.clock - self.within_ms
        recent = tuple(h for h in memory.hits if since < h.at_ms <= latest)
        if len({h.at_ms for h in recent}) < self.at_least:
            return UNTRUE
        return Verdict(true=True, fresh=hit is not None, hits=recent)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The parts brought new evidence one after the other, all within ``within_ms``.

    True in the millisecond that completes the chain. Two parts in the same millisecond are not
    one after the other: their order would be an accident.
    """

    parts: tuple[Condition, ...]
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return leaves_of(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        news = False
        for stage, part in enumerate(self.parts):
            hit = news_of(part.judge(past, as_of_now(moment), kept), memory, moment, stage=stage)
            if hit:
                news = True
                memory = memory.with_hit(hit)
        kept[place] = memory
        if moment.before or not any(h.at_ms == moment.now for h in memory.hits):
            return UNTRUE
        chain = self._chain(memory.hits, moment.now)
        return Verdict(true=True, fresh=news, hits=chain) if chain else UNTRUE

    def _chain(self, hits: tuple[Hit, ...], now: int) -> tuple[Hit, ...]:
        """The complete chain that ends now: backwards, always the latest hit."""
        chain: tuple[Hit, ...] = ()
        for stage in range(len(self.parts) - 1, -1, -1):
            fitting = [h for h in hits if h.stage == stage and _follows(h, chain, now)]
            if not fitting:
                return ()
            chain = (fitting[-1], *chain)
        return chain if now - chain[0].at_ms <= self.within_ms else ()


def _follows(hit: Hit, chain: tuple[Hit, ...], now: int) -> bool:
    return hit.at_ms < chain[0].at_ms if chain else hit.at_ms == now


def as_of_now(moment: Moment) -> Moment:
    """What counts as news is asked as of now, below a ``not`` too."""
    if not moment.before:
        return moment
    return Moment(moment.event, moment.kind, moment.now, moment.clock, moment.facts)


def news_of(verdict: Verdict, memory: Memory, moment: Moment, *, stage: int = 0) -> Hit | None:
    """The part's new evidence as one hit, unless this event is known already."""
    if not (verdict.true and verdict.fresh):
        return None
    cause_id = event_id(moment.event)
    if memory.knows(cause_id, stage=stage):
        return None
    reason = verdict.hits[-1].reason if verdict.hits else ""
    return Hit(moment.now, cause_id, reason, stage)


def _joined(verdicts: list[Verdict]) -> Verdict:
    hits = tuple(hit for verdict in verdicts for hit in verdict.hits)
    fresh = any(verdict.fresh for verdict in verdicts)
    return Verdict(true=True, fresh=fresh, again=any(v.again for v in verdicts), hits=hits)
