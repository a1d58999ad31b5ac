"""A condition did not hold before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import WHOLE_CALL, Condition
from playbooks.conditions.memory import Match
from playbooks.conditions.schema_parts import CONDITION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Leaf, Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The part did not hold before this millisecond. Brings no evidence, and is never news."""

    KEY: ClassVar[str] = "not"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("{topic: {is: abuse, within: 20s}}",)
    TEXTS: ClassVar[Texts] = {
        "when": {Language.KOREAN: "아닐 때: {part}", Language.ENGLISH: "not: {part}"}
    }

    part: Condition

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return self.part.leaves

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        return Match(not self.part.evaluate(past, context.before_now, next_memories).matched)

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> Not:
        return cls(context.parse_part(field))

    @classmethod
    def json_schema(cls) -> Schema:
        return CONDITION

    @property
    def is_trigger(self) -> bool:
        return False

    @property
    def is_time_driven(self) -> bool:
        return True

    @property
    def is_instantaneous(self) -> bool:
        return self.part.is_instantaneous

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return 0

    @property
    def retention_ms(self) -> int:
        return self.part.retention_ms

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        if not self.part.is_instantaneous:
            return None
        return (
            "not is always true here: what happens in the same moment is not asked",
            "add within, or put the words of the same line below but_not",
        )

    def mutations(self) -> Iterator[Mutation]:
        return ((name, Not(mutant)) for name, mutant in self.part.mutations())

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(self, "when", part=wording.part(self.part))
