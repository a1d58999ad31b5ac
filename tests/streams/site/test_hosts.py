"""The desk answers to its own names only: no other site reads it by pointing a name here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.injected import run_desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("hosts")
    hosts = "desk, Desk.Example.com."
    with run_desk(home, host="here.example.com", allowed_hosts=hosts) as running:
        yield running.url


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8640", "LOCALHOST", "kim.localhost", "127.0.0.1:8640", "[::1]:8640",
        "172.18.0.5:8640", "here.example.com", "desk:8640", "desk.example.com", "desk.example.com.",
    ],
)  # fmt: skip
def test_its_own_names_and_every_address_are_answered(url: str, host: str) -> None:
    assert httpx.get(f"{url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8640", "localhost.evil.example", "127.0.0.1.evil.example", ""],
)
@pytest.mark.parametrize("path", ["/", "/api/calls", "/api/live", "/static/site/frame.css"])
def test_a_name_that_is_not_its_own_is_refused_in_one_sentence(
    url: str, path: str, host: str
) -> None:
    answer = httpx.get(f"{url}{path}", headers={"Host": host})
    assert answer.status_code == 421
    said = answer.json()["detail"]
    assert repr(host) in said
    assert "CALLMOOD_ALLOWED_HOSTS" in said
    assert "\n" not in said
