"""What a call tells of its caller: that they called, and which alerts came. Pure.

A playbook that fires because of earlier calls says nothing about this one: were it counted, one
bad day would follow a caller for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003  (read with the state)
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from playbooks.sensitivity import SensitivityKind  # noqa: TC001  (read with the state)
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.messages.calls import CallEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.alert import Alert
    from streams.cloudevents import Message


@dataclass(frozen=True, slots=True)
class CallerState:
    """Who calls, as far as it is known yet, and what was found in the call.

    Attributes:
        caller: keyed hash of the number; empty: not known.
        started_at: the call's start; ``None`` until ``caller`` is known.
        kinds: what was found, in this order; told as soon as the caller is known.
    """

    caller: str = ""
    started_at: datetime | None = None
    kinds: tuple[SensitivityKind, ...] = ()


_CALLER_STATE = TypeAdapter(CallerState)


def update_caller(
    state: CallerState, message: Message, alerts: Iterable[Alert]
) -> tuple[CallerState, tuple[CallerEvent, ...]]:
    """Take in a message and the alerts that it led to; what is to be told of the caller.

    A kind that is found again is told again: what was found before may have been called wrong.
    """
    next_state = _apply_call_start(state, message)
    kinds = () if isinstance(message, ReturningCaller) else _sensitive_kinds(alerts)
    next_state = replace(next_state, kinds=tuple(dict.fromkeys((*next_state.kinds, *kinds))))
    if not next_state.caller:
        return next_state, ()
    if not state.caller:
        return next_state, (
            _build_event(next_state, message.call_id),
            *_build_found_events(next_state, message.call_id, next_state.kinds),
        )
    return next_state, _build_found_events(next_state, message.call_id, kinds)


def to_json(state: CallerState) -> dict[str, Any]:
    """As it is written down."""
    value: dict[str, Any] = _CALLER_STATE.dump_python(state, mode="json")
    return value


def from_json(value: Mapping[str, Any]) -> CallerState:
    """And read back."""
    return _CALLER_STATE.validate_python(value)


def _apply_call_start(state: CallerState, message: Message) -> CallerState:
    if isinstance(message, CallEvent) and message.event == "started" and not state.caller:
        return replace(state, caller=message.caller, started_at=message.at)
    return state


def _sensitive_kinds(alerts: Iterable[Alert]) -> tuple[SensitivityKind, ...]:
    kinds = (alert.sensitive for alert in alerts)
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


def _build_found_events(
    state: CallerState, call_id: str, kinds: tuple[SensitivityKind, ...]
) -> tuple[CallerEvent, ...]:
    return tuple(_build_event(state, call_id, kind) for kind in kinds)


def _build_event(
    state: CallerState, call_id: str, kind: SensitivityKind | None = None
) -> CallerEvent:
    if state.started_at is None:  # pragma: no cover  (set with the caller)
        message = "a caller is known by the call's start"
        raise ValueError(message)
    return CallerEvent(
        call_id=call_id,
        event="called" if kind is None else "found",
        caller=state.caller,
        at=state.started_at,
        kind=kind,
    )
