"""Why a child ended is told in its own last words, however many lines they have."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from streams.kafka.local.child_process import start_child

if TYPE_CHECKING:
    from pathlib import Path

    from streams.kafka.local.child_process import ChildProcess


def logging_child(folder: Path, ending: str) -> ChildProcess:
    """A child that logs something unimportant, and then comes to its end."""
    script = f"import os, signal, sys; print('WARNING: unimportant', file=sys.stderr); {ending}"
    return start_child("desk", [sys.executable, "-c", script], log=folder / "log", env={})


def obituary(folder: Path, *said: str) -> str:
    script = f"import sys; sys.exit(chr(10).join({list(said)!r}))"
    child = start_child("worker", [sys.executable, "-c", script], log=folder / "log", env={})
    return child.exit_report()


@pytest.mark.parametrize("last", ["callmood: no model", "no model"])
def test_one_line_comes_with_the_log_behind_it(tmp_path: Path, last: str) -> None:
    told = obituary(tmp_path, "worker: reads", last)
    assert told == f"worker ended (1): no model (log: {tmp_path / 'log'})"


def test_every_problem_of_the_rules_is_told_on_its_own_line(tmp_path: Path) -> None:
    told = obituary(tmp_path, "INFO: begins", "callmood: a.yaml:1: x; y", "b.yaml:2: x; y")
    assert told.splitlines() == [
        "worker ended (1):",
        "a.yaml:1: x; y",
        "b.yaml:2: x; y",
        f"(log: {tmp_path / 'log'})",
    ]


def test_one_that_said_nothing_is_told_to_have_said_nothing(tmp_path: Path) -> None:
    assert obituary(tmp_path, "").startswith("worker ended (1): it said nothing")


def test_one_that_was_stopped_from_outside_is_not_said_to_have_failed(tmp_path: Path) -> None:
    report = logging_child(tmp_path, "sys.exit(0)").exit_report()
    assert report == f"desk was stopped from outside: start it again (log: {tmp_path / 'log'})"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGTERM, "desk was stopped from outside"),
        (signal.SIGKILL, "desk was ended by SIGKILL: perhaps the machine's memory is full"),
        (signal.SIGSEGV, "desk was ended by SIGSEGV"),
    ],
)
def test_one_that_a_signal_ended_quotes_no_unrelated_line(
    tmp_path: Path, number: signal.Signals, words: str
) -> None:
    report = logging_child(tmp_path, f"os.kill(os.getpid(), {number:d})").exit_report()
    assert report == f"{words}{': start it again' * ('stopped' in words)} (log: {tmp_path / 'log'})"


def test_one_that_could_write_no_last_words_is_said_to_have_had_a_full_disk(
    full_disk: Path,
) -> None:
    script = "import sys; sys.exit('callmood: what nobody will read')"
    child = start_child(
        "desk", [sys.executable, "-c", script], log=full_disk / "log", env=os.environ
    )
    assert f"the disk of {full_disk} is full: free some" in child.exit_report()
