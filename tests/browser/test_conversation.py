"""Sounds that last, lines that come again, lines that do not count: each is one row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from detectors.line_ledger import Discount, LineMark
from detectors.utterance import Speaker, TimeSpan, Turn, TurnKind
from streams.messages.calls import LineMarkMessage, TurnMessage
from streams.messages.readings import ReadingMessage
from tests.browser.test_agent_page import never_reloaded, stay
from tests.support.calls import KOREAN_CALL
from tests.support.records import with_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.injected import RunningDesk

CALL_ID = KOREAN_CALL.call_id
SOUNDS = [TurnKind.TONE, TurnKind.MUSIC, TurnKind.NOISE]
REASONS = {
    (Discount.SILENCE, "ko"): "고객 쪽이 조용할 때 인식된 말",
    (Discount.SILENCE, "en"): "while the customer was silent",
    (Discount.REPEATS_AGENT, "ko"): "상담사의 말이 섞여",
    (Discount.REPEATS_AGENT, "en"): "leaked in",
}
PIECES = "#mood, #lines, .readings"


@pytest.fixture
def live_page(desk: RunningDesk, open_page: Callable[..., Page]) -> Callable[..., Page]:
    def start(*, language: str = "ko") -> Page:
        desk.wire.put(KOREAN_CALL.start_event())
        desk.wire.settle()
        page = open_page("/agent/seoyeon", language=language)
        stay(page)
        return page

    return start


def sound(kind: TurnKind, end_ms: int) -> TurnMessage:
    turn = Turn(CALL_ID, kind, TimeSpan(1_000, end_ms), Speaker.CUSTOMER)
    return TurnMessage.of(turn, heard_at=None)


def assert_same_after_reload(desk: RunningDesk, page: Page) -> None:
    assert never_reloaded(page)
    desk.wire.settle()
    live = page.locator(PIECES).all_inner_texts()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-line", "up")
    assert page.locator(PIECES).all_inner_texts() == live


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_sound_that_lasts_is_one_row_that_grows(
    desk: RunningDesk, live_page: Callable[..., Page], kind: TurnKind
) -> None:
    page = live_page(language="en")
    row = page.locator(f"#lines > .turn.{kind}")
    # As text, the id of the report up to 10,500 sorts before that up to 9,500.
    for end_ms in (5_500, 9_500, 10_500):
        desk.wire.put(sound(kind, end_ms))
        expect(row).to_contain_text(f"{(end_ms - 1_000) / 1_000} s")
    desk.wire.put(sound(kind, 5_500), KOREAN_CALL.line(KOREAN_CALL.lines[0]))
    expect(page.locator("#lines > .line")).to_have_count(1)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("9.5 s")
    assert_same_after_reload(desk, page)


@pytest.mark.parametrize("is_read_anew", [True, False])
def test_a_line_that_comes_again_is_one_line_with_its_reading(
    desk: RunningDesk, live_page: Callable[..., Page], *, is_read_anew: bool
) -> None:
    page = live_page()
    said = KOREAN_CALL.lines[5]
    first = KOREAN_CALL.line(said)
    reading = next(KOREAN_CALL.text_readings(said))
    desk.wire.put(first, ReadingMessage.of(reading))
    expect(page.locator(".line .chip")).to_have_count(1)
    again = with_changes(first, text=f"{said.text} 네?")
    mark = LineMark(CALL_ID, again.record.line_id, said.at_ms, (first.record.line_id,))
    desk.wire.put(again, LineMarkMessage.of(mark))
    if is_read_anew:
        renewed = replace(reading, line_ids=(again.record.line_id,))
        desk.wire.put(ReadingMessage.of(renewed))
    expect(page.locator("#lines > .line .text")).to_have_text([again.record.text])
    expect(page.locator(".line .chip")).to_have_count(1)
    desk.wire.put(first)  # a worker that starts anew
    assert_same_after_reload(desk, page)
    expect(page.locator("#lines > .line .text")).to_have_text([again.record.text])
    expect(page.locator(".line .chip")).to_have_count(1)


@pytest.mark.parametrize(("discount", "language"), list(REASONS))
def test_a_line_that_does_not_count_is_grey_and_says_why(
    desk: RunningDesk, live_page: Callable[..., Page], discount: Discount, language: str
) -> None:
    page = live_page(language=language)
    for said in (KOREAN_CALL.lines[5], KOREAN_CALL.lines[7]):
        reading = next(KOREAN_CALL.text_readings(said))
        desk.wire.put(KOREAN_CALL.line(said), ReadingMessage.of(reading))
    expect(page.locator(".line .chip")).to_have_count(2)
    expect(page.locator("#reading-text")).to_contain_text("84%")
    line = KOREAN_CALL.line(said).record
    mark = LineMark(CALL_ID, line.line_id, line.span.start_ms, (), discount)
    desk.wire.put(LineMarkMessage.of(mark))
    grey = page.locator("#lines > .line.discounted")
    expect(grey).to_have_count(1)
    expect(grey).to_contain_text(REASONS[discount, language])
    expect(grey.locator(".chip")).to_have_count(0)
    expect(page.locator("#reading-text")).to_contain_text("62%")
    desk.wire.put(ReadingMessage.of(reading))
    assert_same_after_reload(desk, page)
