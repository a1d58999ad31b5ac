"""A real browser on the agent's page, and when it painted what."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from detectors.errors import CallmoodError
from streams.messages.alerts import AlertMessage
from streams.messages.readings import MoodMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.bench.pipeline import PipelineCost
    from streams.cloudevents import Message

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
BROWSER_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--disable-gpu",
    "--disable-background-networking",
)
READY_TIMEOUT_MS = 15_000

_OBSERVE = """
window.seen = {};
const look = () => {
  for (const one of document.querySelectorAll("[data-alert], .mood-now[data-number]")) {
    const call = document.getElementById("main")?.dataset.call;
    const id = one.dataset.alert ?? `${call}~mood~${one.dataset.number}`;
    if (id in window.seen) continue;
    window.seen[id] = null;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.seen[id] = Date.now(); }));
  }
};
new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""
"""Two frames after something is put in, it is painted."""


class BrowserMissingError(CallmoodError):
    """No Chromium, or no playwright. One line."""


@dataclass(slots=True)
class PaintTimes:
    """When each alert and mood was painted, by message id."""

    painted_at: dict[str, datetime] = field(default_factory=dict)

    def add_stages(
        self, cost: PipelineCost, messages: list[tuple[Message, datetime | None]]
    ) -> None:
        """The passages that end on the screen."""
        for message, sent_at in messages:
            painted_at = self.painted_at.get(message.message_id)
            if painted_at is None:
                continue
            match message:
                case AlertMessage():
                    cost.add_stage("alert fired to painted", message.advised_at, painted_at)
                    cost.add_stage("last sample to alert painted", message.heard_at, painted_at)
                case MoodMessage():
                    cost.add_stage("mood sent to painted", sent_at, painted_at)
                    cost.add_stage("last sample to mood painted", message.heard_at, painted_at)
                case _:
                    pass


@contextmanager
def open_page(url: str) -> Iterator[PaintTimes]:
    """Chromium on this page; what it has painted is in the result afterwards.

    Raises:
        BrowserMissingError: there is none.
    """
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        message = "no Chromium is installed (Debian: apt install chromium)"
        raise BrowserMissingError(message)
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        message = "playwright is not installed: `make test` installs it, or pip install playwright"
        raise BrowserMissingError(message) from None
    paint_times = PaintTimes()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_OPTIONS))
        page = browser.new_page()
        page.add_init_script(_OBSERVE)
        page.goto(url, timeout=READY_TIMEOUT_MS)
        try:
            yield paint_times
        finally:
            paint_times.painted_at.update(_parse_paint_times(page.evaluate("window.seen")))
            browser.close()


def _parse_paint_times(seen_at_ms: dict[str, Any]) -> dict[str, datetime]:
    return {
        name: datetime.fromtimestamp(at / 1000, UTC)
        for name, at in seen_at_ms.items()
        if at is not None
    }
