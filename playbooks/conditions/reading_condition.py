"""One reading of an emotion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from detectors.utterance import Language
from playbooks.conditions.condition import parse_within
from playbooks.conditions.event_condition import EventCondition
from playbooks.conditions.schema_parts import DURATION, RATIO, block_schema, choice_schema
from playbooks.events import EventKind
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCondition(EventCondition):
    """A reading gives ``label`` at least ``score``. A reading that abstained never counts.

    Attributes:
        score: least score of the label, 0-1.
        confidence: least confidence of the reading, 0-1.
        modality: only voice or only words; ``None``: either.
    """

    KEY: ClassVar[str] = "reading"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "{label: anger, score: 0.7}",
        "{label: fear, confidence: 0.5, from: voice, within: 20s}",
    )
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "{emotion} {score} 이상으로 읽힘",
            Language.ENGLISH: "read as {emotion}, {score} or more",
        },
        "reason.voice": {
            Language.KOREAN: "목소리에서 {emotion} {score}",
            Language.ENGLISH: "{emotion} {score} in the voice",
        },
        "reason.text": {
            Language.KOREAN: "말에서 {emotion} {score}",
            Language.ENGLISH: "{emotion} {score} in the words",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.READING})

    label: Emotion
    score: float = 0.5
    confidence: float = 0.0
    modality: Modality | None = None

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> ReadingCondition:
        del context
        block = field.block({"label", "score", "confidence", "from", "within"})
        score, confidence = block.get("score"), block.get("confidence")
        source = block.get("from")
        return cls(
            label=block.require("label", "write an emotion, such as anger").choice(Emotion),
            score=score.ratio() if score else 0.5,
            confidence=confidence.ratio() if confidence else 0.0,
            modality=source.choice(Modality) if source else None,
            within_ms=parse_within(block),
        )

    @classmethod
    def json_schema(cls) -> Schema:
        keys = {
            "label": choice_schema(Emotion),
            "score": RATIO,
            "confidence": RATIO,
            "from": choice_schema(Modality),
            "within": DURATION,
        }
        return block_schema(keys, required_keys=["label"])

    def explain(self, event: Event) -> Reason | None:
        if not isinstance(event, Reading) or event.abstained:
            return None
        score = event.scores.get(self.label, 0.0)
        wrong_modality = self.modality not in (None, event.modality)
        if wrong_modality or score < self.score or event.confidence < self.confidence:
            return None
        return Reason.of(
            self.KEY, emotion=self.label, score=round(score, 3), modality=event.modality
        )

    @property
    def min_duration_ms(self) -> int:
        return 0

    def own_mutations(self) -> Iterator[Mutation]:
        if self.score:
            yield "reading whatever the score", replace(self, score=0.0)
        if self.modality is not None:
            yield f"reading not only in the {self.modality}", replace(self, modality=None)

    @property
    def short_name(self) -> str:
        return self.KEY

    def describe(self, wording: ConditionWording) -> str:
        emotion = wording.name("emotion", self.label)
        return wording.text(self, "when", emotion=emotion, score=f"{self.score:.0%}")

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        emotion = wording.name("emotion", reason.word("emotion"))
        score = f"{reason.number('score'):.0%}"
        return wording.text(cls, f"reason.{reason.word('modality')}", emotion=emotion, score=score)
