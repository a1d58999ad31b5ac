"""Joining conditions: all, any, not, count in a window, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.conditions.memory import NO_MATCH, ConditionHit, EvaluationContext, Match, Memory
from playbooks.events import event_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbooks.conditions.base import Condition, Leaf


def collect_leaves(parts: Iterable[Condition]) -> tuple[Leaf, ...]:
    """The leaves of several conditions, one after the other."""
    return tuple(leaf for part in parts for leaf in part.leaves)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        matches = [part.evaluate(past, context, next_memories) for part in self.parts]
        if not all(match.matched for match in matches):
            return NO_MATCH
        return _merge_matches(matches)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        matches = [part.evaluate(past, context, next_memories) for part in self.parts]
        positives = [match for match in matches if match.matched]
        return _merge_matches(positives) if positives else NO_MATCH


@dataclass(frozen=True, slots=True)
class Not:
    """The part did not hold before this millisecond. Brings no evidence, and is never news."""

    part: Condition

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return self.part.leaves

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        return Match(not self.part.evaluate(past, context.before_now, next_memories).matched)


@dataclass(frozen=True, slots=True)
class CountPattern:
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

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        index = len(next_memories)
        next_memories.append(memory)
        hit = find_new_hit(
            self.part.evaluate(past, include_now(context), next_memories), memory, context
        )
        if hit:
            memory = memory.with_hit(hit)
            next_memories[index] = memory
        until_ms = context.now - 1 if context.excludes_now else context.clock
        since_ms = context.clock - self.within_ms
        recent = tuple(h for h in memory.hits if since_ms < h.at_ms <= until_ms)
        if len({h.at_ms for h in recent}) < self.at_least:
            return NO_MATCH
        return Match(matched=True, is_new=hit is not None, hits=recent)


@dataclass(frozen=True, slots=True)
class SequencePattern:
    """The parts brought new evidence one after the other, all within ``within_ms``.

    True in the millisecond that completes the chain. Two parts in the same millisecond are not
    one after the other: their order would be an accident.
    """

    parts: tuple[Condition, ...]
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        index = len(next_memories)
        next_memories.append(memory)
        is_new = False
        for stage, part in enumerate(self.parts):
            hit = find_new_hit(
                part.evaluate(past, include_now(context), next_memories),
                memory,
                context,
                stage=stage,
            )
            if hit:
                is_new = True
                memory = memory.with_hit(hit)
        next_memories[index] = memory
        if context.excludes_now or not any(h.at_ms == context.now for h in memory.hits):
            return NO_MATCH
        chain = self._find_chain(memory.hits, context.now)
        return Match(matched=True, is_new=is_new, hits=chain) if chain else NO_MATCH

    def _find_chain(self, hits: tuple[ConditionHit, ...], now: int) -> tuple[ConditionHit, ...]:
        """The complete chain that ends now: backwards, always the latest hit."""
        chain: tuple[ConditionHit, ...] = ()
        for stage in range(len(self.parts) - 1, -1, -1):
            candidates = [h for h in hits if h.stage == stage and _extends_chain(h, chain, now)]
            if not candidates:
                return ()
            chain = (candidates[-1], *chain)
        return chain if now - chain[0].at_ms <= self.within_ms else ()


def _extends_chain(hit: ConditionHit, chain: tuple[ConditionHit, ...], now: int) -> bool:
    return hit.at_ms < chain[0].at_ms if chain else hit.at_ms == now


def include_now(context: EvaluationContext) -> EvaluationContext:
    """What counts as news is asked as of now, below a ``not`` too."""
    if not context.excludes_now:
        return context
    return EvaluationContext(context.event, context.kind, context.now, context.clock, context.facts)


def find_new_hit(
    match: Match, memory: Memory, context: EvaluationContext, *, stage: int = 0
) -> ConditionHit | None:
    """The part's new evidence as one hit, unless this event is known already."""
    if not (match.matched and match.is_new):
        return None
    cause_id = event_id(context.event)
    if memory.has_hit(cause_id, stage=stage):
        return None
    reason = match.hits[-1].reason if match.hits else ""
    return ConditionHit(context.now, cause_id, reason, stage)


def _merge_matches(matches: list[Match]) -> Match:
    hits = tuple(hit for match in matches for hit in match.hits)
    is_new = any(match.is_new for match in matches)
    return Match(
        matched=True, is_new=is_new, continues=any(each.continues for each in matches), hits=hits
    )
