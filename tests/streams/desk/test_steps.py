"""The protocol by HTTP: who confirms what, who asks whom for help, and what is sealed."""

from __future__ import annotations

import io
import re
import time
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from prometheus_client import REGISTRY

from streams.messages.alerts import StepConfirmation
from streams.messages.evidence import EvidenceSeal
from tests.support.protocol import (
    CALL,
    FIRST,
    NOTIFY,
    REGULATOR,
    REST,
    SEAL,
    SECOND,
    THIRD,
)
from tests.support.records import with_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from streams.messages.alerts import AlertMessage
    from tests.support.injected import RunningDesk

CALL_PATH = f"/api/calls/{quote(CALL.call_id, safe='')}"
WAIT_S = 20


def path(index: int, alert: AlertMessage = THIRD) -> str:
    return f"/api/alerts/{quote(alert.message_id, safe='~')}/steps/{index}"


@pytest.fixture
def abused(desk: RunningDesk) -> RunningDesk:
    desk.wire.put(CALL.start_event(), *CALL.messages(), FIRST, SECOND, THIRD, REGULATOR)
    desk.wire.settle()
    return desk


def confirm(http: httpx.Client, index: int, **given: str) -> httpx.Response:
    who = {"given_by": "seoyeon", "role": "agent"}
    return http.post(path(index), json=who | given)


def steps(http: httpx.Client) -> list[tuple[int, str, str]]:
    (alert,) = [
        one for one in http.get(CALL_PATH).json()["alerts"] if one["alert_id"] == THIRD.message_id
    ]
    return [(step["index"], step["role"], step["given_by"]) for step in alert["steps"]]


def until(found: Callable[[], bool]) -> None:
    """Wait for what the desk does by itself; every look is a request, so nothing spins."""
    deadline = time.monotonic() + WAIT_S
    while not found():
        assert time.monotonic() < deadline


def test_a_confirmed_step_goes_to_kafka_and_is_there_at_once(
    abused: RunningDesk, http: httpx.Client
) -> None:
    counted = {"action": "announce", "role": "agent", "state": "done"}
    before = REGISTRY.get_sample_value("callmood_steps_total", counted) or 0
    answered = confirm(http, 0)
    assert answered.status_code == 200
    abused.wire.settle()
    (sent,) = [
        message for message in abused.wire.sent_messages if isinstance(message, StepConfirmation)
    ]
    assert answered.json() == {"id": sent.message_id}
    assert (sent.call_id, sent.alert_id, sent.index, sent.action, sent.state) == (
        CALL.call_id, THIRD.message_id, 0, "announce", "done",
    )  # fmt: skip
    assert steps(http) == [(0, "agent", "seoyeon")]
    assert REGISTRY.get_sample_value("callmood_steps_total", counted) == before + 1


