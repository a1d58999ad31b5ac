"""A condition brought new evidence several times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import MAX_WINDOW_MS, UNBOUNDED_MS, WHOLE_CALL, Condition
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.memory import NO_MATCH, Match
from playbooks.conditions.operator_parts import find_new_hit, include_now
from playbooks.conditions.schema_parts import CONDITION, DURATION, block_schema, integer_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Leaf, Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True)
class CountPattern(Condition):
    """The part brought new evidence in ``at_least`` milliseconds within ``within_ms``.

    A line and the reading of it are complete in the same millisecond, and count once.
    """

    KEY: ClassVar[str] = "count"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("{at_least: 2, within: 60s, of: {topic: abuse}}",)
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "{seconds}초 안에 {times}번 이상: {part}",
            Language.ENGLISH: "{times} times or more within {seconds} s: {part}",
        }
    }

    part: Condition
    at_least: int
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return self.part.leaves

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        index = len(next_memories)
        next_memories.append(memory)
        hit = find_new_hit(
            self.part.evaluate(past, include_now(context), next_memories), memory, context
        )
        if hit:
            memory = memory.with_hit(hit)
            next_memories[index] = memory
        until_ms = context.now - 1 if context.excludes_now else context.clock
        since_ms = context.clock - self.within_ms
        recent = tuple(h for h in memory.hits if since_ms < h.at_ms <= until_ms)
        if len({h.at_ms for h in recent}) < self.at_least:
            return NO_MATCH
        return Match(matched=True, is_new=hit is not None, hits=recent)

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> CountPattern:
        block = field.block({"at_least", "within", "of"})
        return cls(
            context.parse_part(block.require("of", "write what is counted")),
            block.require("at_least", "write how often").integer(2, 50),
            block.require("within", "write in how much time").duration(1_000, MAX_WINDOW_MS),
        )

    @classmethod
    def json_schema(cls) -> Schema:
        return block_schema(
            {"at_least": integer_schema(2, 50), "of": CONDITION, "within": DURATION},
            required_keys=("at_least", "within", "of"),
        )

    @property
    def is_trigger(self) -> bool:
        return self.part.is_trigger

    @property
    def is_time_driven(self) -> bool:
        return self.part.is_time_driven

    @property
    def is_instantaneous(self) -> bool:
        return False

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return self.at_least * self.part.min_duration_ms

    @property
    def retention_ms(self) -> int:
        return max(self.within_ms, self.part.retention_ms)

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        required_ms = (self.at_least - 1) * self.part.min_duration_ms
        if required_ms < self.within_ms:
            return None
        return (
            f"{self.at_least} times take longer than {self.within_ms / 1000:g}s",
            f"write within: more than {required_ms / 1000:g}s, or count fewer",
        )

    def mutations(self) -> Iterator[Mutation]:
        yield "counting to one", self.part
        yield "counting to one more", replace(self, at_least=self.at_least + 1)
        yield "counting without a window", replace(self, within_ms=UNBOUNDED_MS)
        for name, mutant in self.part.mutations():
            yield name, replace(self, part=mutant)

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(
            self,
            "when",
            times=self.at_least,
            seconds=format_seconds(self.within_ms),
            part=wording.part(self.part),
        )
