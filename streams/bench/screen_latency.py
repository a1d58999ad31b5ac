"""A real browser on the agent's page, and when it painted what."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from streams.messages.records import AlertMessage, MoodMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.bench.pipeline import LineCost
    from streams.cloudevents import Message

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--disable-gpu",
    "--disable-background-networking",
)
READY_MS = 15_000

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


class BrowserMissingError(RuntimeError):
    """No Chromium, or no playwright. One line."""


@dataclass(slots=True)
class Seen:
    """When each alert and mood was painted, by message id."""

    at: dict[str, datetime] = field(default_factory=dict)

    def add_to(self, cost: LineCost, messages: list[tuple[Message, datetime | None]]) -> None:
        """The passages that end on the screen."""
        for message, sent_at in messages:
            painted = self.at.get(message.message_id)
            if painted is None:
                continue
            match message:
                case AlertMessage():
                    cost.passed("alert fired to painted", message.advised_at, painted)
                    cost.passed("last sample to alert painted", message.heard_at, painted)
                case MoodMessage():
                    cost.passed("mood sent to painted", sent_at, painted)
                    cost.passed("last sample to mood painted", message.heard_at, painted)
                case _:
                    pass


@contextmanager
def watched(url: str) -> Iterator[Seen]:
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
    seen = Seen()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        page = browser.new_page()
        page.add_init_script(_OBSERVE)
        page.goto(url, timeout=READY_MS)
        try:
            yield seen
        finally:
            seen.at.update(_painted(page.evaluate("window.seen")))
            browser.close()


def _painted(found: dict[str, Any]) -> dict[str, datetime]:
    return {
        name: datetime.fromtimestamp(at / 1000, UTC) for name, at in found.items() if at is not None
    }
