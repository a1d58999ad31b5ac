"""What all tests share."""

from __future__ import annotations

import pytest

from tests.support.golden import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are written anew with a flag, and read as diffs."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Checks a text against a committed file."""
    return Golden(update=bool(request.config.getoption("--update-golden")))
