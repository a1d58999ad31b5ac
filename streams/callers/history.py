"""What is remembered of one caller, and how an event changes it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from playbooks.sensitivity import Sensitive
from streams.messages.callers import MAX_EARLIER, EarlierCallTold, ReturningCaller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.messages.callers import CallerEvent

    Change = Callable[[tuple[Sensitive, ...], Sensitive | None], tuple[Sensitive, ...]]

KEPT = MAX_EARLIER + 1
"""The earlier calls that are told, and the one that is going on."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A caller's calls, the newest first, no two with one id."""

    calls: tuple[EarlierCallTold, ...] = ()

    def since(self, oldest: datetime) -> Remembered:
        """Without what began before."""
        return Remembered(tuple(one for one in self.calls if one.started_at >= oldest))


def remember(
    before: Remembered, event: CallerEvent, *, days: int
) -> tuple[Remembered, ReturningCaller | None]:
    """Take an event in; the same one again changes nothing and tells the same.

    Args:
        before: what is remembered of the caller.
        event: one of the caller's.
        days: how long a call is remembered, counted in the events' own time.

    Returns:
        What is remembered now, and at a call's start what is to be told of earlier ones.
    """
    match event.event:
        case "called":
            after = _called(before, event).since(event.at - timedelta(days=days))
            return after, _returning(after, event)
        case "found":
            return _changed(before, event, _with), None
        case "withdrawn":
            return _changed(before, event, _without), None
        case "forgotten":
            # A call that goes on is forgotten too: what is found in it later finds no entry.
            return Remembered(), None


def to_json(remembered: Remembered) -> dict[str, Any]:
    """As it is written down, with a number that tells quickly whether anything is too old."""
    return {
        "calls": [one.model_dump(mode="json") for one in remembered.calls],
        "oldest_s": min((one.started_at.timestamp() for one in remembered.calls), default=None),
    }


def from_json(value: Mapping[str, Any]) -> Remembered:
    """And read back."""
    return Remembered(tuple(EarlierCallTold.model_validate(one) for one in value["calls"]))


def _called(before: Remembered, event: CallerEvent) -> Remembered:
    if any(one.call_id == event.call_id for one in before.calls):
        return before
    calls = (*before.calls, EarlierCallTold(call_id=event.call_id, started_at=event.at))
    # By id where two began at once, so that the order in which they came makes no difference.
    newest = sorted(calls, key=lambda one: (one.started_at, one.call_id), reverse=True)
    return Remembered(tuple(newest[:KEPT]))


def _returning(after: Remembered, event: CallerEvent) -> ReturningCaller | None:
    earlier = [one for one in after.calls if one.started_at < event.at]
    if not earlier:
        return None
    told = tuple(earlier[:MAX_EARLIER])
    return ReturningCaller(call_id=event.call_id, at=event.at, earlier=told)


def _changed(before: Remembered, event: CallerEvent, change: Change) -> Remembered:
    """With another list of kinds for the event's call, if it is remembered."""
    return replace(
        before,
        calls=tuple(
            one.model_copy(update={"kinds": change(one.kinds, event.kind)})
            if one.call_id == event.call_id
            else one
            for one in before.calls
        ),
    )


def _with(kinds: tuple[Sensitive, ...], more: Sensitive | None) -> tuple[Sensitive, ...]:
    return tuple(kind for kind in Sensitive if kind in kinds or kind is more)


def _without(kinds: tuple[Sensitive, ...], wrong: Sensitive | None) -> tuple[Sensitive, ...]:
    return tuple(kind for kind in kinds if kind is not wrong)
