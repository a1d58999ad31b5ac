"""What happens at one event: the family of words, topics, readings, silence and talk-over."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from playbooks.conditions.condition import WHOLE_CALL, Leaf, ReasonedCondition
from playbooks.conditions.memory import (
    ALLOWED_LATENESS_MS,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
    Memory,
)
from playbooks.events import event_id, event_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbooks.conditions.condition import Mutation
    from playbooks.events import Event
    from playbooks.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCondition(ReasonedCondition, Leaf):
    """Something that happens at one event.

    Attributes:
        within_ms: for how long after the event it counts as true; 0: only in its millisecond.
    """

    within_ms: int = 0

    @abstractmethod
    def explain(self, event: Event) -> Reason | None:
        """Why this event shows it; ``None``: it does not."""

    @abstractmethod
    def own_mutations(self) -> Iterator[Mutation]:
        """Its mutations besides that of its window."""

    def mutations(self) -> Iterator[Mutation]:
        if self.within_ms:
            yield f"{self.short_name} only at its moment", replace(self, within_ms=0)
        yield from self.own_mutations()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    def may_match(self, event: Event) -> bool:
        return self.explain(event) is not None

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        memory = next(past).prune(clock=context.clock, keep_ms=self.within_ms)
        hit = self._find_hit(memory, context) if context.kind in self.kinds else None
        if hit:
            memory = memory.with_hit(hit)
        next_memories.append(memory)
        if not memory.hits:
            return NO_MATCH
        recent = tuple(h for h in memory.hits if context.is_recent(h, within_ms=self.within_ms))
        return Match(matched=True, is_new=hit is not None, hits=recent) if recent else NO_MATCH

    def _find_hit(self, memory: Memory, context: EvaluationContext) -> ConditionHit | None:
        reason = self.explain(context.event)
        if reason is None:
            return None
        ids = event_ids(context.event)
        known = [hit for hit in memory.hits if not set(ids).isdisjoint(hit.cause_ids)]
        if known and (reason := self.explain_news(context.event, known)) is None:
            return None
        return ConditionHit(
            context.now,
            event_id(context.event),
            reason,
            other_ids=self.find_other_ids(context.event),
        )

    def explain_news(self, event: Event, known: Sequence[ConditionHit]) -> Reason | None:
        """Why an event shows it anew that was evidence before; ``None``: it does not.

        Args:
            event: told again, in another form.
            known: what it was taken for evidence of.
        """
        del event, known
        return None

    def find_other_ids(self, event: Event) -> tuple[str, ...]:
        """Ids of further events that the evidence in this one lies in, in the order of the call."""
        del event
        return ()

    @property
    def is_trigger(self) -> bool:
        return True

    @property
    def is_time_driven(self) -> bool:
        return False

    @property
    def is_instantaneous(self) -> bool:
        return self.within_ms == 0

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def retention_ms(self) -> int:
        return max(self.within_ms, ALLOWED_LATENESS_MS)

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        return None

    @property
    def is_compound(self) -> bool:
        return False
