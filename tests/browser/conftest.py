"""A real Chromium over a real desk."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.injected import RunningDesk, run_desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here needs the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    with run_desk(tmp_path) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, desk: RunningDesk) -> Iterator[Callable[..., Page]]:
    """Opens a path of the desk; whatever a page complains of in its console fails the test."""
    with _opening(browser, desk) as (open_one, complaints):
        yield open_one
    assert complaints == []


@pytest.fixture
def browser_errors_allowed(browser: Browser, desk: RunningDesk) -> Iterator[Callable[..., Page]]:
    """The same where the browser itself must complain: a request that is to fail."""
    with _opening(browser, desk) as (open_one, _):
        yield open_one


@contextmanager
def _opening(
    browser: Browser, desk: RunningDesk
) -> Iterator[tuple[Callable[..., Page], list[str]]]:
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def complain(said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            complaints.append(said.text)

    def open_one(path: str, *, language: str = "ko", width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        context.add_cookies([{"name": "callmood_language", "value": language, "url": desk.url}])
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(desk.url + path, wait_until="domcontentloaded")
        return page

    yield open_one, complaints
    for context in contexts:
        context.close()
