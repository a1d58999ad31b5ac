"""What operators do with the answers of their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.memory import ConditionHit, EvaluationContext, Match, Memory
from playbooks.events import event_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Condition


def include_now(context: EvaluationContext) -> EvaluationContext:
    """What counts as news is asked as of now, below a ``not`` too."""
    if not context.excludes_now:
        return context
    return EvaluationContext(context.event, context.kind, context.now, context.clock, context.facts)


def find_new_hit(
    match: Match, memory: Memory, context: EvaluationContext, *, stage: int = 0
) -> ConditionHit | None:
    """The part's new evidence as one hit, unless this event is known already."""
    if not (match.matched and match.is_new):
        return None
    cause_id = event_id(context.event)
    if memory.has_hit(cause_id, stage=stage):
        return None
    reason = match.hits[-1].reason if match.hits else None
    return ConditionHit(context.now, cause_id, reason, stage)


def merge_matches(matches: list[Match]) -> Match:
    """The answer of several parts that hold together."""
    hits = tuple(hit for match in matches for hit in match.hits)
    is_new = any(match.is_new for match in matches)
    return Match(
        matched=True, is_new=is_new, continues=any(each.continues for each in matches), hits=hits
    )


def mutate_parts(parts: tuple[Condition, ...]) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    """The parts without one of them, and with one thing taken away in one of them."""
    for place, part in enumerate(parts):
        before, after = parts[:place], parts[place + 1 :]
        if before + after:
            yield f"without {part.short_name}", before + after
        for name, mutant in part.mutations():
            yield name, (*before, mutant, *after)
