"""What holds for every page: it fits, it is quiet, it speaks the chosen language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.calls import ENGLISH_CALL, KOREAN_CALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.injected import RunningDesk

PATHS = (
    "/", "/agent", "/agent/nobody", "/agent/seoyeon", "/agent/maya", "/trainer", "/api/docs",
    "/playbooks", f"/calls/{quote(KOREAN_CALL.call_id, safe='')}?agent=seoyeon",
)  # fmt: skip
LONG = "가나다라마바사아자차카타파하" * 40


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways_or_complains(
    desk: RunningDesk, open_page: Callable[..., Page], language: str, width: int
) -> None:
    long_line = KOREAN_CALL.line(replace(KOREAN_CALL.lines[1], text=LONG))
    desk.wire.put(
        KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), long_line, KOREAN_CALL.end_event()
    )
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages())
    desk.wire.settle()
    for path in PATHS:
        page = open_page(path, language=language, width=width)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("html").get_attribute("lang") == language
        page.close()


def test_the_language_switch_stays_on_the_page_and_is_remembered(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/agent/kim")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Waiting for a call")).to_be_visible()
    assert page.url.endswith("/agent/kim")
    page.goto(page.url.replace("/agent/kim", "/trainer"))
    expect(page.get_by_role("heading", name="Nothing to correct")).to_be_visible()


def test_an_agent_names_themselves_once_and_gets_their_page(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/agent", language="en")
    page.get_by_label("Agent id").fill("kim @1/2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Waiting for a call")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("kim @1/2")
