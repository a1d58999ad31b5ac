"""The call is in its opening, its body or its closing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.call_phase import OPENING_MS, Phase, phases_at
from playbooks.conditions.condition import WHOLE_CALL, ReasonedCondition
from playbooks.conditions.memory import NO_MATCH, ConditionHit, Match
from playbooks.conditions.narrowing_condition import NarrowingCondition
from playbooks.conditions.schema_parts import choice_schema, list_schema
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCondition(NarrowingCondition, ReasonedCondition):
    """The call is in one of ``phases`` (`playbooks.conditions.call_phase`)."""

    KEY: ClassVar[str] = "phase"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("closing", "[opening, body]")
    TEXTS: ClassVar[Texts] = {
        "opening": {Language.KOREAN: "통화 초반", Language.ENGLISH: "the call's opening"},
        "body": {Language.KOREAN: "통화 중반", Language.ENGLISH: "the middle of the call"},
        "closing": {Language.KOREAN: "통화 마무리", Language.ENGLISH: "the call's closing"},
        "separator": {Language.KOREAN: " 또는 ", Language.ENGLISH: " or "},
    }

    phases: frozenset[Phase]

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> PhaseCondition:
        del context
        fields = field.items() if field.is_list else [field]
        return cls(phases=frozenset(item.choice(Phase) for item in fields))

    @classmethod
    def json_schema(cls) -> Schema:
        return {"oneOf": [choice_schema(Phase), list_schema(choice_schema(Phase))]}

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        del past, next_memories
        current_phases = phases_at(
            context.clock, context.facts.goodbyes, excludes_now=context.excludes_now
        )
        if context.excludes_now:
            return Match(current_phases <= self.phases)
        if current_phases.isdisjoint(self.phases):
            return NO_MATCH
        phase = next(phase for phase in sorted(current_phases) if phase in self.phases)
        reason = Reason.of(self.KEY, phase=phase)
        return Match(matched=True, hits=(ConditionHit(context.now, "", reason),))

    @property
    def is_time_driven(self) -> bool:
        return True

    @property
    def min_duration_ms(self) -> int:
        return 0

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        if self.phases == {Phase.OPENING}:
            return 0, OPENING_MS
        return WHOLE_CALL if Phase.OPENING in self.phases else (OPENING_MS, None)

    def mutations(self) -> Iterator[Mutation]:
        for phase in sorted(self.phases) if len(self.phases) > 1 else ():
            yield f"phase without {phase}", replace(self, phases=self.phases - {phase})

    @property
    def is_compound(self) -> bool:
        return len(self.phases) > 1

    def describe(self, wording: ConditionWording) -> str:
        names = (wording.text(self, phase) for phase in Phase if phase in self.phases)
        return wording.text(self, "separator").join(names)

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        return wording.text(cls, reason.word("phase"))
