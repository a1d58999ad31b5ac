"""`callmood run --once` ends when the worker is done, and never waits for ever."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from streams.cli import run as subject
from streams.kafka.connection import BrokerError
from streams.kafka.local.child_process import ChildError, ChildProcess, start_child
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _child(tmp_path: Path, script: str) -> ChildProcess:
    return start_child("worker", [sys.executable, "-c", script], log=tmp_path / "log", env={})


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ChildProcess]:
    child = _child(tmp_path, "import signal; signal.pause()")
    yield child
    child.stop()


def _lags(monkeypatch: pytest.MonkeyPatch, *lags: int) -> list[int]:
    left = list(lags)
    monkeypatch.setattr(subject, "POLL_S", 0.0)
    monkeypatch.setattr(subject, "lag", lambda *_: left.pop(0) if len(left) > 1 else left[0])
    return left


def test_it_waits_until_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, worker: ChildProcess
) -> None:
    left = _lags(monkeypatch, 5, 2, 0)
    subject._wait_until_done(subject._LocalStack(Settings(), "kafka:9092", [worker]))
    assert left == [0]


def test_after_its_time_it_says_how_much_is_left(
    monkeypatch: pytest.MonkeyPatch, worker: ChildProcess
) -> None:
    _lags(monkeypatch, 5)
    monkeypatch.setattr(subject, "DRAIN_TIMEOUT_S", 0.02)
    with pytest.raises(BrokerError, match="5 messages are not read"):
        subject._wait_until_done(subject._LocalStack(Settings(), "kafka:9092", [worker]))


def test_a_worker_that_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _lags(monkeypatch, 5)
    gone = _child(tmp_path, "raise SystemExit('too much failed')")
    gone.process.wait(20)
    with pytest.raises(ChildError, match="too much failed"):
        subject._wait_until_done(subject._LocalStack(Settings(), "kafka:9092", [gone]))
