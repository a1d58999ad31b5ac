"""Every condition holds."""

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
class AllOf(Condition):
    """Every part holds."""

    KEY: ClassVar[str] = "all"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("[{said: {en: [hello there]}}, {mood: {level: tense}}]",)
    TEXTS: ClassVar[Texts] = {"separator": {Language.KOREAN: " + ", Language.ENGLISH: " and "}}

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        matches = [part.evaluate(past, context, next_memories) for part in self.parts]
        if not all(match.matched for match in matches):
            return NO_MATCH
        return merge_matches(matches)

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> AllOf:
        return cls(tuple(context.parse_part(item) for item in field.items()))

    @classmethod
    def json_schema(cls) -> Schema:
        return CONDITION_LIST

    @property
    def is_trigger(self) -> bool:
        return any(part.is_trigger for part in self.parts)

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
        return max((part.min_duration_ms for part in self.parts), default=0)

    @property
    def retention_ms(self) -> int:
        return max((part.retention_ms for part in self.parts), default=ALLOWED_LATENESS_MS)

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        """Its parts may need more of the call than its time or its phase leaves."""
        windows_ms = [part.call_window_ms for part in self.parts]
        triggers = [part for part in self.parts if part.is_trigger]
        is_after_start = any(start_ms > 0 for start_ms, _ in windows_ms)
        if triggers and is_after_start and all(part.is_start_only for part in triggers):
            return (
                "who calls is known at the call's start, when the rest does not hold yet",
                "add something that happens (said, mood, ...), or leave the rest out",
            )
        end_ms = min((end_ms for _, end_ms in windows_ms if end_ms), default=None)
        if end_ms is not None and self.min_duration_ms >= end_ms:
            required_s = self.min_duration_ms / 1000
            return (
                f"it takes {required_s:g}s, and the call's time is over at {end_ms / 1000:g}s",
                "let the time end later, or ask for less",
            )
        return None

    def mutations(self) -> Iterator[Mutation]:
        return ((name, replace(self, parts=parts)) for name, parts in mutate_parts(self.parts))

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return True

    def describe(self, wording: ConditionWording) -> str:
        return wording.parts(self.parts, wording.text(self, "separator"))
