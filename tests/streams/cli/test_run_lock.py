"""A second `callmood run` is told at once that there is a first, and where."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from streams.cli.run_lock import AlreadyRunningError, hold_run_lock

if TYPE_CHECKING:
    from pathlib import Path

SECOND_TIMEOUT_S = 60
"""Importing takes its time on a busy machine; Kafka and workers would take longer still."""


def second_run(home: Path, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "run"],
        env={**os.environ, "CALLMOOD_HOME": str(home), "CALLMOOD_PORT": "0", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECOND_TIMEOUT_S,
    )
    assert done.returncode == 1, done
    (line,) = done.stderr.splitlines()
    return line


def test_the_second_run_on_a_home_is_told_where_the_first_one_s_desk_is(tmp_path: Path) -> None:
    with hold_run_lock(tmp_path) as lock:
        lock.publish("http://127.0.0.1:8640")
        line = second_run(tmp_path)
    assert f"already running on {tmp_path} (process {os.getpid()})" in line
    assert "the desk is at http://127.0.0.1:8640" in line
    assert not (tmp_path / "kafka").exists()


def test_one_that_is_only_starting_is_said_to_be(tmp_path: Path) -> None:
    with (
        hold_run_lock(tmp_path),
        pytest.raises(AlreadyRunningError, match=r"\(process \d+\): it is starting"),
        hold_run_lock(tmp_path),
    ):
        pass


def test_a_run_that_was_killed_leaves_the_home_free(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from streams.cli.run_lock import hold_run_lock\n"
        "with hold_run_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    deadline = time.monotonic() + 5
    with hold_run_lock(tmp_path):
        assert time.monotonic() < deadline
