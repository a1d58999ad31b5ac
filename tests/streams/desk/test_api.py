"""The desk by HTTP: what it answers, and what it refuses in one sentence."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from prometheus_client import REGISTRY

from streams.messages.alerts import Feedback
from streams.messages.corrections import Correction
from streams.store import outbox
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL
from tests.support.records import with_changes

if TYPE_CHECKING:
    import httpx

    from tests.support.injected import RunningDesk

KOREAN_PATH = f"/api/calls/{quote(KOREAN_CALL.call_id, safe='')}"
ALERT = f"{ENGLISH_CALL.call_id}~wish-to-cancel~33600"
ALERT_PATH = f"/api/alerts/{quote(ALERT, safe='~')}"


@pytest.fixture
def calls(desk: RunningDesk) -> RunningDesk:
    for call in (KOREAN_CALL, ENGLISH_CALL):
        desk.wire.put(call.start_event(), *call.messages())
    desk.wire.put(KOREAN_CALL.end_event())
    desk.wire.settle()
    return desk


def test_calls_are_listed_newest_first_and_can_be_chosen(
    calls: RunningDesk, http: httpx.Client
) -> None:
    del calls

    def ids(query: str) -> list[str]:
        return [call["call_id"] for call in http.get(f"/api/calls{query}").json()["calls"]]

    korean, english = KOREAN_CALL.call_id, ENGLISH_CALL.call_id
    assert ids("") == [english, korean]
    assert ids("?live=true") == [english]
    assert ids("?live=false") == [korean]
    assert ids("?agent=seoyeon") == [korean]
    assert ids("?limit=1&offset=1") == [korean]


def test_a_call_comes_with_everything_in_the_order_of_the_call(
    calls: RunningDesk, http: httpx.Client
) -> None:
    del calls
    detail = http.get(KOREAN_PATH).json()
    assert [line["text"] for line in detail["transcript_lines"]] == [
        said.text for said in KOREAN_CALL.lines
    ]
    assert [alert["playbook_id"] for alert in detail["alerts"]] == [
        "rising-anger", "regulator-complaint",
    ]  # fmt: skip
    assert len(detail["readings"]) == 2 * sum(s.speaker == "customer" for s in KOREAN_CALL.lines)
    assert [reading["valence"] for reading in detail["readings"]] == [
        valence
        for said in KOREAN_CALL.lines
        if said.speaker == "customer"
        for valence in (None, 0.25 - said.strength / 2)
    ]
    assert detail["mood"] == detail["moods"][-1]
    assert detail["call"]["live"] is False
    assert detail["call"]["loudest"] == "warning"
    assert [turn["start_ms"] for turn in detail["turns"]] == sorted(
        turn["start_ms"] for turn in detail["turns"]
    )


def test_feedback_goes_to_kafka_and_is_there_at_once(
    calls: RunningDesk, http: httpx.Client
) -> None:
    answered = http.post(f"{ALERT_PATH}/feedback", json={"verdict": "wrong", "given_by": "maya"})
    assert answered.status_code == 200
    calls.wire.settle()
    (sent,) = [message for message in calls.wire.sent_messages if isinstance(message, Feedback)]
    assert (sent.alert_id, sent.verdict, sent.given_by) == (ALERT, "wrong", "maya")
    path = f"/api/calls/{quote(ENGLISH_CALL.call_id, safe='')}"
    (alert,) = http.get(path).json()["alerts"]
    assert [answer["verdict"] for answer in alert["feedback"]] == ["wrong"]


def test_a_second_answer_of_the_same_person_replaces_the_first(
    calls: RunningDesk, http: httpx.Client
) -> None:
    del calls
    for verdict in ("wrong", "withdrawn", "helped"):
        http.post(f"{ALERT_PATH}/feedback", json={"verdict": verdict, "given_by": "maya"})
    path = f"/api/calls/{quote(ENGLISH_CALL.call_id, safe='')}"
    (alert,) = http.get(path).json()["alerts"]
    assert [answer["verdict"] for answer in alert["feedback"]] == ["helped"]


def answer_everything(http: httpx.Client) -> list[int]:
    """An answer to an alert, and a correction; the statuses."""
    segment = http.get("/api/queue").json()["segments"][0]["segment_id"]
    correction = {"segment_id": segment, "voice_label": "anger"}
    return [
        http.post(f"{ALERT_PATH}/feedback", json={"verdict": "wrong"}).status_code,
        http.post("/api/corrections", json=correction).status_code,
    ]


def count_answers(http: httpx.Client) -> tuple[int, int]:
    """Of both kinds, as the API shows them."""
    path = f"/api/calls/{quote(ENGLISH_CALL.call_id, safe='')}"
    feedback = http.get(path).json()["alerts"][0]["feedback"]
    return len(feedback), http.get("/api/corrections").json()["total"]


def test_what_is_answered_while_kafka_is_away_is_there_at_once_and_sent_when_it_is_back(
    calls: RunningDesk, http: httpx.Client
) -> None:
    calls.wire.is_down = True
    assert answer_everything(http) == [200, 200]
    assert count_answers(http) == (1, 1)
    assert calls.wire.sent_messages == []
    calls.wire.is_down = False
    calls.wire.settle()
    assert [type(message) for message in calls.wire.sent_messages] == [Feedback, Correction]
    assert count_answers(http) == (1, 1)


def test_with_a_full_outbox_nothing_is_kept_and_that_is_said(
    calls: RunningDesk, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_ENTRIES", 0)
    assert answer_everything(http) == [503, 503]
    assert count_answers(http) == (0, 0)
    refused = http.post(f"{ALERT_PATH}/feedback", json={"verdict": "wrong"})
    assert "nothing was kept" in refused.json()["detail"]
    assert calls.wire.sent_messages == []


def test_a_correction_goes_to_kafka_and_leaves_the_queue(
    calls: RunningDesk, http: httpx.Client
) -> None:
    waiting = http.get("/api/queue").json()
    segment = waiting["segments"][0]["segment_id"]
    given = {"segment_id": segment, "voice_label": "anger", "text_label": "unclear", "trainer": "p"}
    kept = http.post("/api/corrections", json=given)
    assert kept.json()["remaining"] == waiting["total"] - 1
    calls.wire.settle()
    (sent,) = [message for message in calls.wire.sent_messages if isinstance(message, Correction)]
    assert (sent.segment_id, sent.voice_label, sent.text_label) == (segment, "anger", "unclear")
    (shown,) = http.get("/api/corrections").json()["corrections"]
    assert (shown["segment_id"], shown["trainer"]) == (segment, "p")
    calls.wire.settle()
    assert http.get("/api/queue").json()["total"] == waiting["total"] - 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "/api/calls/nobody", None, 404, r"There is no call 'nobody' here\."),
        ("GET", "/api/segments/none~1", None, 404, "no segment"),
        ("GET", "/api/segments/none~1/clip", None, 404, "no segment"),
        ("POST", "/api/alerts/a~b~1/feedback", b'{"verdict": "wrong"}', 404, "no alert 'a~b~1'"),
        ("POST", f"{ALERT_PATH}/feedback", b'{"verdict": "maybe"}', 422, "verdict: Input should"),
        ("POST", f"{ALERT_PATH}/feedback", b"{", 422, "JSON"),
        ("POST", f"{ALERT_PATH}/feedback", b"\xff", 422, "UTF-8"),
        ("POST", f"{ALERT_PATH}/feedback", b'"' + b"x" * 70_000, 413, "larger than 64 KB"),
        ("POST", "/api/corrections", b'{"segment_id": "x"}', 422, "at least one"),
        ("GET", "/api/calls?limit=0", None, 422, "limit: "),
        ("GET", "/api/nothing", None, 404, "Not Found"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(  # noqa: PLR0913  (a table of cases)
    calls: RunningDesk, http: httpx.Client, *, method: str, path: str, body: bytes | None,
    status: int, says: str,
) -> None:  # fmt: skip
    del calls
    answered = http.request(
        method, path, content=body, headers={"Content-Type": "application/json"}
    )
    detail = answered.json()["detail"]
    assert answered.status_code == status, detail
    assert re.search(says, detail)
    assert "\n" not in detail


def test_a_large_body_without_a_length_is_refused_too(
    calls: RunningDesk, http: httpx.Client
) -> None:
    del calls
    chunks = (b"x" * 1_000 for _ in range(70))
    assert http.post(f"{ALERT_PATH}/feedback", content=chunks).status_code == 413


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_site_cannot_post(
    calls: RunningDesk, http: httpx.Client, headers: dict[str, str]
) -> None:
    answered = http.post(f"{ALERT_PATH}/feedback", json={"verdict": "wrong"}, headers=headers)
    assert answered.status_code == 403
    assert calls.wire.sent_messages == []


def test_the_desks_own_pages_can_post(calls: RunningDesk, http: httpx.Client) -> None:
    headers = {"Origin": calls.url, "Sec-Fetch-Site": "same-origin"}
    answered = http.post(f"{ALERT_PATH}/feedback", json={"verdict": "wrong"}, headers=headers)
    assert answered.status_code == 200


@pytest.mark.parametrize("path", ["/", "/agent", "/trainer", "/api/docs", "/agent/seoyeon"])
def test_pages_bring_nothing_from_elsewhere_and_no_inline_script(
    calls: RunningDesk, http: httpx.Client, path: str
) -> None:
    del calls
    answered = http.get(path)
    assert answered.status_code == 200
    assert "script-src 'self'" in answered.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answered.text)
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=", answered.text)


def test_a_page_that_does_not_exist_says_so_as_a_page(http: httpx.Client) -> None:
    html = {"Accept": "text/html"}
    assert "이 주소에는 화면이 없습니다" in http.get("/nowhere", headers=html).text
    answered = http.get("/calls/nobody", headers=html)
    assert answered.status_code == 404
    assert "nobody" in answered.text
    assert "찾을 수 없습니다" in answered.text


def test_words_of_people_are_text_not_markup(desk: RunningDesk, http: httpx.Client) -> None:
    said = with_changes(KOREAN_CALL.line(KOREAN_CALL.lines[1]), text="<script>alert(1)</script>")
    desk.wire.put(KOREAN_CALL.start_event(), said)
    desk.wire.settle()
    page = http.get(f"/calls/{quote(KOREAN_CALL.call_id, safe='')}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_language_is_kept_and_leads_back_to_this_site_only(http: httpx.Client) -> None:
    assert 'lang="ko"' in http.get("/").text
    answered = http.get("/language/en?back=/trainer")
    assert (answered.status_code, answered.headers["location"]) == (303, "/trainer")
    assert '<html lang="en">' in http.get("/").text
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
        answered = http.get("/language/ko", params={"back": elsewhere})
        assert answered.headers["location"] == "/"


def test_the_openapi_document_names_every_promised_path(http: httpx.Client) -> None:
    paths = http.get("/api/openapi.json").json()["paths"]
    promised = {
        "/api/calls", "/api/calls/{call_id}", "/api/alerts/{alert_id}/feedback",
        "/api/alerts/{alert_id}/steps/{index}", "/api/help", "/api/calls/{call_id}/evidence",
        "/api/calls/{call_id}/evidence/{sha256}",
        "/api/corrections", "/api/queue", "/api/segments/{segment_id}/clip", "/healthz", "/metrics",
    }  # fmt: skip
    assert promised <= paths.keys()


def test_the_live_stream_tells_an_alert_and_its_latency_is_counted_once(
    desk: RunningDesk, http: httpx.Client
) -> None:
    def count(stage: str) -> float:
        name = "callmood_stage_seconds_count"
        return REGISTRY.get_sample_value(name, {"stage": stage}) or 0.0

    desk.wire.put(ENGLISH_CALL.start_event())
    desk.wire.settle()
    stages = ("desk", "screen", "total")
    before = [count(stage) for stage in stages]
    page = http.get("/agent/maya").text
    cursor = re.search(r'data-cursor="([^"]+)"', page)
    assert cursor is not None
    query = {"call": ENGLISH_CALL.call_id, "agent": "maya", "after": cursor[1]}
    with http.stream("GET", "/api/live", params=query) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: line_state"
        desk.wire.put(ENGLISH_CALL.alert(ENGLISH_CALL.alerts[0]))
        assert next(line for line in lines if line == "event: alert")
        told = json.loads(next(lines).removeprefix("data: "))
    assert told["id"] == ALERT
    for _ in range(2):
        assert http.post(f"{ALERT_PATH}/shown").status_code == 204
    assert [count(stage) for stage in stages] == [number + 1 for number in before]


def test_a_stream_that_has_missed_too_much_is_told_to_fetch_the_page_again(
    http: httpx.Client,
) -> None:
    headers = {"Last-Event-ID": "of-an-earlier-run-7"}
    answered = http.get("/api/live", params={"call": "x"}, headers=headers)
    assert answered.text == "event: resync\ndata: {}\n\n"


@pytest.mark.parametrize("name", ["a\x00b", "two\nlines"])
def test_a_name_with_control_characters_is_refused_before_anything_is_sent(
    desk: RunningDesk, http: httpx.Client, name: str
) -> None:
    given = {"verdict": "wrong", "given_by": name}
    assert http.post(f"{ALERT_PATH}/feedback", json=given).status_code == 422
    assert desk.wire.sent_messages == []
