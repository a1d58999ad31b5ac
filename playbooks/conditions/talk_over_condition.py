"""Somebody comes in on top of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language, Speaker, Turn, TurnKind
from playbooks.conditions.condition import MAX_WINDOW_MS, parse_within
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.event_condition import EventCondition
from playbooks.conditions.schema_parts import DURATION, block_schema, choice_schema
from playbooks.events import EventKind
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField

BOTH = "both"
"""Stands for the speaker of a turn in which nobody came in on the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkOverCondition(EventCondition):
    """Somebody came in on top of the other for ``at_least_ms``; ``speaker``: only that one."""

    KEY: ClassVar[str] = "talk_over"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("2s", "{at_least: 500ms, by: agent, within: 30s}")
    TEXTS: ClassVar[Texts] = {
        "when.customer": {
            Language.KOREAN: "고객이 {seconds}초 이상 말을 겹침",
            Language.ENGLISH: "the customer talks over the other for {seconds} s",
        },
        "when.agent": {
            Language.KOREAN: "상담사가 {seconds}초 이상 말을 겹침",
            Language.ENGLISH: "the agent talks over the other for {seconds} s",
        },
        "when.either": {
            Language.KOREAN: "누구든 {seconds}초 이상 말을 겹침",
            Language.ENGLISH: "either talks over the other for {seconds} s",
        },
        "reason.customer": {
            Language.KOREAN: "고객의 말 겹침 {seconds}초",
            Language.ENGLISH: "customer talked over for {seconds} s",
        },
        "reason.agent": {
            Language.KOREAN: "상담사의 말 겹침 {seconds}초",
            Language.ENGLISH: "agent talked over for {seconds} s",
        },
        "reason.both": {
            Language.KOREAN: "두 사람의 말 겹침 {seconds}초",
            Language.ENGLISH: "both talked over for {seconds} s",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TURN})

    at_least_ms: int
    speaker: Speaker | None = None

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> TalkOverCondition:
        del context
        if not field.is_block:
            return cls(at_least_ms=field.duration(100, MAX_WINDOW_MS))
        block = field.block({"at_least", "by", "within"})
        by = block.get("by")
        return cls(
            at_least_ms=block.require("at_least", "write how long").duration(100, MAX_WINDOW_MS),
            speaker=by.choice(Speaker) if by else None,
            within_ms=parse_within(block),
        )

    @classmethod
    def json_schema(cls) -> Schema:
        keys = {"at_least": DURATION, "within": DURATION, "by": choice_schema(Speaker)}
        return {"oneOf": [DURATION, block_schema(keys, required_keys=["at_least"])]}

    def explain(self, event: Event) -> Reason | None:
        if not isinstance(event, Turn) or event.kind is not TurnKind.TALK_OVER:
            return None
        length_ms = event.span.duration_ms
        if length_ms < self.at_least_ms or self.speaker not in (None, event.speaker):
            return None
        return Reason.of(self.KEY, speaker=event.speaker or BOTH, for_ms=length_ms)

    @property
    def min_duration_ms(self) -> int:
        return self.at_least_ms

    def own_mutations(self) -> Iterator[Mutation]:
        if self.speaker is not None:
            yield "talk_over whoever came in", replace(self, speaker=None)

    @property
    def short_name(self) -> str:
        return self.KEY

    def describe(self, wording: ConditionWording) -> str:
        seconds = format_seconds(self.at_least_ms)
        return wording.text(self, f"when.{self.speaker or 'either'}", seconds=seconds)

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        seconds = format_seconds(reason.number("for_ms"))
        return wording.text(cls, f"reason.{reason.word('speaker')}", seconds=seconds)
