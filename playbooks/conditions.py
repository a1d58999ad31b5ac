"""What a playbook can watch for: words, topics, readings, moods, silence, talk-over, facts.

A *happening* is true at the event that shows it, and stays true for ``within_ms`` after it.
A *lasting* condition is true from the event that shows it until one that shows otherwise.
`playbooks.combining` joins them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Modality, Reading
from detectors.utterance import Language, Speaker, TranscriptLine, Turn, TurnKind
from playbooks import reasons
from playbooks.events import CallStarted, Event, EventKind, event_id
from playbooks.memory import UNTRUE, Hit, Memory, Moment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.labels import Emotion, Topic
    from playbooks.phrases import Phrases

_STRAIN = list(MoodLevel)


class Condition(Protocol):
    """One node of a playbook's ``when``."""

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The conditions below it that look at events themselves; itself where it does."""
        ...

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """Take the moment in and answer.

        Takes its own memory (if it has one) and its parts' from ``past``, and appends what is
        to be remembered to ``kept``, always in the same order. Pure apart from that.
        """
        ...


class Leaf(Condition, Protocol):
    """A condition that looks at events of one kind (``None``: at none, only at the time)."""

    kind: ClassVar[EventKind | None]

    def notices(self, event: Event) -> bool:
        """With nothing remembered, this event may matter. Cheap: most events do not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(ABC):
    """Something that happens at one event.

    Attributes:
        within_ms: for how long after the event it counts as true; 0: only at the event.
    """

    kind: ClassVar[EventKind | None]
    within_ms: int = 0

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `Condition.leaves`."""
        return (self,)

    @abstractmethod
    def reason(self, event: Event, language: Language) -> str | None:
        """Why this event shows it, in words; ``None``: it does not."""

    def notices(self, event: Event) -> bool:
        """See `Leaf.notices`."""
        return self.reason(event, Language.KOREAN) is not None

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        hit = self._hit(memory, moment) if moment.kind is self.kind else None
        if hit:
            memory = memory.with_hit(hit)
        kept.append(memory)
        if not memory.hits or not (hit or self.within_ms):
            return UNTRUE
        since = moment.clock - self.within_ms
        recent = tuple(h for h in memory.hits if h is hit or (self.within_ms and h.at_ms >= since))
        return Verdict(bool(recent), hit is not None, recent)

    def _hit(self, memory: Memory, moment: Moment) -> Hit | None:
        if moment.too_late:
            return None
        reason = self.reason(moment.event, moment.language)
        cause_id = event_id(moment.event)
        if reason is None or any(h.cause_id == cause_id for h in memory.hits):
            return None
        return Hit(moment.now, cause_id, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Happening):
    """A final transcript line of ``speaker`` has one of the phrases in it."""

    kind: ClassVar[EventKind | None] = EventKind.LINE
    speaker: Speaker
    phrases: Phrases

    def notices(self, event: Event) -> bool:
        """See `Leaf.notices`."""
        return (
            isinstance(event, TranscriptLine)
            and event.speaker is self.speaker
            and self.phrases.may_be_in(event.text)
        )

    def reason(self, event: Event, language: Language) -> str | None:
        """See `Happening.reason`."""
        if not isinstance(event, TranscriptLine) or event.speaker is not self.speaker:
            return None
        words = self.phrases.found_in(event.text)
        return reasons.said(self.speaker, words, language) if words else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicHeard(Happening):
    """The text detector took the customer's words to be about ``topic``.

    Topics are facts about words: they count even where the detector abstained on the emotion.
    """

    kind: ClassVar[EventKind | None] = EventKind.READING
    topic: Topic

    def reason(self, event: Event, language: Language) -> str | None:
        """See `Happening.reason`."""
        if not isinstance(event, Reading) or self.topic not in event.topics:
            return None
        return reasons.about(self.topic, event, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionRead(Happening):
    """A reading gives ``label`` at least ``score``. A reading that abstained never counts.

    Attributes:
        score: least score of the label, 0-1.
        confidence: least confidence of the reading, 0-1.
        modality: only voice or only words; ``None``: either.
    """

    kind: ClassVar[EventKind | None] = EventKind.READING
    label: Emotion
    score: float = 0.5
    confidence: float = 0.0
    modality: Modality | None = None

    def reason(self, event: Event, language: Language) -> str | None:
        """See `Happening.reason`."""
        if not isinstance(event, Reading) or event.abstained:
            return None
        score = event.scores.get(self.label, 0.0)
        wrong_modality = self.modality not in (None, event.modality)
        if wrong_modality or score < self.score or event.confidence < self.confidence:
            return None
        return reasons.expressed(self.label, score, event.modality, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Happening):
    """Neither has spoken for ``at_least_ms``. One silence counts once, however it grows."""

    kind: ClassVar[EventKind | None] = EventKind.TURN
    at_least_ms: int

    def reason(self, event: Event, language: Language) -> str | None:
        """See `Happening.reason`."""
        if not isinstance(event, Turn) or event.kind is not TurnKind.SILENCE:
            return None
        length = event.span.duration_ms
        return reasons.silent(length, language) if length >= self.at_least_ms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkOver(Happening):
    """Somebody came in on top of the other for ``at_least_ms``; ``speaker``: only that one."""

    kind: ClassVar[EventKind | None] = EventKind.TURN
    at_least_ms: int
    speaker: Speaker | None = None

    def reason(self, event: Event, language: Language) -> str | None:
        """See `Happening.reason`."""
        if not isinstance(event, Turn) or event.kind is not TurnKind.TALK_OVER:
            return None
        length = event.span.duration_ms
        if length < self.at_least_ms or self.speaker not in (None, event.speaker):
            return None
        return reasons.talked_over(event.speaker, length, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodIs:
    """The customer's mood is, and has been for ``for_ms``, as described. ``None``: any.

    Attributes:
        level: at least this level.
        strain: at least this strain, 0-1.
        until_strain: once true it stays so until the strain is below this (hysteresis).
        shift: a sudden rise; like everything here it holds until the next mood.
        disagreement: voice and words point to different sides.
    """

    kind: ClassVar[EventKind | None] = EventKind.MOOD
    level: MoodLevel | None = None
    strain: float | None = None
    until_strain: float | None = None
    label: Emotion | None = None
    trend: Trend | None = None
    shift: bool | None = None
    disagreement: bool | None = None
    for_ms: int = 0

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `Leaf.notices`."""
        return isinstance(event, Mood)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `Condition.judge`."""
        before = next(past)
        memory = before
        if isinstance(moment.event, Mood) and moment.event.at_ms >= before.seen_ms:
            memory = self._felt(before, moment.event, moment.language)
        kept.append(memory)
        if not self._held(memory):
            return UNTRUE
        return Verdict(true=True, fresh=not self._held(before), hits=memory.hits)

    def _felt(self, before: Memory, mood: Mood, language: Language) -> Memory:
        if not self._matches(mood, held=self._held(before)):
            return Memory(seen_ms=mood.at_ms)
        since = mood.at_ms if before.since_ms is None else before.since_ms
        reason = reasons.felt(mood, mood.at_ms - since, language)
        return Memory((Hit(mood.at_ms, mood.mood_id, reason),), since, mood.at_ms)

    def _held(self, memory: Memory) -> bool:
        return memory.since_ms is not None and memory.seen_ms - memory.since_ms >= self.for_ms

    def _matches(self, mood: Mood, *, held: bool) -> bool:
        least = self.until_strain if held and self.until_strain is not None else self.strain
        return (
            (self.level is None or _STRAIN.index(mood.level) >= _STRAIN.index(self.level))
            and (least is None or mood.strain >= least)
            and self.label in (None, mood.label)
            and self.trend in (None, mood.trend)
            and self.shift in (None, mood.shift)
            and self.disagreement in (None, mood.disagreement)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIs:
    """A fact of the call: its queue is one of ``queues``, its language ``language``."""

    kind: ClassVar[EventKind | None] = EventKind.CALL
    queues: tuple[str, ...] = ()
    language: Language | None = None

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `Leaf.notices`."""
        return isinstance(event, CallStarted)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `Condition.judge`."""
        before = next(past)
        memory = before
        if isinstance(moment.event, CallStarted) and before.seen_ms < 0:
            memory = Memory(since_ms=0 if self._matches(moment.event) else None, seen_ms=0)
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
        """See `Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:  # noqa: ARG002 - the clock moves by itself
        """See `Leaf.notices`."""
        return False

    def judge(
        self,
        past: Iterator[Memory],  # noqa: ARG002 - remembers nothing
        moment: Moment,
        kept: list[Memory],  # noqa: ARG002
    ) -> Verdict:
        """See `Condition.judge`."""
        now = moment.clock
        if now < self.after_ms or (self.before_ms is not None and now >= self.before_ms):
            return UNTRUE
        reason = reasons.into_the_call(now, moment.language)
        return Verdict(true=True, hits=(Hit(now, "", reason),))
