"""The call has lasted so long, and not longer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import ReasonedCondition
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.memory import NO_MATCH, ConditionHit, Match
from playbooks.conditions.narrowing_condition import NarrowingCondition
from playbooks.conditions.schema_parts import DURATION, block_schema
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField

MAX_CALL_MS = 4 * 3_600_000
"""Longest call that a playbook can speak of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTimeCondition(NarrowingCondition, ReasonedCondition):
    """The call has lasted ``after_ms`` or more, and less than ``before_ms``."""

    KEY: ClassVar[str] = "call_time"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("{after: 30s}", "{after: 30s, before: 5m}")
    TEXTS: ClassVar[Texts] = {
        "after": {
            Language.KOREAN: "통화 {after}초 이후",
            Language.ENGLISH: "after {after} s of the call",
        },
        "between": {
            Language.KOREAN: "통화 {after}초-{before}초",
            Language.ENGLISH: "from {after} s to {before} s of the call",
        },
        "reason": {
            Language.KOREAN: "통화 시작 후 {seconds}초",
            Language.ENGLISH: "{seconds} s into the call",
        },
    }

    after_ms: int = 0
    before_ms: int | None = None

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> CallTimeCondition:
        del context
        block = field.block({"after", "before"})
        after, before = block.get("after"), block.get("before")
        start = after.duration(0, MAX_CALL_MS) if after else 0
        end = before.duration(1_000, MAX_CALL_MS) if before else None
        if end is not None and end <= start:
            field.add_problem(
                "call_time ends before it begins", "write a before that is after its after"
            )
        return cls(after_ms=start, before_ms=end)

    @classmethod
    def json_schema(cls) -> Schema:
        return block_schema({"after": DURATION, "before": DURATION})

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        del past, next_memories
        now = context.clock
        if now < self.after_ms or (self.before_ms is not None and now >= self.before_ms):
            return NO_MATCH
        return Match(matched=True, hits=(ConditionHit(now, "", Reason.of(self.KEY, at_ms=now)),))

    @property
    def is_time_driven(self) -> bool:
        return True

    @property
    def min_duration_ms(self) -> int:
        return self.after_ms

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return self.after_ms, self.before_ms

    def mutations(self) -> Iterator[Mutation]:
        if self.after_ms and self.before_ms is not None:
            yield "call_time from the call's start", replace(self, after_ms=0)
            yield "call_time until the call's end", replace(self, before_ms=None)

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        after = format_seconds(self.after_ms)
        if self.before_ms is None:
            return wording.text(self, "after", after=after)
        return wording.text(self, "between", after=after, before=format_seconds(self.before_ms))

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        return wording.text(cls, "reason", seconds=format_seconds(reason.number("at_ms")))
