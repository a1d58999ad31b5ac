"""What is told of a caller: that they called, and each kind that was found, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.alert import Alert, AlertLevel
from playbooks.sensitivity import SensitivityKind
from streams.advise.caller import CallerState, from_json, to_json, update_caller
from streams.messages.callers import CallerEvent, EarlierCallSummary, ReturningCaller
from streams.messages.calls import CallEvent
from tests.streams.examples import EXAMPLES, T0

if TYPE_CHECKING:
    from streams.cloudevents import Message

CALLER = "5f0c2a9be4d1738806d2c1f7a3b98e42"
LINE = EXAMPLES["transcripts.v1"].model_copy(update={"call_id": "c"})
ABUSE, THREAT = SensitivityKind.ABUSE, SensitivityKind.THREAT


def started(caller: str = CALLER) -> CallEvent:
    return CallEvent(call_id="c", event="started", at=T0, caller=caller)


def returning() -> ReturningCaller:
    earlier = EarlierCallSummary(call_id="b", started_at=T0, kinds=(ABUSE,))
    return ReturningCaller(call_id="c", at=T0, earlier=(earlier,))


def alert(kind: SensitivityKind | None) -> Alert:
    return Alert(
        call_id="c", playbook_id="p", playbook_version=1, level=AlertLevel.WARNING, at_ms=9, step=1,
        title={}, suggestion={}, why={}, reasons=(), cause_ids=(), sensitive=kind,
        language=Language.KOREAN,
    )  # fmt: skip


def told(
    *steps: tuple[Message, tuple[SensitivityKind | None, ...]],
) -> list[tuple[str, SensitivityKind | None]]:
    calling, events = CallerState(), list[CallerEvent]()
    for message, kinds in steps:
        calling, more = update_caller(calling, message, map(alert, kinds))
        calling = from_json(json.loads(json.dumps(to_json(calling))))
        events += more
    assert {(one.caller, one.call_id, one.at) for one in events} <= {(CALLER, "c", T0)}
    return [(one.event, one.kind) for one in events]


def test_a_start_is_told_once_and_a_kind_whenever_it_is_found() -> None:
    steps = [(started(), ()), (LINE, (ABUSE, None, ABUSE)), (LINE, (THREAT,)), (started(), ())]
    assert told(*steps) == [("called", None), ("found", ABUSE), ("found", THREAT)]
    again = told((started(), ()), (LINE, (ABUSE,)), (LINE, (ABUSE,)))
    assert again[1:] == [("found", ABUSE)] * 2, "the first may have been called wrong"


def test_what_was_found_before_the_start_came_is_told_with_it() -> None:
    assert told((LINE, (ABUSE,)), (started(), (THREAT,))) == [
        ("called", None), ("found", ABUSE), ("found", THREAT),
    ]  # fmt: skip


def test_of_a_caller_who_is_not_known_nothing_is_told() -> None:
    assert told((started(""), ()), (LINE, (ABUSE,))) == []


def test_what_fires_because_of_earlier_calls_is_not_found_in_this_one() -> None:
    assert told((started(), ()), (returning(), (ABUSE,)), (LINE, ())) == [("called", None)]
    both = told((started(), ()), (returning(), (ABUSE,)), (LINE, (ABUSE,)))
    assert both == [("called", None), ("found", ABUSE)], "but what is found anew is"
