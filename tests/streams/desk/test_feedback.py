"""An alert that is called wrong says nothing of the call, and does not follow the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from playbooks.sensitivity import SensitivityKind
from streams.messages.callers import CallerEvent
from tests.support.protocol import CALL, FIRST, SECOND

if TYPE_CHECKING:
    import httpx

    from streams.cloudevents import Message
    from tests.support.injected import RunningDesk

CALLER = "5f0c2a9be4d1738806d2c1f7a3b98e42"
PATH = f"/api/calls/{quote(CALL.call_id, safe='')}"


@pytest.fixture
def call(desk: RunningDesk) -> RunningDesk:
    started = CALL.start_event().model_copy(update={"caller": CALLER})
    desk.wire.put(started, *CALL.messages(), FIRST, SECOND)
    desk.wire.settle()
    return desk


def answer(http: httpx.Client, alert: Message, verdict: str, by: str = "seoyeon") -> None:
    path = f"/api/alerts/{quote(alert.message_id, safe='')}/feedback"
    assert http.post(path, json={"verdict": verdict, "given_by": by}).status_code == 200


def kinds(http: httpx.Client) -> tuple[list[str], list[tuple[str, int]]]:
    detail = http.get(PATH).json()
    found = [(one["kind"], one["alerts"]) for one in detail["sensitive"]]
    return detail["call"]["sensitive"], found


def told(desk: RunningDesk) -> list[tuple[str, SensitivityKind | None]]:
    desk.wire.settle()
    return [(m.event, m.kind) for m in desk.wire.sent_messages if isinstance(m, CallerEvent)]


def test_a_kind_stands_until_its_last_alert_is_called_wrong(
    call: RunningDesk, http: httpx.Client
) -> None:
    assert kinds(http) == (["abuse"], [("abuse", 2)])
    answer(http, FIRST, "wrong")
    assert kinds(http) == (["abuse"], [("abuse", 1)])
    answer(http, SECOND, "wrong")
    assert kinds(http) == ([], [])
    assert told(call) == [("found", SensitivityKind.ABUSE), ("withdrawn", SensitivityKind.ABUSE)]


def test_who_takes_the_answer_back_brings_the_kind_back(
    call: RunningDesk, http: httpx.Client
) -> None:
    for alert in (FIRST, SECOND):
        answer(http, alert, "wrong")
    answer(http, SECOND, "withdrawn")
    assert kinds(http) == (["abuse"], [("abuse", 1)])
    assert told(call)[-1] == ("found", SensitivityKind.ABUSE)


def test_of_a_call_whose_caller_is_not_known_nothing_is_told(
    desk: RunningDesk, http: httpx.Client
) -> None:
    desk.wire.put(CALL.start_event(), *CALL.messages(), FIRST)
    desk.wire.settle()
    answer(http, FIRST, "wrong")
    assert kinds(http) == ([], [])
    assert told(desk) == []
