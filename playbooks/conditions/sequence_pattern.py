"""Conditions brought new evidence one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import MAX_WINDOW_MS, WHOLE_CALL, Condition, collect_leaves
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.memory import NO_MATCH, ConditionHit, Match
from playbooks.conditions.operator_parts import find_new_hit, include_now, mutate_parts
from playbooks.conditions.schema_parts import CONDITION_LIST, DURATION, block_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Leaf, Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True)
class SequencePattern(Condition):
    """The parts brought new evidence one after the other, all within ``within_ms``.

    True in the millisecond that completes the chain. Two parts in the same millisecond are not
    one after the other: their order would be an accident.
    """

    KEY: ClassVar[str] = "sequence"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("{within: 2m, of: [{topic: abuse}, {topic: threat}]}",)
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "{seconds}초 안에 차례로: {parts}",
            Language.ENGLISH: "in turn within {seconds} s: {parts}",
        }
    }

    parts: tuple[Condition, ...]
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return collect_leaves(self.parts)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        index = len(next_memories)
        next_memories.append(memory)
        is_new = False
        for stage, part in enumerate(self.parts):
            hit = find_new_hit(
                part.evaluate(past, include_now(context), next_memories),
                memory,
                context,
                stage=stage,
            )
            if hit:
                is_new = True
                memory = memory.with_hit(hit)
        next_memories[index] = memory
        if context.excludes_now or not any(h.at_ms == context.now for h in memory.hits):
            return NO_MATCH
        chain = self._find_chain(memory.hits, context.now)
        return Match(matched=True, is_new=is_new, hits=chain) if chain else NO_MATCH

    def _find_chain(self, hits: tuple[ConditionHit, ...], now: int) -> tuple[ConditionHit, ...]:
        """The complete chain that ends now: backwards, always the latest hit."""
        chain: tuple[ConditionHit, ...] = ()
        for stage in range(len(self.parts) - 1, -1, -1):
            candidates = [h for h in hits if h.stage == stage and _extends_chain(h, chain, now)]
            if not candidates:
                return ()
            chain = (candidates[-1], *chain)
        return chain if now - chain[0].at_ms <= self.within_ms else ()

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> SequencePattern:
        block = field.block({"within", "of"})
        parts = block.require("of", "list what follows what").items(min_items=2)
        window = block.require("within", "write in how much time").duration(1_000, MAX_WINDOW_MS)
        return cls(tuple(map(context.parse_part, parts)), window)

    @classmethod
    def json_schema(cls) -> Schema:
        return block_schema(
            {"of": CONDITION_LIST | {"minItems": 2}, "within": DURATION},
            required_keys=("within", "of"),
        )

    @property
    def is_trigger(self) -> bool:
        return bool(self.parts) and all(part.is_trigger for part in self.parts)

    @property
    def is_time_driven(self) -> bool:
        return any(part.is_time_driven for part in self.parts)

    @property
    def is_instantaneous(self) -> bool:
        return True

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return sum(part.min_duration_ms for part in self.parts)

    @property
    def retention_ms(self) -> int:
        return max(self.within_ms, *(part.retention_ms for part in self.parts))

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        required_ms = sum(part.min_duration_ms for part in self.parts[1:])
        if required_ms <= self.within_ms:
            return None
        return (
            f"the sequence takes longer than {self.within_ms / 1000:g}s",
            f"write within: {required_ms / 1000:g}s or more",
        )

    def mutations(self) -> Iterator[Mutation]:
        return ((name, replace(self, parts=parts)) for name, parts in mutate_parts(self.parts))

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        parts = wording.parts(self.parts, " → ")
        return wording.text(self, "when", seconds=format_seconds(self.within_ms), parts=parts)


def _extends_chain(hit: ConditionHit, chain: tuple[ConditionHit, ...], now: int) -> bool:
    return hit.at_ms < chain[0].at_ms if chain else hit.at_ms == now
