"""Whether a condition can do what it says: what never happens is refused where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.absence import Missing
from playbooks.conditions.call_phase import OPENING_MS, Phase
from playbooks.conditions.event_based import Happening, Silence, TalkOver
from playbooks.conditions.memory import LATE_MS
from playbooks.conditions.operators import All, Any, Count, Not, Sequence
from playbooks.conditions.state_based import CallIs, CallTime, MoodIs, PhaseIs, RepeatCaller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.conditions.base import Condition
    from playbooks.yaml_nodes import Field


def sets_off(condition: Condition) -> bool:
    """It can become true because something happened, not only because time passed."""
    match condition:
        case CallIs() | CallTime() | PhaseIs() | Not():
            return False
        case All(parts):
            return any(map(sets_off, parts))
        case Any(parts) | Sequence(parts, _):
            return bool(parts) and all(map(sets_off, parts))
        case Count(part, _, _):
            return sets_off(part)
        case _:
            return True


def least_ms(condition: Condition) -> int:
    """How long it takes at least to become true, from nothing, in ms."""
    match condition:
        case All(parts):
            return max(map(least_ms, parts), default=0)
        case Any(parts):
            return min(map(least_ms, parts), default=0)
        case Sequence(parts, _):
            return sum(map(least_ms, parts))
        case Count(part, at_least, _):
            return at_least * least_ms(part)
        case Missing(_, after, within_ms):
            return within_ms + (least_ms(after) if after is not None else 0)
        case _:
            return _length_ms(condition)


def _length_ms(condition: Condition) -> int:
    match condition:
        case Silence(at_least_ms=length) | TalkOver(at_least_ms=length):
            return length
        case MoodIs(for_ms=length) | CallTime(after_ms=length):
            return length
        case _:
            return 0


def moves_by_itself(condition: Condition) -> bool:
    """It can become true with nothing in it noticing an event: because time passed."""
    match condition:
        case Not() | Missing() | CallTime() | PhaseIs():
            return True
        case All(parts) | Any(parts) | Sequence(parts, _):
            return any(map(moves_by_itself, parts))
        case Count(part, _, _):
            return moves_by_itself(part)
        case _:
            return False


def remembered_ms(condition: Condition) -> int:
    """How long its evidence is remembered at most, in ms."""
    match condition:
        case Happening(within_ms=within_ms):
            return max(within_ms, LATE_MS)
        case All(parts) | Any(parts):
            return max(map(remembered_ms, parts), default=LATE_MS)
        case Sequence(parts, within_ms):
            return max(within_ms, *map(remembered_ms, parts))
        case Count(part, _, within_ms):
            return max(within_ms, remembered_ms(part))
        case _:
            return LATE_MS


def refuse_impossible(condition: Condition, field: Field) -> None:
    """Note, at the condition's own place, that it can never hold."""
    match condition:
        case Count(part, at_least, within_ms) if (at_least - 1) * least_ms(part) >= within_ms:
            needed = (at_least - 1) * least_ms(part) / 1000
            field.refuse(
                f"{at_least} times take longer than {within_ms / 1000:g}s",
                f"write within: more than {needed:g}s, or count fewer",
            )
        case Sequence(parts, within_ms) if sum(map(least_ms, parts[1:])) > within_ms:
            needed = sum(map(least_ms, parts[1:])) / 1000
            field.refuse(
                f"the sequence takes longer than {within_ms / 1000:g}s",
                f"write within: {needed:g}s or more",
            )
        case All(parts):
            _refuse_outside(parts, field)
        case Not(part) if vanishes(part):
            field.refuse(
                "not is always true here: what happens in the same moment is not asked",
                "add within, or put the words of the same line below but_not",
            )
        case _:
            pass


def vanishes(condition: Condition) -> bool:
    """It is over with the moment in which it happens, so that it never was so "before"."""
    match condition:
        case Happening(within_ms=within_ms):
            return within_ms == 0
        case Sequence():
            return True
        case All(parts) | Any(parts):
            return any(map(vanishes, parts))
        case Not(part):
            return vanishes(part)
        case _:
            return False


def _only_at_start(condition: Condition) -> bool:
    """What sets it off comes at the start of a call, and never again."""
    match condition:
        case RepeatCaller():
            return True
        case All(parts) | Any(parts):
            return all(_only_at_start(part) for part in parts if sets_off(part))
        case _:
            return False


def _comes_later(condition: Condition) -> bool:
    match condition:
        case CallTime(after_ms=after_ms):
            return after_ms > 0
        case PhaseIs(phases=phases):
            return Phase.OPENING not in phases
        case _:
            return False


def _refuse_outside(parts: Iterable[Condition], field: Field) -> None:
    """The parts need more of the call than its time or its phase leaves."""
    parts = tuple(parts)
    moving = [part for part in parts if sets_off(part)]
    if moving and all(map(_only_at_start, moving)) and any(map(_comes_later, parts)):
        field.refuse(
            "who calls is known at the call's start, when the rest does not hold yet",
            "add something that happens (said, mood, ...), or leave the rest out",
        )
    ends = [part.before_ms for part in parts if isinstance(part, CallTime) and part.before_ms]
    if any(part.phases == {Phase.OPENING} for part in parts if isinstance(part, PhaseIs)):
        ends.append(OPENING_MS)
    needed = max(map(least_ms, parts), default=0)
    if ends and needed >= min(ends):
        field.refuse(
            f"it takes {needed / 1000:g}s, and the call's time is over at {min(ends) / 1000:g}s",
            "let the time end later, or ask for less",
        )
