"""What an agent sees, without ever reloading."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from prometheus_client import REGISTRY

from detectors.reading import Contrast
from streams.messages.alerts import Feedback
from streams.messages.readings import MoodMessage
from streams.site.hub import FeedState
from streams.store import outbox
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL
from tests.support.records import with_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.messages.calls import TranscriptMessage
    from tests.support.injected import RunningDesk

ALERT_TITLES = {"ko": "외부 민원·소송 언급", "en": "Regulator or court mentioned"}
MARK = "window.callmoodMark = 1"


def stay(page: Page) -> None:
    """Mark the page, and wait until it listens: a reload would lose the mark."""
    expect(page.locator("html")).to_have_attribute("data-line", "up")
    page.evaluate(MARK)


def never_reloaded(page: Page) -> bool:
    return bool(page.evaluate("window.callmoodMark === 1"))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_call_starts_and_fills_the_waiting_page_by_itself(
    desk: RunningDesk, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("/agent/seoyeon", language=language)
    stay(page)
    desk.wire.put(KOREAN_CALL.start_event())
    expect(page.locator(".call-head .id")).to_have_text(KOREAN_CALL.call_id)
    desk.wire.put(*KOREAN_CALL.messages())
    expect(page.locator("article.alert")).to_have_count(2)
    newest = page.locator("article.alert").first
    expect(newest.locator(".alert-title")).to_have_text(ALERT_TITLES[language])
    expect(newest.locator(".steps li").first).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text(ALERT_TITLES[language])
    expect(page.locator("#lines > .line")).to_have_count(len(KOREAN_CALL.lines))
    expect(page.locator("#mood .level-word")).to_have_text({"ko": "격앙", "en": "Upset"}[language])
    expect(page.locator("#trend .curve")).to_have_count(1)
    assert never_reloaded(page)


def test_what_came_live_looks_the_same_after_a_reload(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/agent/seoyeon")
    stay(page)
    desk.wire.put(KOREAN_CALL.start_event())
    expect(page.locator(".call-head")).to_be_visible()
    stay(page)
    desk.wire.put(*KOREAN_CALL.messages())
    expect(page.locator("#lines > .line")).to_have_count(len(KOREAN_CALL.lines))
    expect(page.locator("article.alert")).to_have_count(2)
    desk.wire.settle()
    pieces = "#mood, #lines, #alerts .alert-title, .readings, #alert-count"
    live = page.locator(pieces).all_inner_texts()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-line", "up")
    assert page.locator(pieces).all_inner_texts() == live


def test_an_alert_that_is_painted_is_counted_in_the_latency(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event())
    desk.wire.settle()
    page = open_page("/agent/maya")
    stay(page)
    with page.expect_response(lambda answer: answer.url.endswith("/shown")) as shown:
        desk.wire.put(ENGLISH_CALL.alert(ENGLISH_CALL.alerts[0]))
    assert shown.value.status == 204
    total = REGISTRY.get_sample_value("callmood_stage_seconds_count", {"stage": "total"})
    assert total


def test_feedback_is_shown_at_once_kept_and_can_be_taken_back(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    page = open_page("/agent/maya", language="en")
    page.get_by_role("button", name="This is wrong").click()
    expect(page.locator(".told")).to_have_text("Kept; a trainer will look at it.")
    page.reload()
    wrong = page.get_by_role("button", name="This is wrong")
    expect(wrong).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".told")).to_have_text("Your answer was taken back.")
    expect(wrong).to_have_attribute("aria-pressed", "false")
    desk.wire.settle()
    answers = [one for one in desk.wire.sent_messages if isinstance(one, Feedback)]
    assert [(one.verdict, one.given_by, one.role) for one in answers] == [
        ("wrong", "maya", "agent"),
        ("withdrawn", "maya", "agent"),
    ]


def test_another_page_of_the_same_agent_shows_the_answer_too(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    one, other = open_page("/agent/maya"), open_page("/agent/maya")
    stay(other)
    one.get_by_role("button", name="도움이 됐어요").click()
    pressed = other.get_by_role("button", name="도움이 됐어요")
    expect(pressed).to_have_attribute("aria-pressed", "true")


def test_the_page_switches_to_the_agents_next_call_and_the_old_one_stays_readable(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages(), ENGLISH_CALL.end_event())
    desk.wire.settle()
    page = open_page("/agent/maya")
    stay(page)
    following = replace(ENGLISH_CALL, call_id="next")
    desk.wire.put(replace(following, started_at=ENGLISH_CALL.end_event().at).start_event())
    expect(page.locator(".call-head .id")).to_have_text("next")
    assert never_reloaded(page)
    old = open_page(f"/calls/{quote(ENGLISH_CALL.call_id, safe='')}")
    expect(old.locator("#lines > .line")).to_have_count(len(ENGLISH_CALL.lines))


def test_another_agents_call_does_not_show_up(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event())
    desk.wire.settle()
    page = open_page("/agent/maya")
    stay(page)
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages())
    desk.wire.put(ENGLISH_CALL.line(ENGLISH_CALL.lines[0]))
    expect(page.locator("#lines > li")).to_have_count(1)
    expect(page.locator("article.alert")).to_have_count(0)


def test_a_partial_line_is_replaced_by_the_final_one(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(KOREAN_CALL.start_event())
    desk.wire.settle()
    page = open_page("/agent/seoyeon")
    stay(page)
    final = KOREAN_CALL.line(KOREAN_CALL.lines[1])
    for words in (2, 4):
        text = " ".join(final.record.text.split()[:words])
        partial: TranscriptMessage = with_changes(final, text=text, final=False)
        desk.wire.put(partial)
        expect(page.locator(".line.partial .text")).to_have_text(text)
    desk.wire.put(final)
    expect(page.locator(".line .text")).to_have_text(final.record.text)
    expect(page.locator(".line.partial")).to_have_count(0)


def test_an_abstention_is_said_to_be_not_sure_and_the_agent_is_never_judged(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    page = open_page("/agent/maya", language="en")
    expect(page.locator("#reading-voice")).to_contain_text("Not sure")
    expect(page.locator(".line.customer .chip.unsure")).to_have_text("Not sure")
    expect(page.locator(".line.agent .chip")).to_have_count(0)


def test_the_banner_comes_when_kafka_goes_and_leaves_when_it_is_back(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/agent/maya", language="en")
    stay(page)
    expect(page.locator("#banner")).to_be_hidden()
    desk.wire.change_state(FeedState.AWAY)
    expect(page.locator("#banner")).to_contain_text("Kafka")
    desk.wire.change_state(FeedState.UP)
    expect(page.locator("#banner")).to_be_hidden()


def test_what_could_not_be_kept_is_taken_back_and_said(
    desk: RunningDesk,
    browser_errors_allowed: Callable[..., Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    monkeypatch.setattr(outbox, "MAX_ENTRIES", 0)
    page = browser_errors_allowed("/agent/maya", language="en")
    page.get_by_role("button", name="This helped").click()
    expect(page.locator(".told")).to_contain_text("Not kept. Please press again")
    pressed = page.get_by_role("button", name="This helped")
    expect(pressed).to_have_attribute("aria-pressed", "false")


def test_what_is_answered_while_kafka_is_away_stays_answered_also_after_a_reload(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    page = open_page("/agent/maya", language="en")
    desk.wire.is_down = True
    desk.wire.change_state(FeedState.AWAY)
    expect(page.locator("#banner")).to_contain_text("What you answer is kept, and sent")
    page.get_by_role("button", name="This helped").click()
    for _ in range(2):
        expect(page.locator(".told")).to_contain_text("Kept, thank you.")
        pressed = page.get_by_role("button", name="This helped")
        expect(pressed).to_have_attribute("aria-pressed", "true")
        page.reload()


def test_the_list_of_calls_follows_along(desk: RunningDesk, open_page: Callable[..., Page]) -> None:
    page = open_page("/", language="en")
    stay(page)
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    row = page.locator(".call-row")
    expect(row).to_contain_text("maya")
    expect(row.locator(".level")).to_have_text("Tense")
    assert never_reloaded(page)
    row.click()
    expect(page.locator("article.alert")).to_have_count(1)


@pytest.mark.parametrize(
    ("language", "contrast", "words"),
    [
        ("ko", Contrast.STRAINED_VOICE, "말은 차분한데 목소리는 다릅니다"),
        ("en", Contrast.STRAINED_VOICE, "Calm words, strained voice"),
        ("ko", Contrast.STRAINED_WORDS, "목소리는 차분한데 말은 다릅니다"),
        ("en", Contrast.STRAINED_WORDS, "Strained words, calm voice"),
    ],
)
def test_a_contradiction_of_voice_and_words_says_which_way_it_goes(
    desk: RunningDesk,
    open_page: Callable[..., Page],
    language: str,
    contrast: Contrast,
    words: str,
) -> None:
    page = open_page("/agent/seoyeon", language=language)
    stay(page)
    told = [one for one in KOREAN_CALL.messages() if isinstance(one, MoodMessage)]
    update = {"number": told[-1].record.number + 1, "contrast": contrast, "disagreement": True}
    desk.wire.put(KOREAN_CALL.start_event(), *told, with_changes(told[-1], **update))
    expect(page.locator("#mood .flag").last).to_have_text(words)
