"""What lasts from one event to the next: the mood, the facts and the time of the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.mood import Mood, MoodLevel, Trend
from playbooks.conditions import explanations
from playbooks.conditions.call_phase import phases_at
from playbooks.conditions.memory import BLANK, UNTRUE, Hit, Memory, Moment, Verdict
from playbooks.events import CallerKnown, Event, EventKind, event_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.labels import Emotion
    from detectors.reading import Contrast
    from detectors.utterance import Language
    from playbooks.conditions.base import Leaf
    from playbooks.conditions.call_phase import Phase
    from playbooks.sensitivity import Sensitive

_STRAIN = {level: rank for rank, level in enumerate(MoodLevel)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodIs:
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

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return isinstance(event, Mood) and self._matches(event, held=False)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        before = memory = next(past)
        mood = moment.event
        if isinstance(mood, Mood) and moment.facts.mood == (mood.at_ms, mood.number):
            memory = self._felt(before, mood, moment.language)
        kept.append(memory)
        if moment.before:
            return Verdict(self._held_before(memory, moment.now))
        if not self._held(memory, moment.now):
            return UNTRUE
        felt = memory is not before and memory.until_ms is None
        fresh = felt and not self._held(before, moment.now)
        return Verdict(true=True, fresh=fresh, again=felt, hits=memory.hits)

    def _felt(self, before: Memory, mood: Mood, language: Language) -> Memory:
        holds = before.since_ms is not None and before.until_ms in (None, mood.at_ms)
        if not self._matches(mood, held=holds and self._held(before, mood.at_ms)):
            return replace(before, until_ms=mood.at_ms) if holds else BLANK
        since = before.since_ms if holds and before.since_ms is not None else mood.at_ms
        if before.hits and before.hits[0].cause_id == mood.mood_id:
            return before
        reason = explanations.felt(mood, mood.at_ms - since, language)
        return Memory((Hit(mood.at_ms, mood.mood_id, reason),), since)

    def _held(self, memory: Memory, now: int) -> bool:
        """Whether it holds, or held until this very millisecond; ``hits`` has the last mood."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.hits[0].at_ms - memory.since_ms >= self.for_ms

    def _held_before(self, memory: Memory, now: int) -> bool:
        """Whether it held at the end of the millisecond before this one."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.since_ms < now and now - 1 - memory.since_ms >= self.for_ms

    def _matches(self, mood: Mood, *, held: bool) -> bool:
        return (
            self._is_strained(mood, held=held)
            and self.label in (None, mood.label)
            and self.trend in (None, mood.trend)
            and self.shift in (None, mood.shift)
            and self.disagreement in (None, mood.disagreement)
            and self.contrast in (None, mood.contrast)
        )

    def _is_strained(self, mood: Mood, *, held: bool) -> bool:
        rank = _STRAIN[mood.level]
        if self.at_most is not None and rank > _STRAIN[self.at_most]:
            return False
        if held and self.until_level is not None:
            return rank > _STRAIN[self.until_level]
        least = self.until_strain if held and self.until_strain is not None else self.strain
        enough = self.level is None or rank >= _STRAIN[self.level]
        return enough and (least is None or mood.strain >= least)


class _Known(ABC):
    """What the call's facts or its clock answer: nothing is remembered for it."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset()
    __slots__ = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:  # noqa: ARG002 - it only narrows
        """See `playbooks.conditions.base.Leaf.notices`."""
        return False

    @abstractmethod
    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIs(_Known):
    """A fact of the call: its queue is one of ``queues``, its language ``language``.

    Never sets anything off by itself, like `CallTime` and `PhaseIs`: they narrow what other
    conditions find. Until the call's start was told it does not hold.
    """

    queues: tuple[str, ...] = ()
    language: Language | None = None

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        call = moment.facts
        right_queue = not self.queues or call.queue in self.queues
        return Verdict(call.started and right_queue and self.language in (None, call.language))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTime(_Known):
    """The call has lasted ``after_ms`` or more, and less than ``before_ms``."""

    after_ms: int = 0
    before_ms: int | None = None

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        now = moment.clock
        if now < self.after_ms or (self.before_ms is not None and now >= self.before_ms):
            return UNTRUE
        reason = explanations.into_the_call(now, moment.language)
        return Verdict(true=True, hits=(Hit(now, "", reason),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseIs(_Known):
    """The call is in one of ``phases`` (`playbooks.conditions.call_phase`)."""

    phases: frozenset[Phase]

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        now = phases_at(moment.clock, moment.facts.goodbyes, before=moment.before)
        if moment.before:
            return Verdict(now <= self.phases)
        if now.isdisjoint(self.phases):
            return UNTRUE
        phase = next(phase for phase in sorted(now) if phase in self.phases)
        return Verdict(
            true=True, hits=(Hit(moment.now, "", explanations.during(phase, moment.language)),)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatCaller:
    """It is the caller's ``calls``-th call within ``within_ms``, or later; this one counts.

    Attributes:
        kind: earlier calls count only where they were found to be of this kind.
    """

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.CALLER})
    calls: int = 2
    within_ms: int
    kind: Sensitive | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return isinstance(event, CallerKnown)

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - the facts remember
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        earlier = [
            call
            for call in moment.facts.earlier
            if call.ago_ms <= self.within_ms and (self.kind is None or self.kind in call.kinds)
        ]
        if len(earlier) + 1 < self.calls:
            return UNTRUE
        reason = explanations.called_before(
            len(earlier), self.within_ms, self.kind, moment.language
        )
        cause_id = event_id(CallerKnown(moment.event.call_id, ()))
        hits = (Hit(0, cause_id, reason),)
        return Verdict(true=True, fresh=moment.kind is EventKind.CALLER, hits=hits)
