"""Neither speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language, Turn, TurnKind
from playbooks.conditions.condition import MAX_WINDOW_MS, parse_within
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.event_condition import EventCondition
from playbooks.conditions.schema_parts import DURATION, block_schema
from playbooks.events import EventKind
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceCondition(EventCondition):
    """Neither has spoken for ``at_least_ms``. One silence counts once, however it grows."""

    KEY: ClassVar[str] = "silence"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("10s", "{at_least: 10s, within: 30s}")
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "{seconds}초 이상 침묵",
            Language.ENGLISH: "{seconds} s of silence or more",
        },
        "reason": {
            Language.KOREAN: "{seconds}초 동안 침묵",
            Language.ENGLISH: "{seconds} s of silence",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TURN})

    at_least_ms: int

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> SilenceCondition:
        del context
        if not field.is_block:
            return cls(at_least_ms=field.duration(1_000, MAX_WINDOW_MS))
        block = field.block({"at_least", "within"})
        length = block.require("at_least", "write how long").duration(1_000, MAX_WINDOW_MS)
        return cls(at_least_ms=length, within_ms=parse_within(block))

    @classmethod
    def json_schema(cls) -> Schema:
        keys = {"at_least": DURATION, "within": DURATION}
        return {"oneOf": [DURATION, block_schema(keys, required_keys=["at_least"])]}

    def explain(self, event: Event) -> Reason | None:
        if not isinstance(event, Turn) or event.kind is not TurnKind.SILENCE:
            return None
        length_ms = event.span.duration_ms
        return Reason.of(self.KEY, for_ms=length_ms) if length_ms >= self.at_least_ms else None

    @property
    def min_duration_ms(self) -> int:
        return self.at_least_ms

    def own_mutations(self) -> Iterator[Mutation]:
        return iter(())

    @property
    def short_name(self) -> str:
        return self.KEY

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(self, "when", seconds=format_seconds(self.at_least_ms))

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        return wording.text(cls, "reason", seconds=format_seconds(reason.number("for_ms")))
