"""The protection protocol as people see it: confirmed, asked, taken care of, sealed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from playbooks.sensitivity import SensitivityKind
from streams.evidence.verify import verify
from streams.messages.alerts import StepConfirmation
from streams.messages.callers import EarlierCallSummary, ReturningCaller
from streams.messages.evidence import EvidenceSeal
from streams.store import outbox
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

    from streams.messages.alerts import AlertMessage
    from tests.support.injected import RunningDesk

SUPERVISOR = f"/calls/{quote(CALL.call_id, safe='')}"


RETURNS = ReturningCaller(
    call_id=CALL.call_id,
    at=CALL.started_at,
    earlier=(
        EarlierCallSummary(
            call_id="bank-ko:before",
            started_at=CALL.started_at - timedelta(days=1),
            kinds=(SensitivityKind.ABUSE, SensitivityKind.THREAT),
        ),
    ),
)


@pytest.fixture
def abused(desk: RunningDesk) -> RunningDesk:
    desk.wire.put(CALL.start_event(), *CALL.messages(), FIRST, SECOND, THIRD)
    desk.wire.settle()
    return desk


def listening(page: Page) -> Page:
    expect(page.locator("html")).to_have_attribute("data-line", "up")
    return page


def card(page: Page, alert: AlertMessage = THIRD) -> Locator:
    return page.locator(f'article[data-alert="{alert.message_id}"]')


def step(page: Page, index: int, alert: AlertMessage = THIRD) -> Locator:
    return card(page, alert).locator(f'[data-step="{index}"]')


def test_one_tap_confirms_each_step_and_the_supervisor_sees_it_at_once(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    agent = listening(open_page("/agent/seoyeon"))
    supervisor = listening(open_page(SUPERVISOR))
    for index in range(len(THIRD.record.actions)):
        step(agent, index).locator(".step-button").click()
        expect(step(agent, index).locator(".step-button")).to_have_attribute("aria-pressed", "true")
        for page in (agent, supervisor):
            confirmed = step(page, index).locator(".confirmed li")
            expect(confirmed).to_contain_text("상담사 seoyeon")
            expect(confirmed.locator("time")).to_contain_text(":")
    abused.wire.settle()
    sent = [one for one in abused.wire.sent_messages if isinstance(one, StepConfirmation)]
    assert [(one.action, one.state, one.given_by) for one in sent] == [
        (action, "done", "seoyeon") for action in THIRD.record.actions
    ]


def test_confirmations_look_the_same_after_a_reload(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon"))
    step(page, 0).locator(".step-button").click()
    expect(step(page, 0).locator(".confirmed li")).to_have_count(1)
    live = card(page).locator(".steps").inner_text()
    page.reload()
    listening(page)
    assert card(page).locator(".steps").inner_text() == live


def test_a_second_tap_changes_nothing_and_undo_takes_it_back(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = listening(open_page("/agent/seoyeon", language="en"))
    supervisor = listening(open_page(SUPERVISOR, language="en"))
    row = step(page, 1)
    button = row.get_by_role("button", name="I ended the call")
    button.dblclick()
    expect(step(supervisor, 1).locator(".confirmed li")).to_have_count(1)
    row.get_by_role("button", name="Undo").click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(step(supervisor, 1).locator(".confirmed li")).to_have_count(0)
    expect(row.locator(".confirmed li")).to_have_count(0)
    abused.wire.settle()
    sent = [one.state for one in abused.wire.sent_messages if isinstance(one, StepConfirmation)]
    assert sent == ["done", "undone"]


def test_steps_are_confirmed_by_keyboard_alone(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon", language="en"))
    button = step(page, 0).get_by_role("button", name="I announced it")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    expect(step(page, 0).get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()


def test_a_step_that_is_advice_has_no_button(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon"))
    rows = card(page, FIRST).locator(".steps > li")
    expect(rows).to_have_count(2)
    expect(rows.first.locator(".step-button")).to_have_text("읽어 드렸습니다")
    expect(rows.last.locator("button")).to_have_count(0)


def test_the_next_warning_opens_though_nothing_was_confirmed(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(CALL.start_event(), *CALL.messages())
    desk.wire.settle()
    page = listening(open_page("/agent/seoyeon"))
    for alert in (FIRST, SECOND, THIRD):
        desk.wire.put(alert)
        sentence = card(page, alert).locator(".sentence")
        expect(sentence).to_be_visible()
        expect(page.locator("article.current .sentence")).to_have_count(1)
    expect(card(page, FIRST).locator(".sentence")).to_be_hidden()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("alert", [FIRST, THIRD], ids=["first", "third"])
def test_on_a_small_screen_a_returning_callers_sentence_is_on_the_first_screen(
    desk: RunningDesk, open_page: Callable[..., Page], language: str, alert: AlertMessage
) -> None:
    desk.wire.put(CALL.start_event(), RETURNS, *CALL.messages(), alert)
    desk.wire.settle()
    page = listening(open_page("/agent/seoyeon", language=language, width=390))
    box = card(page, alert).locator(".sentence").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 560
    note = page.locator(".returning-note").bounding_box()
    assert note is not None
    assert note["height"] < 50
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_closed_card_asks_for_no_answer(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon"))
    first = card(page, FIRST)
    expect(first.locator(".answer")).to_be_hidden()
    first.locator("summary").click()
    expect(first.locator(".answer-button").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_sentence_to_say_is_the_largest_thing_on_the_card_and_on_the_first_screen(
    abused: RunningDesk, open_page: Callable[..., Page], width: int
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon", width=width))
    sentence = card(page).locator(".sentence")
    box = sentence.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 700
    sizes = (
        card(page)
        .locator("*:not(.sentence)")
        .evaluate_all("all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))")
    )
    assert sentence.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") > max(sizes)
    for button in card(page).locator("button.step-button").all():
        area = button.bounding_box()
        assert area is not None
        assert min(area["width"], area["height"]) >= 44


def test_the_sentence_is_in_the_callers_language_with_the_readers_beneath_live_and_reloaded(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(CALL.start_event(), *CALL.messages())
    desk.wire.settle()
    page = listening(open_page("/agent/seoyeon", language="en"))
    desk.wire.put(FIRST)
    for _ in range(2):
        rows = card(page, FIRST).locator(".steps > li")
        expect(rows.last).to_contain_text("Take a breath")
        expect(rows.first.locator(".sentence")).to_contain_text("다만 욕설을 하시면")
        expect(rows.first.locator(".meaning")).to_contain_text("I can only help")
        desk.wire.settle()
        page.reload()
    expect(card(open_page("/agent/seoyeon"), FIRST).locator(".meaning")).to_have_count(0)


def test_a_lesser_alert_does_not_push_a_protocol_aside(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = listening(open_page("/agent/seoyeon"))
    abused.wire.put(REGULATOR)
    expect(card(page, REGULATOR)).to_be_visible()
    expect(card(page).locator(".sentence")).to_be_visible()
    tops = [box["y"] for alert in (THIRD, REGULATOR) if (box := card(page, alert).bounding_box())]
    assert tops == sorted(tops)
    late = with_changes(REGULATOR, at_ms=THIRD.record.at_ms + 61_000)
    abused.wire.put(late)
    expect(card(page, late)).to_be_visible()
    expect(card(page).locator(".sentence")).to_be_hidden()
    expect(page.locator("article.current")).to_have_count(0)


def test_a_first_warning_leaves_a_critical_protocol_on_top_also_after_a_reload(
    abused: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = listening(open_page("/agent/seoyeon"))
    first = with_changes(FIRST, playbook_id="another", at_ms=THIRD.record.at_ms + 5_000)
    abused.wire.put(first)
    expect(card(page, first)).to_be_visible()
    abused.wire.settle()
    for _ in range(2):
        expect(page.locator("article.current")).to_have_attribute("data-alert", THIRD.message_id)
        page.reload()


def test_what_could_not_be_kept_is_said_and_nothing_is_blocked(
    abused: RunningDesk,
    browser_errors_allowed: Callable[..., Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del abused
    monkeypatch.setattr(outbox, "MAX_ENTRIES", 0)
    page = browser_errors_allowed("/agent/seoyeon", language="en")
    button = step(page, 0).locator(".step-button")
    button.click()
    expect(step(page, 0).locator(".step-told")).to_contain_text("Go on with the protocol")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(step(page, 1).locator(".step-button")).to_be_enabled()
    monkeypatch.undo()
    button.click()
    expect(step(page, 0).locator(".confirmed li")).to_have_count(1)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_who_asks_for_help_is_on_the_supervisors_page_until_somebody_takes_care(
    abused: RunningDesk, open_page: Callable[..., Page], language: str
) -> None:
    del abused
    home = listening(open_page("/", language=language))
    agent = listening(open_page("/agent/seoyeon", language=language))
    expect(home.locator("#help")).to_be_hidden()
    for index in (NOTIFY, REST):
        step(agent, index).locator(".step-button").click()
    row = home.locator(".help-row")
    both = {
        "ko": "seoyeon님이 도움과 휴식을 요청했습니다",
        "en": "seoyeon asks for help and a break",
    }
    expect(row).to_contain_text(both[language])
    expect(row).to_have_count(1)
    expect(row).to_contain_text({"ko": "폭언", "en": "abuse"}[language])
    expect(row.locator("[data-ago]")).to_contain_text({"ko": "전", "en": "ago"}[language])
    assert home.title().startswith("(1) ")
    row.locator(f'[data-step="{NOTIFY}"] .care').click()
    took = {"ko": "관리자가 맡았습니다", "en": "A supervisor takes care of it"}[language]
    expect(row.locator(".help-taken")).to_contain_text(took)
    expect(row.locator(".care")).to_have_count(1)
    cared = step(agent, NOTIFY).locator('.confirmed [data-role="supervisor"]')
    expect(cared).to_contain_text(took)
    row.locator("a").click()
    care = step(listening(home), REST).locator(".step-button")
    expect(care).to_have_text(
        {"ko": "제가 맡겠습니다", "en": "I'll take care of it"}[language], use_inner_text=True
    )
    care.click()
    expect(care).to_contain_text({"ko": "맡았습니다", "en": "Taken"}[language])
    expect(step(agent, REST).locator('[data-role="supervisor"]')).to_have_count(1)


def test_what_to_mind_comes_live_and_leads_to_the_line(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(CALL.start_event(), *CALL.messages())
    desk.wire.settle()
    page = listening(open_page(SUPERVISOR))
    expect(page.locator("#sensitive")).to_be_hidden()
    desk.wire.put(FIRST, SECOND, THIRD, REGULATOR)
    kinds = page.locator("#sensitive .kind")
    expect(kinds).to_have_count(2)
    expect(kinds.first.locator("h3")).to_contain_text("폭언")
    expect(kinds.first.locator("h3")).to_contain_text("알림 3번")
    kinds.first.locator("a[data-moment]").first.click()
    line = page.locator('.line.customer[data-at="6400"]')
    expect(line).to_be_focused()
    expect(line).to_be_in_viewport()
    home = open_page("/")
    expect(home.locator(".call-row .kind-badge")).to_have_text(["폭언", "외부 민원"])


@pytest.mark.parametrize("path", ["/agent/seoyeon", SUPERVISOR])
def test_sealed_evidence_appears_and_what_is_downloaded_is_what_was_sealed(
    abused: RunningDesk, open_page: Callable[..., Page], path: str
) -> None:
    page = listening(open_page(path))
    expect(page.locator("#seals")).to_be_hidden()
    step(page, SEAL).locator(".step-button").click()
    seal = page.locator(".seal")
    expect(seal).to_have_count(1)
    expect(page.locator("#seal-waiting")).to_be_hidden()
    told = step(page, SEAL).locator(".step-sealed")
    expect(told).to_have_text("봉인됨 · 내려받기")
    live = told.inner_html()
    page.reload()
    listening(page)
    expect(told).to_have_text("봉인됨 · 내려받기")
    assert told.inner_html().strip() == live.strip()
    assert told.get_by_role("link").get_attribute("href") == seal.get_by_role(
        "link", name="내려받기"
    ).get_attribute("href")
    with page.expect_download() as downloading:
        seal.get_by_role("link", name="내려받기").click()
    content = Path(downloading.value.path()).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    expect(seal.locator("code")).to_have_text(sha256)
    (sent,) = [one for one in abused.wire.sent_messages if isinstance(one, EvidenceSeal)]
    assert sent.sha256 == sha256
    assert verify(abused.settings.evidence / sent.file).problems == []
    page.reload()
    expect(page.locator(".seal code")).to_have_text(sha256)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_scrolls_sideways_on_a_phone(
    abused: RunningDesk, open_page: Callable[..., Page], language: str
) -> None:
    del abused
    page = listening(open_page("/agent/seoyeon", language=language, width=390))
    for index in (NOTIFY, SEAL):
        step(page, index).locator(".step-button").click()
    expect(page.locator(".seal")).to_have_count(1)
    home = listening(open_page("/", language=language, width=390))
    expect(home.locator(".help-row")).to_have_count(1)
    for one in (page, home):
        assert one.evaluate("document.documentElement.scrollWidth") <= 390
