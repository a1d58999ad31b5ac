"""The text detector takes words to be about something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.labels import Topic
from detectors.reading import Reading
from detectors.utterance import Language
from playbooks.conditions.condition import parse_within
from playbooks.conditions.event_condition import EventCondition
from playbooks.conditions.phrase_mutations import reduce_phrases
from playbooks.conditions.schema_parts import (
    DURATION,
    block_schema,
    choice_schema,
    phrases_schema,
)
from playbooks.events import EventKind
from playbooks.reason import Reason
from playbooks.text.phrase_expression import Span
from playbooks.text.phrases import Phrases
from playbooks.text.word_lists import parse_exclusions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.reading import TopicMatch
    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField

MAX_WORDS = 3
"""Words that a reason names of those that made the detector think so."""

_NO_PHRASES = Phrases({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCondition(EventCondition):
    """The text detector took the customer's words to be about ``topic``.

    Topics are facts about words: they count even where the detector abstained on the emotion.

    Attributes:
        false_friends: words that are no such thing here: a topic counts for nothing where all of
            its words stand among these.
    """

    KEY: ClassVar[str] = "topic"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "regulator",
        "{is: threat, within: 30s}",
        "{is: self_harm, but_not: {ko: [자살 예방], en: [suicide prevention]}}",
    )
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "“{topic}” 주제로 읽힌 말",
            Language.ENGLISH: "words taken for “{topic}”",
        },
        "reason": {
            Language.KOREAN: "{topic} 관련 발언",
            Language.ENGLISH: "words taken for “{topic}”",
        },
        "reason_with_words": {
            Language.KOREAN: "{topic} 관련 발언 ({words})",
            Language.ENGLISH: "words taken for “{topic}” ({words})",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.READING})

    topic: Topic
    false_friends: Phrases = _NO_PHRASES

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> TopicCondition:
        del context
        if not field.is_block:
            return cls(topic=field.choice(Topic))
        block = field.block({"is", "within", "but_not"})
        topic = block.require("is", "write which topic").choice(Topic)
        false_friends = Phrases({}, parse_exclusions(block))
        return cls(topic=topic, within_ms=parse_within(block), false_friends=false_friends)

    @classmethod
    def json_schema(cls) -> Schema:
        topic = choice_schema(Topic)
        keys = {"is": topic, "within": DURATION, "but_not": block_schema(phrases_schema())}
        block = block_schema(keys, required_keys=["is"])
        return {"oneOf": [topic, block]}

    def may_match(self, event: Event) -> bool:
        return isinstance(event, Reading) and self.topic in event.topics

    def explain(self, event: Event) -> Reason | None:
        if not isinstance(event, Reading) or self.topic not in event.topics:
            return None
        matches = [match for match in event.topic_matches if match.topic is self.topic]
        if not matches:
            return Reason.of(self.KEY, topic=self.topic)
        words = tuple(
            dict.fromkeys(match.words for match in matches if not self._is_false_friend(match))
        )
        return Reason.of(self.KEY, topic=self.topic, words=words[:MAX_WORDS]) if words else None

    def _is_false_friend(self, match: TopicMatch) -> bool:
        context = match.context or match.words
        start = max(0, context.find(match.words))
        place = Span(start, start + len(match.words))
        return any(place.overlaps(span) for span in self.false_friends.find_exclusions(context))

    @property
    def min_duration_ms(self) -> int:
        return 0

    def own_mutations(self) -> Iterator[Mutation]:
        for name, false_friends in reduce_phrases(self.false_friends):
            yield f"{self.short_name} {name}", replace(self, false_friends=false_friends)

    @property
    def short_name(self) -> str:
        return f"topic {self.topic}"

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(self, "when", topic=wording.name("topic", self.topic))

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        topic = wording.name("topic", reason.word("topic"))
        if words := ", ".join(reason.words("words")):
            return wording.text(cls, "reason_with_words", topic=topic, words=words)
        return wording.text(cls, "reason", topic=topic)
