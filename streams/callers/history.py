"""What is remembered of one caller, and how an event changes it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from playbooks.sensitivity import SensitivityKind
from streams.messages.callers import MAX_EARLIER_CALLS, EarlierCallSummary, ReturningCaller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from streams.messages.callers import CallerEvent

    Change = Callable[
        [tuple[SensitivityKind, ...], SensitivityKind | None], tuple[SensitivityKind, ...]
    ]

MAX_STORED_CALLS = MAX_EARLIER_CALLS + 1
"""The earlier calls that are told, and the one that is going on."""


@dataclass(frozen=True, slots=True)
class CallerHistory:
    """A caller's calls, the newest first, no two with one id."""

    calls: tuple[EarlierCallSummary, ...] = ()

    def since(self, oldest: datetime) -> CallerHistory:
        """Without what began before."""
        return CallerHistory(tuple(call for call in self.calls if call.started_at >= oldest))


_HISTORY = TypeAdapter(CallerHistory)


def update_history(
    history: CallerHistory, event: CallerEvent, *, period: timedelta
) -> tuple[CallerHistory, ReturningCaller | None]:
    """Take an event in; the same one again changes nothing and tells the same.

    Args:
        history: what is remembered of the caller.
        event: one of the caller's.
        period: how long a call is remembered, counted in the events' own time.

    Returns:
        What is remembered now, and at a call's start what is to be told of earlier ones.
    """
    match event.event:
        case "called":
            next_history = _add_call(history, event).since(event.at - period)
            return next_history, _build_returning(next_history, event)
        case "found":
            return _change_kinds(history, event, _add_kind), None
        case "withdrawn":
            return _change_kinds(history, event, _remove_kind), None
        case "forgotten":
            # A call that goes on is forgotten too: what is found in it later finds no entry.
            return CallerHistory(), None


def to_json(history: CallerHistory) -> dict[str, Any]:
    """As it is written down, with a number that tells quickly whether anything is too old."""
    oldest_s = min((call.started_at.timestamp() for call in history.calls), default=None)
    value: dict[str, Any] = _HISTORY.dump_python(history, mode="json")
    return value | {"oldest_s": oldest_s}


def from_json(value: Mapping[str, Any]) -> CallerHistory:
    """And read back."""
    return _HISTORY.validate_python(value)


def _add_call(history: CallerHistory, event: CallerEvent) -> CallerHistory:
    if any(call.call_id == event.call_id for call in history.calls):
        return history
    calls = (*history.calls, EarlierCallSummary(call_id=event.call_id, started_at=event.at))
    # By id where two began at once, so that the order in which they came makes no difference.
    newest = sorted(calls, key=lambda call: (call.started_at, call.call_id), reverse=True)
    return CallerHistory(tuple(newest[:MAX_STORED_CALLS]))


def _build_returning(history: CallerHistory, event: CallerEvent) -> ReturningCaller | None:
    earlier = [call for call in history.calls if call.started_at < event.at]
    if not earlier:
        return None
    newest = tuple(earlier[:MAX_EARLIER_CALLS])
    return ReturningCaller(call_id=event.call_id, at=event.at, earlier=newest)


def _change_kinds(history: CallerHistory, event: CallerEvent, change: Change) -> CallerHistory:
    """With another list of kinds for the event's call, if it is remembered."""
    return replace(
        history,
        calls=tuple(
            call.model_copy(update={"kinds": change(call.kinds, event.kind)})
            if call.call_id == event.call_id
            else call
            for call in history.calls
        ),
    )


def _add_kind(
    kinds: tuple[SensitivityKind, ...], new_kind: SensitivityKind | None
) -> tuple[SensitivityKind, ...]:
    return tuple(kind for kind in SensitivityKind if kind in kinds or kind is new_kind)


def _remove_kind(
    kinds: tuple[SensitivityKind, ...], removed_kind: SensitivityKind | None
) -> tuple[SensitivityKind, ...]:
    return tuple(kind for kind in kinds if kind is not removed_kind)
