"""The caller has called before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import UNBOUNDED_MS, WHOLE_CALL, Leaf, ReasonedCondition
from playbooks.conditions.condition_wording import format_days
from playbooks.conditions.memory import (
    ALLOWED_LATENESS_MS,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
)
from playbooks.conditions.schema_parts import (
    DURATION,
    block_schema,
    choice_schema,
    integer_schema,
)
from playbooks.events import CallerIdentified, EventKind, event_id
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField

MAX_CALLER_WINDOW_MS = 366 * 24 * 3_600_000
"""Longest window over a caller's earlier calls; how long they are kept is a setting."""

MAX_CALLS = 20
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatCallerCondition(ReasonedCondition, Leaf):
    """It is the caller's ``calls``-th call within ``within_ms``, or later; this one counts.

    Attributes:
        kind: earlier calls count only where they were found to be of this kind.
    """

    KEY: ClassVar[str] = "repeat_caller"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("{within: 7d}", "{calls: 3, within: 30d, kind: abuse}")
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "{window} 안에 {calls}번째 이상 전화",
            Language.ENGLISH: "call {calls} or later in {window}",
        },
        "when_kind": {
            Language.KOREAN: "{window} 안에 {calls}번째 이상 전화, {kind} 있었음",
            Language.ENGLISH: "call {calls} or later in {window}, with {kind} found",
        },
        "days.one": {Language.KOREAN: "1일", Language.ENGLISH: "1 day"},
        "days.other": {Language.KOREAN: "{days}일", Language.ENGLISH: "{days} days"},
        "hours": {Language.KOREAN: "{hours}시간", Language.ENGLISH: "{hours} h"},
        "reason.one": {
            Language.KOREAN: "최근 {window} 동안 이전 통화 1건",
            Language.ENGLISH: "1 earlier call in {window}",
        },
        "reason.other": {
            Language.KOREAN: "최근 {window} 동안 이전 통화 {count}건",
            Language.ENGLISH: "{count} earlier calls in {window}",
        },
        "reason_kind.one": {
            Language.KOREAN: "최근 {window} 동안 {kind} 관련 이전 통화 1건",
            Language.ENGLISH: "1 earlier call with {kind} in {window}",
        },
        "reason_kind.other": {
            Language.KOREAN: "최근 {window} 동안 {kind} 관련 이전 통화 {count}건",
            Language.ENGLISH: "{count} earlier calls with {kind} in {window}",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.CALLER})

    calls: int = 2
    within_ms: int
    kind: SensitivityKind | None = None

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> RepeatCallerCondition:
        del context
        block = field.block({"calls", "within", "kind"})
        calls, kind = block.get("calls"), block.get("kind")
        within = block.require("within", "write in how much time, such as 7d")
        return cls(
            calls=calls.integer(2, MAX_CALLS) if calls else 2,
            within_ms=within.duration(60_000, MAX_CALLER_WINDOW_MS),
            kind=kind.choice(SensitivityKind) if kind else None,
        )

    @classmethod
    def json_schema(cls) -> Schema:
        keys = {
            "calls": integer_schema(2, MAX_CALLS),
            "within": DURATION,
            "kind": choice_schema(SensitivityKind),
        }
        return block_schema(keys, required_keys=["within"])

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    def may_match(self, event: Event) -> bool:
        return isinstance(event, CallerIdentified)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        del past, next_memories  # the facts remember
        earlier_calls = [
            call
            for call in context.facts.earlier_calls
            if call.ago_ms <= self.within_ms and (self.kind is None or self.kind in call.kinds)
        ]
        if len(earlier_calls) + 1 < self.calls:
            return NO_MATCH
        reason = Reason.of(
            self.KEY, earlier_calls=len(earlier_calls), within_ms=self.within_ms, kind=self.kind
        )
        cause_id = event_id(CallerIdentified(context.event.call_id, ()))
        hits = (ConditionHit(0, cause_id, reason),)
        return Match(matched=True, is_new=context.kind is EventKind.CALLER, hits=hits)

    @property
    def is_trigger(self) -> bool:
        return True

    @property
    def is_time_driven(self) -> bool:
        return False

    @property
    def is_instantaneous(self) -> bool:
        return False

    @property
    def is_start_only(self) -> bool:
        return True

    @property
    def min_duration_ms(self) -> int:
        return 0

    @property
    def retention_ms(self) -> int:
        return ALLOWED_LATENESS_MS

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        return None

    def mutations(self) -> Iterator[Mutation]:
        yield "repeat_caller with one call more", replace(self, calls=self.calls + 1)
        yield "repeat_caller however long ago", replace(self, within_ms=UNBOUNDED_MS)
        if self.kind is not None:
            yield "repeat_caller of any kind", replace(self, kind=None)

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        window = _format_window(self.within_ms, wording)
        if self.kind is None:
            return wording.text(self, "when", calls=self.calls, window=window)
        kind = wording.name("sensitive", self.kind)
        return wording.text(self, "when_kind", calls=self.calls, window=window, kind=kind)

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        count = int(reason.number("earlier_calls"))
        window = _format_window(reason.number("within_ms"), wording)
        if "kind" not in reason.parameters:
            return wording.counted(cls, "reason", count, window=window)
        kind = wording.name("sensitive", reason.word("kind"))
        return wording.counted(cls, "reason_kind", count, window=window, kind=kind)


def _format_window(within_ms: float, wording: ConditionWording) -> str:
    """In days where it is whole days, else in hours."""
    if within_ms % _DAY_MS:
        return wording.text(RepeatCallerCondition, "hours", hours=f"{within_ms / 3_600_000:g}")
    days = format_days(within_ms)
    return wording.counted(RepeatCallerCondition, "days", int(within_ms // _DAY_MS), days=days)
