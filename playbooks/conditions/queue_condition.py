"""The call came through one of some queues."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language
from playbooks.conditions.condition import WHOLE_CALL
from playbooks.conditions.memory import Match
from playbooks.conditions.narrowing_condition import NarrowingCondition
from playbooks.conditions.schema_parts import list_schema, text_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.yaml_nodes import YamlField

MAX_QUEUE_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCondition(NarrowingCondition):
    """The call's queue is one of ``queues``. Until the call's start was told it does not hold."""

    KEY: ClassVar[str] = "queue"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = ("cards", "[cards, loans]")
    TEXTS: ClassVar[Texts] = {
        "when": {Language.KOREAN: "대기열 {queues}", Language.ENGLISH: "queue {queues}"}
    }

    queues: tuple[str, ...]

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> QueueCondition:
        del context
        fields = field.items() if field.is_list else [field]
        return cls(queues=tuple(item.text(max_length=MAX_QUEUE_LENGTH) for item in fields))

    @classmethod
    def json_schema(cls) -> Schema:
        text = text_schema(MAX_QUEUE_LENGTH)
        return {"oneOf": [text, list_schema(text)]}

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        del past, next_memories
        return Match(context.facts.has_started and context.facts.queue in self.queues)

    @property
    def is_time_driven(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return 0

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def mutations(self) -> Iterator[Mutation]:
        for queue in self.queues if len(self.queues) > 1 else ():
            others = tuple(other for other in self.queues if other != queue)
            yield f"queue without {queue}", replace(self, queues=others)

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        return wording.text(self, "when", queues=", ".join(self.queues))
