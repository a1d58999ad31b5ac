"""What lasts from one event to the next: the mood, the call's facts, the time of the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.mood import Mood, MoodLevel, Trend
from playbooks import reasons
from playbooks.events import CallStarted, Event, EventKind
from playbooks.memory import NEVER, UNTRUE, Hit, Memory, Moment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.labels import Emotion
    from detectors.reading import Contrast
    from detectors.utterance import Language
    from playbooks.conditions import Leaf

_STRAIN = list(MoodLevel)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodIs:
    """The customer's mood is, and has been for ``for_ms``, as described. ``None``: any.

    Attributes:
        level: at least this level.
        strain: at least this strain, 0-1.
        until_strain: once true it stays so until the strain is below this (hysteresis).
        shift: a sudden rise; like everything here it holds until the next mood.
        disagreement: voice and words point to different sides, whichever way.
        contrast: they do, and this way.
    """

    kind: ClassVar[EventKind | None] = EventKind.MOOD
    level: MoodLevel | None = None
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
        """See `playbooks.conditions.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.Leaf.notices`."""
        return isinstance(event, Mood)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        before = next(past)
        memory = before
        mood = moment.event
        if isinstance(mood, Mood) and (mood.at_ms, mood.number) > before.seen:
            memory = self._felt(before, mood, moment.language)
        kept.append(memory)
        if not self._held(memory):
            return UNTRUE
        return Verdict(true=True, fresh=not self._held(before), hits=memory.hits)

    def _felt(self, before: Memory, mood: Mood, language: Language) -> Memory:
        if not self._matches(mood, held=self._held(before)):
            return Memory(seen=(mood.at_ms, mood.number))
        since = mood.at_ms if before.since_ms is None else before.since_ms
        reason = reasons.felt(mood, mood.at_ms - since, language)
        return Memory((Hit(mood.at_ms, mood.mood_id, reason),), since, (mood.at_ms, mood.number))

    def _held(self, memory: Memory) -> bool:
        return memory.since_ms is not None and memory.seen[0] - memory.since_ms >= self.for_ms

    def _matches(self, mood: Mood, *, held: bool) -> bool:
        least = self.until_strain if held and self.until_strain is not None else self.strain
        return (
            (self.level is None or _STRAIN.index(mood.level) >= _STRAIN.index(self.level))
            and (least is None or mood.strain >= least)
            and self.label in (None, mood.label)
            and self.trend in (None, mood.trend)
            and self.shift in (None, mood.shift)
            and self.disagreement in (None, mood.disagreement)
            and self.contrast in (None, mood.contrast)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIs:
    """A fact of the call: its queue is one of ``queues``, its language ``language``."""

    kind: ClassVar[EventKind | None] = EventKind.CALL
    queues: tuple[str, ...] = ()
    language: Language | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.Leaf.notices`."""
        return isinstance(event, CallStarted)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        before = next(past)
        memory = before
        if isinstance(moment.event, CallStarted) and before.seen == NEVER:
            memory = Memory(since_ms=0 if self._matches(moment.event) else None, seen=(0, 0))
        kept.append(memory)
        return Verdict(memory.since_ms is not None, memory.since_ms != before.since_ms)

    def _matches(self, call: CallStarted) -> bool:
        right_queue = not self.queues or call.queue in self.queues
        return right_queue and self.language in (None, call.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTime:
    """The call has lasted ``after_ms`` or more, and less than ``before_ms``.

    Never sets anything off by itself: it narrows what other conditions find.
    """

    kind: ClassVar[EventKind | None] = None
    after_ms: int = 0
    before_ms: int | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:  # noqa: ARG002 - the clock moves by itself
        """See `playbooks.conditions.Leaf.notices`."""
        return False

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        now = moment.clock
        if now < self.after_ms or (self.before_ms is not None and now >= self.before_ms):
            return UNTRUE
        reason = reasons.into_the_call(now, moment.language)
        return Verdict(true=True, hits=(Hit(now, "", reason),))
