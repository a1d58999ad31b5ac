"""What is told once about a call and holds while it lasts, as it is remembered and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from detectors.utterance import Language
from playbooks.events import CallerKnown, CallStarted, EarlierCall
from playbooks.sensitivity import Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.events import Event

Fact: TypeAlias = CallStarted | CallerKnown


def with_fact(facts: tuple[Fact, ...], event: Event) -> tuple[Fact, ...]:
    """With what this event tells, in place of what an event of its kind told before."""
    if not isinstance(event, CallStarted | CallerKnown):
        return facts
    return (*(fact for fact in facts if type(fact) is not type(event)), event)


def facts_json(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """As they are written down."""
    return [_json(fact) for fact in facts]


def facts_from_json(values: Iterable[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """And read back."""
    return tuple(_fact(value) for value in values)


def _json(fact: Fact) -> dict[str, Any]:
    if isinstance(fact, CallStarted):
        return {"call_id": fact.call_id, "queue": fact.queue, "language": fact.language}
    earlier = [{"ago_ms": one.ago_ms, "kinds": sorted(one.kinds)} for one in fact.earlier]
    return {"call_id": fact.call_id, "earlier": earlier}


def _fact(value: Mapping[str, Any]) -> Fact:
    call_id = value["call_id"]
    if "earlier" not in value:
        return CallStarted(call_id, queue=value["queue"], language=Language(value["language"]))
    return CallerKnown(call_id, tuple(map(_earlier, value["earlier"])))


def _earlier(value: Mapping[str, Any]) -> EarlierCall:
    return EarlierCall(value["ago_ms"], frozenset(map(Sensitive, value["kinds"])))
