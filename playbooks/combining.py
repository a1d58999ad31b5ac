"""Joining conditions: all, any, not, count in a window, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.events import event_id
from playbooks.memory import UNTRUE, Hit, Memory, Moment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbooks.conditions import Condition, Leaf


def _leaves(parts: Iterable[Condition]) -> tuple[Leaf, ...]:
    return tuple(leaf for part in parts for leaf in part.leaves)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
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
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        verdicts = [part.judge(past, moment, kept) for part in self.parts]
        true = [verdict for verdict in verdicts if verdict.true]
        return _joined(true) if true else UNTRUE


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. Brings no evidence of its own, and is never news."""

    part: Condition

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        return Verdict(not self.part.judge(past, moment, kept).true)


@dataclass(frozen=True, slots=True)
class Count:
    """The part brought new evidence at ``at_least`` events within ``within_ms``."""

    part: Condition
    at_least: int
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        hit = _news(self.part.judge(past, moment, kept), memory, moment)
        if hit:
            memory = memory.with_hit(hit)
            kept[place] = memory
        recent = tuple(h for h in memory.hits if h.at_ms > moment.clock - self.within_ms)
        if len(recent) < self.at_least:
            return UNTRUE
        return Verdict(true=True, fresh=hit is not None, hits=recent)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The parts brought new evidence one after the other, all within ``within_ms``.

    True at the event that completes the chain. Two parts in the same millisecond are not
    one after the other: their order would be an accident.
    """

    parts: tuple[Condition, ...]
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        fresh: list[Hit] = []
        for stage, part in enumerate(self.parts):
            hit = _news(part.judge(past, moment, kept), memory, moment, stage=stage)
            if hit:
                fresh.append(hit)
                memory = memory.with_hit(hit)
        kept[place] = memory
        chain = self._chain(memory.hits) if fresh else ()
        complete = any(hit in fresh for hit in chain)
        return Verdict(complete, complete, chain if complete else ())

    def _chain(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The newest complete chain: from the last stage backwards, always the latest hit."""
        chain: tuple[Hit, ...] = ()
        for stage in range(len(self.parts) - 1, -1, -1):
            before = chain[0].at_ms if chain else None
            fitting = [h for h in hits if h.stage == stage and (before is None or h.at_ms < before)]
            if not fitting:
                return ()
            chain = (fitting[-1], *chain)
        return chain if chain[-1].at_ms - chain[0].at_ms <= self.within_ms else ()


def _news(verdict: Verdict, memory: Memory, moment: Moment, *, stage: int = 0) -> Hit | None:
    """The part's new evidence as one hit, unless this event is known already."""
    if not (verdict.true and verdict.fresh):
        return None
    cause_id = event_id(moment.event)
    if any(h.cause_id == cause_id and h.stage == stage for h in memory.hits):
        return None
    reason = verdict.hits[-1].reason if verdict.hits else ""
    return Hit(moment.now, cause_id, reason, stage)


def _joined(verdicts: list[Verdict]) -> Verdict:
    hits = tuple(hit for verdict in verdicts for hit in verdict.hits)
    return Verdict(true=True, fresh=any(verdict.fresh for verdict in verdicts), hits=hits)
