"""At least one condition holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import WHOLE_CALL, Condition, collect_leaves
from playbooks.conditions.memory import ALLOWED_LATENESS_MS, NO_MATCH, Match
from playbooks.conditions.operator_parts import merge_matches, mutate_parts
from playbooks.conditions.schema_parts import CONDITION_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Leaf, Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one part holds."""

    KEY: ClassVar[str] = "any"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("[{said: {en: [hello there]}}, {topic: regulator}]",)
    TEXTS: ClassVar[Texts] = {"separator": {Language.KOREAN: " 또는 ", Language.ENGLISH: " or "}}

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        matches = [part.evaluate(past, context, next_memories) for part in self.parts]
        positives = [match for match in matches if match.matched]
        return merge_matches(positives) if positives else NO_MATCH

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> AnyOf:
        return cls(tuple(context.parse_part(item) for item in field.items()))

    @classmethod
    def json_schema(cls) -> Schema:
        return CONDITION_LIST

    @property
    def is_trigger(self) -> bool:
        return bool(self.parts) and all(part.is_trigger for part in self.parts)

    @property
    def is_time_driven(self) -> bool:
        return any(part.is_time_driven for part in self.parts)

    @property
    def is_instantaneous(self) -> bool:
        return any(part.is_instantaneous for part in self.parts)

    @property
    def is_start_only(self) -> bool:
        return all(part.is_start_only for part in self.parts if part.is_trigger)

    @property
    def min_duration_ms(self) -> int:
        return min((part.min_duration_ms for part in self.parts), default=0)

    @property
    def retention_ms(self) -> int:
        return max((part.retention_ms for part in self.parts), default=ALLOWED_LATENESS_MS)

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        return None

    def mutations(self) -> Iterator[Mutation]:
        return ((name, replace(self, parts=parts)) for name, parts in mutate_parts(self.parts))

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return len(self.parts) > 1

    def describe(self, wording: ConditionWording) -> str:
        return wording.parts(self.parts, wording.text(self, "separator"))
