"""Why a child ended is told in its own last words, however many lines they have."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from streams.kafka.local.child_process import start_child

if TYPE_CHECKING:
    from pathlib import Path


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
