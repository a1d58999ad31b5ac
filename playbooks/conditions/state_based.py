"""What lasts from one event to the next: the mood, the facts and the time of the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.mood import Mood, MoodLevel, Trend
from playbooks.conditions import explanations
from playbooks.conditions.call_phase import phases_at
from playbooks.conditions.memory import (
    EMPTY_MEMORY,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
    Memory,
)
from playbooks.events import CallerIdentified, Event, EventKind, event_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.labels import Emotion
    from detectors.reading import Contrast
    from detectors.utterance import Language
    from playbooks.conditions.base import Leaf
    from playbooks.conditions.call_phase import Phase
    from playbooks.sensitivity import SensitivityKind

_LEVEL_RANKS = {level: rank for rank, level in enumerate(MoodLevel)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodCondition:
    """The customer's mood is, and has been for ``for_ms``, as described. ``None``: any.

    Attributes:
        level: at least this level.
        at_most: at most this level.
        until_level: once true it stays so until the level is this or lower (hysteresis).
        strain: at least this strain, 0-1.
        until_strain: once true it stays so until the strain is below this (hysteresis).
        shift: a sudden rise; like everything here it holds until the next mood.
        disagreement: voice and words point to different sides, whichever way.
        contrast: they do, and this way.
    """

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.MOOD})
    level: MoodLevel | None = None
    at_most: MoodLevel | None = None
    until_level: MoodLevel | None = None
    strain: float | None = None
    until_strain: float | None = None
    label: Emotion | None = None
    trend: Trend | None = None
    shift: bool | None = None
    disagreement: bool | None = None
    contrast: Contrast | None = None
    for_ms: int = 0

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return isinstance(event, Mood) and self._matches(event, is_held=False)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        before = memory = next(past)
        mood = context.event
        if isinstance(mood, Mood) and context.facts.mood == (mood.at_ms, mood.number):
            memory = self._update_memory(before, mood, context.language)
        next_memories.append(memory)
        if context.excludes_now:
            return Match(self._was_held_before(memory, context.now))
        if not self._is_held(memory, context.now):
            return NO_MATCH
        continues = memory is not before and memory.until_ms is None
        is_new = continues and not self._is_held(before, context.now)
        return Match(matched=True, is_new=is_new, continues=continues, hits=memory.hits)

    def _update_memory(self, before: Memory, mood: Mood, language: Language) -> Memory:
        holds = before.since_ms is not None and before.until_ms in (None, mood.at_ms)
        if not self._matches(mood, is_held=holds and self._is_held(before, mood.at_ms)):
            return replace(before, until_ms=mood.at_ms) if holds else EMPTY_MEMORY
        since_ms = before.since_ms if holds and before.since_ms is not None else mood.at_ms
        if before.hits and before.hits[0].cause_id == mood.mood_id:
            return before
        reason = explanations.explain_mood(mood, mood.at_ms - since_ms, language)
        return Memory((ConditionHit(mood.at_ms, mood.mood_id, reason),), since_ms)

    def _is_held(self, memory: Memory, now: int) -> bool:
        """Whether it holds, or held until this very millisecond; ``hits`` has the last mood."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.hits[0].at_ms - memory.since_ms >= self.for_ms

    def _was_held_before(self, memory: Memory, now: int) -> bool:
        """Whether it held at the end of the millisecond before this one."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.since_ms < now and now - 1 - memory.since_ms >= self.for_ms

    def _matches(self, mood: Mood, *, is_held: bool) -> bool:
        return (
            self._is_strained(mood, is_held=is_held)
            and self.label in (None, mood.label)
            and self.trend in (None, mood.trend)
            and self.shift in (None, mood.shift)
            and self.disagreement in (None, mood.disagreement)
            and self.contrast in (None, mood.contrast)
        )

    def _is_strained(self, mood: Mood, *, is_held: bool) -> bool:
        rank = _LEVEL_RANKS[mood.level]
        if self.at_most is not None and rank > _LEVEL_RANKS[self.at_most]:
            return False
        if is_held and self.until_level is not None:
            return rank > _LEVEL_RANKS[self.until_level]
        min_strain = self.until_strain if is_held and self.until_strain is not None else self.strain
        is_level_reached = self.level is None or rank >= _LEVEL_RANKS[self.level]
        return is_level_reached and (min_strain is None or mood.strain >= min_strain)


class _StatelessCondition(ABC):
    """What the call's facts or its clock answer: nothing is remembered for it."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset()
    __slots__ = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def may_match(self, event: Event) -> bool:  # noqa: ARG002 - it only narrows
        """See `playbooks.conditions.base.Leaf.notices`."""
        return False

    @abstractmethod
    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCondition(_StatelessCondition):
    """A fact of the call: its queue is one of ``queues``, its language ``language``.

    Never a trigger, like `CallTimeCondition` and `PhaseCondition`: they narrow what other
    conditions find. Until the call's start was told it does not hold.
    """

    queues: tuple[str, ...] = ()
    language: Language | None = None

    def evaluate(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        context: EvaluationContext,
        next_memories: list[Memory],  # noqa: ARG002
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        facts = context.facts
        is_queue_matched = not self.queues or facts.queue in self.queues
        return Match(
            facts.has_started and is_queue_matched and self.language in (None, facts.language)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTimeCondition(_StatelessCondition):
    """The call has lasted ``after_ms`` or more, and less than ``before_ms``."""

    after_ms: int = 0
    before_ms: int | None = None

    def evaluate(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        context: EvaluationContext,
        next_memories: list[Memory],  # noqa: ARG002
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        now = context.clock
        if now < self.after_ms or (self.before_ms is not None and now >= self.before_ms):
            return NO_MATCH
        reason = explanations.explain_call_time(now, context.language)
        return Match(matched=True, hits=(ConditionHit(now, "", reason),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCondition(_StatelessCondition):
    """The call is in one of ``phases`` (`playbooks.conditions.call_phase`)."""

    phases: frozenset[Phase]

    def evaluate(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        context: EvaluationContext,
        next_memories: list[Memory],  # noqa: ARG002
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        current_phases = phases_at(
            context.clock, context.facts.goodbyes, excludes_now=context.excludes_now
        )
        if context.excludes_now:
            return Match(current_phases <= self.phases)
        if current_phases.isdisjoint(self.phases):
            return NO_MATCH
        phase = next(phase for phase in sorted(current_phases) if phase in self.phases)
        return Match(
            matched=True,
            hits=(
                ConditionHit(context.now, "", explanations.explain_phase(phase, context.language)),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatCallerCondition:
    """It is the caller's ``calls``-th call within ``within_ms``, or later; this one counts.

    Attributes:
        kind: earlier calls count only where they were found to be of this kind.
    """

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.CALLER})
    calls: int = 2
    within_ms: int
    kind: SensitivityKind | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return isinstance(event, CallerIdentified)

    def evaluate(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - the facts remember
        context: EvaluationContext,
        next_memories: list[Memory],  # noqa: ARG002
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        earlier_calls = [
            call
            for call in context.facts.earlier_calls
            if call.ago_ms <= self.within_ms and (self.kind is None or self.kind in call.kinds)
        ]
        if len(earlier_calls) + 1 < self.calls:
            return NO_MATCH
        reason = explanations.explain_repeat_caller(
            len(earlier_calls), self.within_ms, self.kind, context.language
        )
        cause_id = event_id(CallerIdentified(context.event.call_id, ()))
        hits = (ConditionHit(0, cause_id, reason),)
        return Match(matched=True, is_new=context.kind is EventKind.CALLER, hits=hits)
