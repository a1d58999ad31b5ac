"""Whether a condition can do what it says: what never happens is refused where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.absence import AbsencePattern
from playbooks.conditions.call_phase import OPENING_MS, Phase
from playbooks.conditions.event_based import EventCondition, SilenceCondition, TalkOverCondition
from playbooks.conditions.memory import ALLOWED_LATENESS_MS
from playbooks.conditions.operators import AllOf, AnyOf, CountPattern, Not, SequencePattern
from playbooks.conditions.state_based import (
    CallCondition,
    CallTimeCondition,
    MoodCondition,
    PhaseCondition,
    RepeatCallerCondition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.conditions.base import Condition
    from playbooks.yaml_nodes import YamlField


def is_trigger(condition: Condition) -> bool:
    """It can become true because something happened, not only because time passed."""
    match condition:
        case CallCondition() | CallTimeCondition() | PhaseCondition() | Not():
            return False
        case AllOf(parts):
            return any(map(is_trigger, parts))
        case AnyOf(parts) | SequencePattern(parts, _):
            return bool(parts) and all(map(is_trigger, parts))
        case CountPattern(part, _, _):
            return is_trigger(part)
        case _:
            return True


def min_duration_ms(condition: Condition) -> int:
    """How long it takes at least to become true, from nothing, in ms."""
    match condition:
        case AllOf(parts):
            return max(map(min_duration_ms, parts), default=0)
        case AnyOf(parts):
            return min(map(min_duration_ms, parts), default=0)
        case SequencePattern(parts, _):
            return sum(map(min_duration_ms, parts))
        case CountPattern(part, at_least, _):
            return at_least * min_duration_ms(part)
        case AbsencePattern(_, after, within_ms):
            return within_ms + (min_duration_ms(after) if after is not None else 0)
        case _:
            return _own_duration_ms(condition)


def _own_duration_ms(condition: Condition) -> int:
    match condition:
        case SilenceCondition(at_least_ms=length) | TalkOverCondition(at_least_ms=length):
            return length
        case MoodCondition(for_ms=length) | CallTimeCondition(after_ms=length):
            return length
        case _:
            return 0


def is_time_driven(condition: Condition) -> bool:
    """It can become true with nothing in it noticing an event: because time passed."""
    match condition:
        case Not() | AbsencePattern() | CallTimeCondition() | PhaseCondition():
            return True
        case AllOf(parts) | AnyOf(parts) | SequencePattern(parts, _):
            return any(map(is_time_driven, parts))
        case CountPattern(part, _, _):
            return is_time_driven(part)
        case _:
            return False


def retention_ms(condition: Condition) -> int:
    """How long its evidence is remembered at most, in ms."""
    match condition:
        case EventCondition(within_ms=within_ms):
            return max(within_ms, ALLOWED_LATENESS_MS)
        case AllOf(parts) | AnyOf(parts):
            return max(map(retention_ms, parts), default=ALLOWED_LATENESS_MS)
        case SequencePattern(parts, within_ms):
            return max(within_ms, *map(retention_ms, parts))
        case CountPattern(part, _, within_ms):
            return max(within_ms, retention_ms(part))
        case _:
            return ALLOWED_LATENESS_MS


def check_feasibility(condition: Condition, field: YamlField) -> None:
    """Note, at the condition's own place, that it can never hold."""
    match condition:
        case CountPattern(part, at_least, within_ms) if (at_least - 1) * min_duration_ms(
            part
        ) >= within_ms:
            required_s = (at_least - 1) * min_duration_ms(part) / 1000
            field.add_problem(
                f"{at_least} times take longer than {within_ms / 1000:g}s",
                f"write within: more than {required_s:g}s, or count fewer",
            )
        case SequencePattern(parts, within_ms) if sum(map(min_duration_ms, parts[1:])) > within_ms:
            required_s = sum(map(min_duration_ms, parts[1:])) / 1000
            field.add_problem(
                f"the sequence takes longer than {within_ms / 1000:g}s",
                f"write within: {required_s:g}s or more",
            )
        case AllOf(parts):
            _check_call_window(parts, field)
        case Not(part) if is_instantaneous(part):
            field.add_problem(
                "not is always true here: what happens in the same moment is not asked",
                "add within, or put the words of the same line below but_not",
            )
        case _:
            pass


def is_instantaneous(condition: Condition) -> bool:
    """It is over with the moment in which it happens, so that it never was so "before"."""
    match condition:
        case EventCondition(within_ms=within_ms):
            return within_ms == 0
        case SequencePattern():
            return True
        case AllOf(parts) | AnyOf(parts):
            return any(map(is_instantaneous, parts))
        case Not(part):
            return is_instantaneous(part)
        case _:
            return False


def _is_start_only(condition: Condition) -> bool:
    """What sets it off comes at the start of a call, and never again."""
    match condition:
        case RepeatCallerCondition():
            return True
        case AllOf(parts) | AnyOf(parts):
            return all(_is_start_only(part) for part in parts if is_trigger(part))
        case _:
            return False


def _is_after_start(condition: Condition) -> bool:
    match condition:
        case CallTimeCondition(after_ms=after_ms):
            return after_ms > 0
        case PhaseCondition(phases=phases):
            return Phase.OPENING not in phases
        case _:
            return False


def _check_call_window(parts: Iterable[Condition], field: YamlField) -> None:
    """The parts need more of the call than its time or its phase leaves."""
    parts = tuple(parts)
    triggers = [part for part in parts if is_trigger(part)]
    if triggers and all(map(_is_start_only, triggers)) and any(map(_is_after_start, parts)):
        field.add_problem(
            "who calls is known at the call's start, when the rest does not hold yet",
            "add something that happens (said, mood, ...), or leave the rest out",
        )
    end_times_ms = [
        part.before_ms for part in parts if isinstance(part, CallTimeCondition) and part.before_ms
    ]
    if any(part.phases == {Phase.OPENING} for part in parts if isinstance(part, PhaseCondition)):
        end_times_ms.append(OPENING_MS)
    required_ms = max(map(min_duration_ms, parts), default=0)
    if end_times_ms and required_ms >= min(end_times_ms):
        field.add_problem(
            f"it takes {required_ms / 1000:g}s, "
            f"and the call's time is over at {min(end_times_ms) / 1000:g}s",
            "let the time end later, or ask for less",
        )
