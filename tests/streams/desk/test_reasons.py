"""Why an alert came, in the language of whoever looks: not in that of the call."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from playbooks.reason import Reason
from streams.desk.models import AlertView
from streams.messages.alerts import AlertMessage
from streams.store.rows import to_row
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL

if TYPE_CHECKING:
    import httpx

    from tests.support.injected import RunningDesk

PAGE = f"/calls/{quote(KOREAN_CALL.call_id, safe='')}"
ALERT = KOREAN_CALL.alert(KOREAN_CALL.alerts[0])
OLD_REASONS = ["고객: “지금 장난하세요”", "고객 상태 격앙 (66%), 고조되는 중"]
WORDED = {
    "ko": OLD_REASONS,
    "en": ["customer said “지금 장난하세요”", "mood: Upset (strain 66%), rising"],
}


def _old(alert: AlertMessage) -> AlertMessage:
    """As a version before wrote it on the topic."""
    value: dict[str, Any] = json.loads(alert.value()) | {"reasons": OLD_REASONS}
    return AlertMessage.decode(json.dumps(value).encode(), ())


def _read(http: httpx.Client, language: str) -> str:
    return http.get(PAGE, headers={"Cookie": f"callmood_language={language}"}).text


@pytest.mark.parametrize("language", WORDED)
def test_the_card_of_an_alert_gives_its_reasons_in_the_reader_s_language(
    desk: RunningDesk, http: httpx.Client, language: str
) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), ALERT)
    desk.wire.settle()
    html = _read(http, language)
    for text in WORDED[language]:
        assert f"<li>{text}</li>" in html


@pytest.mark.parametrize("language", WORDED)
def test_an_alert_that_comes_while_the_page_is_open_does_so_too(
    desk: RunningDesk, http: httpx.Client, language: str
) -> None:
    desk.wire.put(KOREAN_CALL.start_event())
    desk.wire.settle()
    cursor = re.search(r'data-cursor="([^"]+)"', _read(http, language))
    assert cursor is not None
    query = {"call": KOREAN_CALL.call_id, "after": cursor[1]}
    cookie = {"Cookie": f"callmood_language={language}"}
    with http.stream("GET", "/api/live", params=query, headers=cookie) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: line_state"
        desk.wire.put(ALERT)
        assert next(line for line in lines if line == "event: alert")
        html = json.loads(next(lines).removeprefix("data: "))["html"]
    for text in WORDED[language]:
        assert f"<li>{text}</li>" in html


@pytest.mark.parametrize("language", WORDED)
def test_an_alert_of_a_version_before_codes_is_shown_as_it_was_written(
    desk: RunningDesk, http: httpx.Client, language: str
) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), _old(ALERT))
    desk.wire.settle()
    html = _read(http, language)
    for text in OLD_REASONS:
        assert f"<li>{text}</li>" in html


def test_programs_get_reasons_as_codes_with_parameters(
    desk: RunningDesk, http: httpx.Client
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), ENGLISH_CALL.alert(ENGLISH_CALL.alerts[0]))
    desk.wire.settle()
    (alert,) = http.get(f"/api/calls/{quote(ENGLISH_CALL.call_id, safe='')}").json()["alerts"]
    assert alert["reasons"] == [
        {"code": "said", "parameters": {"speaker": "customer", "text": "cancel"}}
    ]


def test_a_row_that_a_version_before_wrote_is_read() -> None:
    row = to_row(ALERT)
    assert AlertView.model_validate(row).record.reasons == ALERT.record.reasons
    old = AlertView.model_validate(row | {"reasons": OLD_REASONS})
    assert old.record.reasons == tuple(map(Reason.from_text, OLD_REASONS))


def test_what_is_sealed_again_from_an_old_message_keeps_its_words() -> None:
    reasons = [Reason.from_text(text).to_json() for text in OLD_REASONS]
    assert to_row(_old(ALERT))["reasons"] == reasons
