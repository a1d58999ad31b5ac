"""A caller who called before is shown while the call is going on, without a reload."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_agent_page import never_reloaded, stay
from tests.streams.desk.test_returning import CALL_ID, RETURNS, STARTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.injected import RunningDesk


@pytest.mark.parametrize("path", ["/agent/seoyeon", f"/calls/{quote(CALL_ID, safe='')}"])
def test_what_came_live_looks_the_same_after_a_reload(
    desk: RunningDesk, open_page: Callable[..., Page], path: str
) -> None:
    desk.wire.put(STARTED)
    desk.wire.settle()
    page = open_page(path, language="en")
    stay(page)
    note = page.locator("#returning")
    expect(note).to_be_empty()
    desk.wire.put(RETURNS)
    expect(note).to_contain_text("Returning caller")
    expect(note).to_contain_text("third call in 7 days")
    note.locator("summary").click()
    expect(note).to_contain_text("needed care: abuse")
    assert never_reloaded(page)
    desk.wire.settle()
    live = note.inner_html()
    page.reload()
    stay(page)
    note.locator("summary").click()
    assert note.inner_html() == live


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_fits_the_list_of_calls_and_the_page(
    desk: RunningDesk, open_page: Callable[..., Page], language: str, width: int
) -> None:
    page = open_page("/", language=language, width=width)
    stay(page)
    desk.wire.put(STARTED, RETURNS)
    badge = page.locator(".call-row .badge.returning")
    expect(badge).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    badge.click()
    expect(page.locator("#returning")).to_be_visible()
    page.locator("#returning summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
