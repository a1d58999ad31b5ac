"""``callmood desk`` as a process: its one line, its port, its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from streams.site.server import PortInUseError, bind_socket

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "streams.cli", "desk"]
NOBODY = "127.0.0.1:9"
"""Where no Kafka is."""


def start(home: Path, *options: str) -> subprocess.Popen[str]:
    env = {**os.environ, "CALLMOOD_HOME": str(home), "CALLMOOD_KAFKA": NOBODY}
    return subprocess.Popen(
        [*COMMAND, *options], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_within_three_seconds_though_a_page_listens(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path, "--port", "0")
    assert process.stdout is not None
    said = process.stdout.readline()
    assert re.fullmatch(r"desk: http://127\.0\.0\.1:\d+\n", said)
    url = said.split()[1]
    page = httpx.get(f"{url}/", timeout=20).text
    cursor = re.search(r'data-cursor="([^"]+)"', page)
    assert cursor is not None
    with httpx.stream("GET", f"{url}/api/live", params={"after": cursor[1]}, timeout=20) as stream:
        assert next(stream.iter_lines()).startswith("retry")
        began = time.monotonic()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert process.returncode == 0
    assert rest == ""
    assert "Traceback" not in errors


def test_without_kafka_the_pages_stay_up_and_say_so(tmp_path: Path) -> None:
    process = start(tmp_path, "--port", "0")
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    try:
        deadline = time.monotonic() + 20
        while httpx.get(f"{url}/healthz", timeout=20).json()["line"] != "away":
            assert time.monotonic() < deadline
        assert "Kafka)이 응답하지 않습니다" in httpx.get(f"{url}/", timeout=20).text
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert len([line for line in errors.splitlines() if NOBODY in line]) == 1


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start(tmp_path, "--port", str(port))
        said, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said == ""
    assert f"127.0.0.1:{port}" in errors
    assert "--port" in errors
    assert len(errors.strip().splitlines()) == 1


def test_a_port_that_a_desk_of_ours_has_is_told_with_its_address(tmp_path: Path) -> None:
    first = start(tmp_path / "first", "--port", "0")
    assert first.stdout is not None
    url = first.stdout.readline().split()[1]
    try:
        second = start(tmp_path / "second", "--port", url.rpartition(":")[2])
        _, errors = second.communicate(timeout=60)
    finally:
        first.terminate()
        first.communicate(timeout=20)
    assert second.returncode != 0
    assert f"already running here: a desk of callmood is at {url}" in errors


def test_somebody_who_takes_the_port_and_never_answers_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(PortInUseError, match="end what listens there"):
            bind_socket("127.0.0.1", silent.getsockname()[1])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machine_s_blames_the_host_and_not_the_port(host: str) -> None:
    with pytest.raises(PortInUseError, match=rf"{host}:0 .*: set CALLMOOD_HOST to an address"):
        bind_socket(host, 0)
