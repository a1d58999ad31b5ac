"""That nobody knows whose voice it is appears while the call goes on, without a reload."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_agent_page import never_reloaded, stay
from tests.streams.desk.test_channel_fault import fault
from tests.support.calls import KOREAN_CALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.injected import RunningDesk


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    "path", ["/agent/seoyeon", f"/calls/{quote(KOREAN_CALL.call_id, safe='')}"]
)
def test_a_banner_replaces_the_mood_and_stays_after_a_reload(
    desk: RunningDesk, open_page: Callable[..., Page], path: str, language: str, width: int
) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages())
    desk.wire.settle()
    page = open_page(path, language=language, width=width)
    stay(page)
    expect(page.locator("#mood .mood-now.upset")).to_be_visible()
    desk.wire.put(fault())
    expect(page.locator(".channel-note")).to_be_visible()
    expect(page.locator("#mood .mood-now.unknown")).to_be_visible()
    expect(page.locator(".chips .chip")).to_have_count(0)
    expect(page.locator(".readings dd.quiet")).to_have_count(2)
    *_, last = KOREAN_CALL.messages()
    desk.wire.put(last)
    expect(page.locator("#mood .mood-now.unknown")).to_be_visible()
    assert never_reloaded(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    desk.wire.settle()
    live = page.locator("#mood").inner_text()
    page.reload()
    expect(page.locator(".channel-note")).to_be_visible()
    assert page.locator("#mood").inner_text() == live


def test_the_list_of_calls_marks_it(desk: RunningDesk, open_page: Callable[..., Page]) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages())
    page = open_page("/", language="en", width=390)
    stay(page)
    desk.wire.put(fault())
    badge = page.locator(".call-row .badge.channel-fault")
    expect(badge).to_have_text("Channels exchanged")
    assert page.locator(".call-row .level.upset").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
