"""What the line tells of a call's caller: that they called, and what was found. Pure.

A playbook that fires because of earlier calls says nothing about this one: were it counted, one
bad day would follow a caller for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playbooks.sensitivity import Sensitive
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.messages.records import CallEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.playbook import Alert
    from streams.cloudevents import Message


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls, as far as it is known yet, and what was found in the call.

    Attributes:
        caller: keyed hash of the number; empty: not known.
        started_at: the call's start; ``None`` until ``caller`` is known.
        kinds: what was found, in this order; told as soon as the caller is known.
    """

    caller: str = ""
    started_at: datetime | None = None
    kinds: tuple[Sensitive, ...] = ()


def hear(
    calling: Calling, message: Message, alerts: Iterable[Alert]
) -> tuple[Calling, tuple[CallerEvent, ...]]:
    """Take in a message and the alerts that it led to; what is to be told of the caller.

    A kind that is found again is told again: what was found before may have been called wrong.
    """
    after = _started(calling, message)
    found = () if isinstance(message, ReturningCaller) else _kinds(alerts)
    after = replace(after, kinds=tuple(dict.fromkeys((*after.kinds, *found))))
    if not after.caller:
        return after, ()
    if not calling.caller:
        return after, (_event(after, message.call_id), *_finds(after, message.call_id, after.kinds))
    return after, _finds(after, message.call_id, found)


def to_json(calling: Calling) -> dict[str, Any]:
    """As it is written down."""
    at = calling.started_at
    return {
        "caller": calling.caller,
        "started_at": None if at is None else at.isoformat(),
        "kinds": [kind.value for kind in calling.kinds],
    }


def from_json(value: Mapping[str, Any]) -> Calling:
    """And read back."""
    at = value["started_at"]
    return Calling(
        caller=value["caller"],
        started_at=None if at is None else datetime.fromisoformat(at),
        kinds=tuple(map(Sensitive, value["kinds"])),
    )


def _started(calling: Calling, message: Message) -> Calling:
    if isinstance(message, CallEvent) and message.event == "started" and not calling.caller:
        return replace(calling, caller=message.caller, started_at=message.at)
    return calling


def _kinds(alerts: Iterable[Alert]) -> tuple[Sensitive, ...]:
    kinds = (alert.sensitive for alert in alerts)
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


def _finds(calling: Calling, call_id: str, kinds: tuple[Sensitive, ...]) -> tuple[CallerEvent, ...]:
    return tuple(_event(calling, call_id, kind) for kind in kinds)


def _event(calling: Calling, call_id: str, kind: Sensitive | None = None) -> CallerEvent:
    if calling.started_at is None:  # pragma: no cover  (set with the caller)
        message = "a caller is known by the call's start"
        raise ValueError(message)
    return CallerEvent(
        call_id=call_id,
        event="called" if kind is None else "found",
        caller=calling.caller,
        at=calling.started_at,
        kind=kind,
    )
