"""What should have come by now, and has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import TranscriptLine, Turn
from playbooks.conditions import explanations
from playbooks.conditions.memory import (
    MAX_HITS,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
    Memory,
)
from playbooks.conditions.operators import collect_leaves, find_new_hit, include_now
from playbooks.events import EventKind, event_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.base import Condition, Leaf
    from playbooks.events import Event

_WAIT_STAGE, _ARRIVAL_STAGE = 0, 1
"""Stages of what `AbsencePattern` remembers: since when something is awaited, and that it came."""


@dataclass(frozen=True, slots=True)
class AbsencePattern:
    """``part`` has not come within ``within_ms`` of ``after``; ``None``: of the call's start.

    True from the first event behind that time until the part comes after all.
    """

    part: Condition
    after: Condition | None
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        parts = (self.part,) if self.after is None else (self.part, self.after)
        return (*collect_leaves(parts), ClockTick(-1 if self.after else self.within_ms))

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past)
        index = len(next_memories)
        next_memories.append(memory)
        arrival = find_new_hit(
            self.part.evaluate(past, include_now(context), next_memories),
            memory,
            context,
            stage=_ARRIVAL_STAGE,
        )
        wait = None
        if self.after is not None:
            match = self.after.evaluate(past, include_now(context), next_memories)
            wait = find_new_hit(match, memory, context, stage=_WAIT_STAGE)
        elif not memory.hits:
            wait = ConditionHit(0, "", "", _WAIT_STAGE)
        hits = [*memory.hits, *(hit for hit in (arrival, wait) if hit)]
        clock = context.clock
        open_waits = self._find_open_waits(hits, clock)
        since_ms = self._find_start(memory, open_waits, context)
        next_memories[index] = Memory(_prune(hits, clock), since_ms)
        if since_ms is None:
            return NO_MATCH
        is_new = since_ms == clock == context.now
        return Match(matched=True, is_new=is_new, hits=self._collect_evidence(open_waits, context))

    def _find_open_waits(self, hits: list[ConditionHit], now: int) -> list[ConditionHit]:
        """What has been waited for in vain, as known before this millisecond."""
        last_arrival_ms = max(
            (h.at_ms for h in hits if h.stage == _ARRIVAL_STAGE and h.at_ms < now), default=-1
        )
        return [h for h in hits if h.stage == _WAIT_STAGE and last_arrival_ms < h.at_ms < now]

    def _find_start(
        self, memory: Memory, open_waits: list[ConditionHit], context: EvaluationContext
    ) -> int | None:
        if not any(h.at_ms + self.within_ms < context.clock for h in open_waits):
            return None
        if memory.since_ms is not None:
            return memory.since_ms
        # An event from before the newest one cannot say that something did not come by now.
        return context.clock if context.now == context.clock else None

    def _collect_evidence(
        self, open_waits: list[ConditionHit], context: EvaluationContext
    ) -> tuple[ConditionHit, ...]:
        reason = explanations.explain_absence(self.within_ms, context.language)
        return (*(h for h in open_waits[:1] if h.reason), ConditionHit(context.clock, "", reason))


@dataclass(frozen=True, slots=True)
class ClockTick:
    """Time passes: whoever speaks or is silent, moves the clock.

    Attributes:
        due_ms: only from here on is it worth a look though nothing is remembered; -1: never.
    """

    due_ms: int
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LINE, EventKind.TURN})

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        moves_clock = isinstance(event, TranscriptLine | Turn)
        return moves_clock and 0 <= self.due_ms < event_time(event)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """Never asked: `AbsencePattern` answers."""
        del past, context, next_memories
        return NO_MATCH


def _prune(hits: list[ConditionHit], now: int) -> tuple[ConditionHit, ...]:
    """Without what can never matter again: waits that ended, all but the newest answer."""
    last_arrival_ms = max(
        (h.at_ms for h in hits if h.stage == _ARRIVAL_STAGE and h.at_ms < now), default=-1
    )
    relevant = [h for h in hits if h.at_ms >= now or h.at_ms >= last_arrival_ms]
    relevant.sort(key=lambda h: (h.at_ms, h.stage, h.cause_id))
    return tuple(relevant[:MAX_HITS])
