"""A returning caller on the desk: what happened in earlier calls, and gone when it must be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import select

from detectors.utterance import Language
from playbooks.sensitivity import SensitivityKind
from streams.cloudevents import now
from streams.desk.feature import DESK
from streams.desk.models import ReturningCallerView
from streams.messages.callers import CallerEvent, EarlierCallSummary, ReturningCaller
from streams.settings import Settings
from streams.site.feature import Arrival
from streams.site.filters import ago, nth_call
from streams.site.translations import load_catalogue
from streams.store.retention.sweep import RETENTION_STEPS, run_steps
from streams.store.tables import CALLS, RETURNING_CALLERS
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from streams.store.engine import Store
    from tests.support.injected import RunningDesk

CALLER, OTHER = "5f0c2a9be4d1738806d2c1f7a3b98e42", "0" * 32
CALL_ID, AT = KOREAN_CALL.call_id, KOREAN_CALL.started_at
STARTED = KOREAN_CALL.start_event().model_copy(update={"caller": CALLER})
PATH = f"/calls/{quote(CALL_ID, safe='')}"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NAMES = {
    "ko": ("다시 걸어온 고객", "3번째 통화", "폭언"),
    "en": ("Returning caller", "third call", "abuse"),
}


def earlier(days: float, *kinds: SensitivityKind) -> EarlierCallSummary:
    return EarlierCallSummary(call_id=f"d{days}", started_at=AT - days * DAY, kinds=kinds)


RETURNS = ReturningCaller(
    call_id=CALL_ID,
    at=AT,
    earlier=(
        earlier(1),
        earlier(3, SensitivityKind.ABUSE),
        earlier(9, SensitivityKind.CHURN, SensitivityKind.ABUSE),
    ),
)


@pytest.fixture
def told(desk: RunningDesk) -> RunningDesk:
    desk.wire.put(ENGLISH_CALL.start_event(), STARTED, RETURNS, RETURNS)
    desk.wire.settle()
    return desk


def test_the_api_tells_which_call_of_the_week_it_is_and_what_was_found_when(
    told: RunningDesk, http: httpx.Client
) -> None:
    del told
    detail = http.get(f"/api{PATH}").json()["call"]["returning"]
    assert detail["nth_in_week"] == 3
    assert detail["last_ago_ms"] == DAY / timedelta(milliseconds=1)
    assert [(one["kind"], one["ago_ms"]) for one in detail["kinds"]] == [
        ("abuse", 3 * 86_400_000), ("churn", 9 * 86_400_000),
    ]  # fmt: skip
    assert [one["call_id"] for one in detail["earlier"]] == ["d1", "d3", "d9"]
    listed = {one["call_id"]: one["returning"] for one in http.get("/api/calls").json()["calls"]}
    assert listed == {CALL_ID: detail, ENGLISH_CALL.call_id: None}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("page", [PATH, f"/agent/{KOREAN_CALL.agent_id}"])
def test_the_page_of_the_call_says_so_in_the_reader_s_language(
    told: RunningDesk, http: httpx.Client, page: str, language: str
) -> None:
    del told
    html = http.get(page, headers={"Cookie": f"callmood_language={language}"}).text
    for word in NAMES[language]:
        assert word in html


def test_the_list_of_calls_has_a_badge_for_that_call_only(
    told: RunningDesk, http: httpx.Client
) -> None:
    del told
    html = http.get("/", headers={"Cookie": "callmood_language=en"}).text
    assert (html.count("Returning caller"), html.count("third call in 7 days")) == (1, 1)
    assert "abuse" not in html, "the list does not prejudge"


def test_neither_the_pages_nor_the_api_show_the_hash(told: RunningDesk, http: httpx.Client) -> None:
    del told
    for path in ("/", PATH, f"/api{PATH}", "/api/calls"):
        assert CALLER not in http.get(path).text


def test_who_asked_to_be_forgotten_is_shown_no_more_and_others_are(
    told: RunningDesk, http: httpx.Client
) -> None:
    told.wire.put(CallerEvent(event="forgotten", caller=OTHER, at=now()))
    told.wire.settle()
    assert http.get(f"/api{PATH}").json()["call"]["returning"]
    told.wire.put(CallerEvent(event="forgotten", caller=CALLER, at=now()))
    told.wire.settle()
    assert http.get(f"/api{PATH}").json()["call"]["returning"] is None
    assert http.get("/api/calls").json()["total"] == 2, "no call is made of it, and none is lost"


def test_who_called_is_forgotten_when_the_caller_s_days_are_over(
    store: Store, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, caller_days=3, keep_days=90)
    with store.engine.begin() as connection:
        DESK.persist(connection, [Arrival(STARTED, AT), Arrival(RETURNS, AT)], settings)
    for at, known in ((AT + 3 * DAY - MINUTE, True), (AT + 3 * DAY + MINUTE, False)):
        run_steps(store.engine, RETENTION_STEPS, at, settings)
        with store.engine.connect() as connection:
            assert connection.scalar(select(CALLS.c.caller)) == (CALLER if known else "")
            assert bool(connection.execute(select(RETURNING_CALLERS)).all()) is known


@pytest.mark.parametrize(
    ("days", "korean", "english"),
    [
        ((20.0,), "지난 통화: 20일 전", "last call 20 days ago"),
        ((1.0,), "최근 7일 2번째 통화", "second call in 7 days"),
        ((1.0, 2.0, 7.0, 7.1), "최근 7일 4번째 통화", "fourth call in 7 days"),
        (tuple(n / 10 for n in range(1, 21)), "최근 7일 21번째 통화", "call 21 in 7 days"),
    ],
)
def test_the_line_says_how_often_somebody_calls(
    days: tuple[float, ...], korean: str, english: str
) -> None:
    rows = [one.model_dump() for one in map(earlier, days)]
    returning = ReturningCallerView.model_validate({"at": AT, "earlier": rows})
    assert nth_call(returning, load_catalogue(Language.KOREAN)) == korean
    assert nth_call(returning, load_catalogue(Language.ENGLISH)) == english


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (MINUTE / 2, "just now"),
        (MINUTE, "1 minute ago"),
        (59 * MINUTE, "59 minutes ago"),
        (119 * MINUTE, "1 hour ago"),
        (23 * 60 * MINUTE, "23 hours ago"),
        (2 * DAY - MINUTE, "1 day ago"),
        (3 * DAY, "3 days ago"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_unit_that_fits(past: timedelta, said: str) -> None:
    assert ago(int(past / timedelta(milliseconds=1)), load_catalogue(Language.ENGLISH)) == said
