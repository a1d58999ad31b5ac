"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.support.golden import Golden

if TYPE_CHECKING:
    from collections.abc import Iterator

# Speed is measured by benchmarks; on a busy machine a deadline fails what is right.
settings.register_profile("callmood", deadline=None)
settings.load_profile("callmood")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking",
    "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are written anew with a flag, and read as diffs."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Checks a text against a committed file."""
    return Golden(update=bool(request.config.getoption("--update-golden")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium. For one module: while it is there, no other event loop can run."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
