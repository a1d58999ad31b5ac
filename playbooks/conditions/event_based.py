"""What happens at one event: words, topics, readings, silence, talk-over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.reading import Modality, Reading
from detectors.utterance import Language, Speaker, TranscriptLine, Turn, TurnKind
from playbooks.conditions import explanations
from playbooks.conditions.memory import NO_MATCH, ConditionHit, EvaluationContext, Match, Memory
from playbooks.events import Event, EventKind, event_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.labels import Emotion, Topic
    from playbooks.conditions.base import Leaf
    from playbooks.text.phrases import Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCondition(ABC):
    """Something that happens at one event.

    Attributes:
        within_ms: for how long after the event it counts as true; 0: only in its millisecond.
    """

    kinds: ClassVar[frozenset[EventKind]]
    within_ms: int = 0

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    @abstractmethod
    def explain(self, event: Event, language: Language) -> str | None:
        """Why this event shows it, in words; ``None``: it does not."""

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return self.explain(event, Language.KOREAN) is not None

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        hit = self._find_hit(memory, context) if context.kind in self.kinds else None
        if hit:
            memory = memory.with_hit(hit)
        next_memories.append(memory)
        if not memory.hits:
            return NO_MATCH
        recent = tuple(h for h in memory.hits if context.is_recent(h, within_ms=self.within_ms))
        return Match(matched=True, is_new=hit is not None, hits=recent) if recent else NO_MATCH

    def _find_hit(self, memory: Memory, context: EvaluationContext) -> ConditionHit | None:
        reason = self.explain(context.event, context.language)
        if reason is None:
            return None
        cause_id = event_id(context.event)
        if memory.has_hit(cause_id):
            return None
        return ConditionHit(context.now, cause_id, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseCondition(EventCondition):
    """A final transcript line of ``speaker`` (``None``: of either) has one of the phrases."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LINE})
    speaker: Speaker | None
    phrases: Phrases

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return (
            isinstance(event, TranscriptLine)
            and self.speaker in (None, event.speaker)
            and self.phrases.may_match(event.text)
        )

    def explain(self, event: Event, language: Language) -> str | None:
        """See `EventCondition.explain`."""
        if not isinstance(event, TranscriptLine) or self.speaker not in (None, event.speaker):
            return None
        words = self.phrases.find_first(event.text)
        return explanations.explain_phrase(event.speaker, words, language) if words else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCondition(EventCondition):
    """The text detector took the customer's words to be about ``topic``.

    Topics are facts about words: they count even where the detector abstained on the emotion.
    """

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.READING})
    topic: Topic

    def may_match(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        return isinstance(event, Reading) and self.topic in event.topics

    def explain(self, event: Event, language: Language) -> str | None:
        """See `EventCondition.explain`."""
        if not isinstance(event, Reading) or self.topic not in event.topics:
            return None
        return explanations.explain_topic(self.topic, event, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCondition(EventCondition):
    """A reading gives ``label`` at least ``score``. A reading that abstained never counts.

    Attributes:
        score: least score of the label, 0-1.
        confidence: least confidence of the reading, 0-1.
        modality: only voice or only words; ``None``: either.
    """

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.READING})
    label: Emotion
    score: float = 0.5
    confidence: float = 0.0
    modality: Modality | None = None

    def explain(self, event: Event, language: Language) -> str | None:
        """See `EventCondition.explain`."""
        if not isinstance(event, Reading) or event.abstained:
            return None
        score = event.scores.get(self.label, 0.0)
        wrong_modality = self.modality not in (None, event.modality)
        if wrong_modality or score < self.score or event.confidence < self.confidence:
            return None
        return explanations.explain_emotion(self.label, score, event.modality, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceCondition(EventCondition):
    """Neither has spoken for ``at_least_ms``. One silence counts once, however it grows."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TURN})
    at_least_ms: int

    def explain(self, event: Event, language: Language) -> str | None:
        """See `EventCondition.explain`."""
        if not isinstance(event, Turn) or event.kind is not TurnKind.SILENCE:
            return None
        length = event.span.duration_ms
        return (
            explanations.explain_silence(length, language) if length >= self.at_least_ms else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkOverCondition(EventCondition):
    """Somebody came in on top of the other for ``at_least_ms``; ``speaker``: only that one."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TURN})
    at_least_ms: int
    speaker: Speaker | None = None

    def explain(self, event: Event, language: Language) -> str | None:
        """See `EventCondition.explain`."""
        if not isinstance(event, Turn) or event.kind is not TurnKind.TALK_OVER:
            return None
        length = event.span.duration_ms
        if length < self.at_least_ms or self.speaker not in (None, event.speaker):
            return None
        return explanations.explain_talk_over(event.speaker, length, language)
