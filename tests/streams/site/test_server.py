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