def test_the_last_word_of_a_person_counts_and_another_persons_stays(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    confirm(http, 0)
    confirm(http, 0, role="supervisor", given_by="minsu")
    confirm(http, 0, state="undone")
    assert steps(http) == [(0, "supervisor", "minsu")]


def test_the_first_warning_need_not_be_confirmed_for_the_second_and_third_to_come(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    alerts = http.get(CALL_PATH).json()["alerts"]
    assert [alert["step"] for alert in alerts if alert["playbook_id"] == "abusive-words"] == [
        1, 2, 3,
    ]  # fmt: skip
    assert all(alert["steps"] == [] for alert in alerts)


@pytest.mark.parametrize(
    ("where", "body", "status", "says"),
    [
        ("/api/alerts/a~b~1/steps/0", {}, 404, "no alert 'a~b~1'"),
        (path(6), {}, 404, "Step 6 of this alert is none that anybody confirms"),
        (path(0, FIRST), {}, 404, "Step 0 of this alert is none"),
        (path(0, REGULATOR), {}, 404, "Step 0 of this alert is none"),
        (path(0), {"state": "maybe"}, 422, "state: Input should"),
        (path(0), {"role": "customer"}, 422, "role: Input should"),
        (path(0), {"action": "end_call"}, 422, "action: Extra inputs"),
        (path(-1), {}, 422, "index: "),
        (path(100), {}, 422, "index: "),
        (f"{CALL_PATH}/evidence/{'0' * 64}", None, 404, "There is no bundle 000"),
        (f"{CALL_PATH}/evidence/..%2Fx", None, 404, "Not Found"),
        (f"{CALL_PATH}/evidence/abc", None, 422, "sha256: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(  # noqa: PLR0913  (a table of cases)
    abused: RunningDesk, http: httpx.Client, *, where: str, body: dict[str, str] | None,
    status: int, says: str,
) -> None:  # fmt: skip
    answered = http.get(where) if body is None else http.post(where, json=body)
    detail = answered.json()["detail"]
    assert (answered.status_code, "\n" in detail) == (status, False)
    assert re.search(says, detail)
    assert abused.wire.sent_messages == []


def test_what_is_confirmed_while_kafka_is_away_is_sent_when_it_is_back(
    abused: RunningDesk, http: httpx.Client
) -> None:
    abused.wire.is_down = True
    assert confirm(http, 0).status_code == 200
    assert steps(http) == [(0, "agent", "seoyeon")]
    abused.wire.is_down = False
    abused.wire.settle()
    assert [type(message) for message in abused.wire.sent_messages] == [StepConfirmation]


def asked(http: httpx.Client) -> list[tuple[str, str]]:
    return [(one["agent_id"], one["action"]) for one in http.get("/api/help").json()]


def test_who_asks_for_help_waits_until_a_supervisor_takes_care_of_it(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    assert asked(http) == []
    confirm(http, 0)
    confirm(http, NOTIFY)
    confirm(http, REST)
    assert asked(http) == [("seoyeon", "offer_rest"), ("seoyeon", "notify_supervisor")]
    confirm(http, NOTIFY, role="supervisor", given_by="")
    assert asked(http) == [("seoyeon", "offer_rest")]
    confirm(http, REST, state="undone")
    assert asked(http) == []


def test_who_asks_again_after_being_taken_care_of_waits_again(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    confirm(http, NOTIFY)
    confirm(http, NOTIFY, role="supervisor", given_by="")
    confirm(http, NOTIFY, state="undone")
    confirm(http, NOTIFY)
    assert asked(http) == [("seoyeon", "notify_supervisor")]


def test_a_calls_requests_are_one_row_that_says_who_took_what(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    confirm(http, NOTIFY)
    confirm(http, REST)
    page = http.get("/").text
    assert page.count('<li class="help-row"') == 1
    assert "</strong>님이 도움과 휴식을 요청했습니다" in page
    confirm(http, NOTIFY, role="supervisor", given_by="minsu")
    assert "도움: minsu님이 맡았습니다" in http.get("/").text
    confirm(http, REST, role="supervisor", given_by="")
    page = http.get("/").text
    assert "휴식: 관리자가 맡았습니다" in page
    assert 'class="help-row taken"' in page
    assert asked(http) == []


def test_a_request_says_who_in_which_call_and_what_for(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    confirm(http, NOTIFY)
    (one,) = http.get("/api/help").json()
    assert (one["call_id"], one["queue"], one["sensitive"], one["live"]) == (
        CALL.call_id, "대출 상담", "abuse", True,
    )  # fmt: skip
    page = http.get("/").text
    assert "폭언 3차 안내" in page
    assert quote(CALL.call_id, safe="") in page


def test_a_call_says_what_to_mind_how_seriously_since_when_and_on_which_lines(
    abused: RunningDesk, http: httpx.Client
) -> None:
    del abused
    abuse, escalation = http.get(CALL_PATH).json()["sensitive"]
    assert (abuse["kind"], abuse["level"], abuse["since_ms"], abuse["alerts"]) == (
        "abuse", "critical", 9_000, 3,
    )  # fmt: skip
    assert [one["text"] for one in abuse["evidence"]] == [
        said.text for said in CALL.lines if said.speaker == "customer"
    ]
    assert [one["at_ms"] for one in escalation["evidence"]] == [43_000]
    (call,) = http.get("/api/calls").json()["calls"]
    assert call["sensitive"] == ["abuse", "escalation"]


def test_a_call_without_findings_has_none_to_mind(desk: RunningDesk, http: httpx.Client) -> None:
    desk.wire.put(CALL.start_event(), *CALL.messages())
    desk.wire.settle()
    assert http.get(CALL_PATH).json()["sensitive"] == []
    assert 'id="sensitive"' in http.get(f"/calls/{quote(CALL.call_id, safe='')}/sensitive").text


def bundles(http: httpx.Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = http.get(f"{CALL_PATH}/evidence").json()
    return found


def test_sealed_evidence_is_listed_downloaded_and_its_hash_is_in_kafka(
    abused: RunningDesk, http: httpx.Client
) -> None:
    assert bundles(http) == []
    confirm(http, SEAL)
    until(lambda: bool(bundles(http)))
    (bundle,) = bundles(http)
    (sent,) = [
        message for message in abused.wire.sent_messages if isinstance(message, EvidenceSeal)
    ]
    assert (bundle["sha256"], bundle["sealed_by"], bundle["role"]) == (
        sent.sha256, "seoyeon", "agent",
    )  # fmt: skip
    answered = http.get(f"{CALL_PATH}/evidence/{bundle['sha256']}")
    assert answered.headers["content-type"] == "application/zip"
    assert len(answered.content) == bundle["size"]
    with zipfile.ZipFile(io.BytesIO(answered.content)) as bag:
        assert {PurePosixPath(name).name for name in bag.namelist()} >= {"bagit.txt", "bundle.json"}


def test_a_sentence_to_read_out_alone_is_advice_and_against_abuse_a_protocol(
    abused: RunningDesk, http: httpx.Client
) -> None:
    at_ms = THIRD.record.at_ms + 70_000
    advice = with_changes(FIRST, playbook_id="calm", sensitive=None, at_ms=at_ms)
    abused.wire.put(advice)
    abused.wire.settle()
    page = http.get(f"/calls/{quote(CALL.call_id, safe='')}").text
    protocols = re.findall(r'class="alert \w+ protocol[^"]*" data-alert="([^"]+)"', page)
    assert protocols == [one.message_id for one in (THIRD, SECOND, FIRST)]
    assert " current" not in page
