"""The call is held in a language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import WHOLE_CALL
from playbooks.conditions.memory import Match
from playbooks.conditions.narrowing_condition import NarrowingCondition
from playbooks.conditions.schema_parts import choice_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageCondition(NarrowingCondition):
    """The call's language is ``language``. Until the call's start was told it does not hold."""

    KEY: ClassVar[str] = "language"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("ko",)
    TEXTS: ClassVar[Texts] = {
        "when": {Language.KOREAN: "{language} 통화", Language.ENGLISH: "a call in {language}"}
    }

    language: Language

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> LanguageCondition:
        del context
        return cls(language=field.choice(Language))

    @classmethod
    def json_schema(cls) -> Schema:
        return choice_schema(Language)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        del past, next_memories
        return Match(context.facts.language == self.language)

    @property
    def is_time_driven(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return 0

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def mutations(self) -> Iterator[Mutation]:
        return iter(())

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(self, "when", language=wording.name("language", self.language))
