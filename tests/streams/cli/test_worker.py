"""What SIGHUP means to a worker."""

from __future__ import annotations

import asyncio
import os
import pty
from typing import TYPE_CHECKING, cast

from streams.cli import worker

if TYPE_CHECKING:
    import pytest

    from streams.worker import Worker


class Asked:
    """Notes what a worker would be asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def request_stop(self) -> None:
        self.asked.append("stop")

    async def reload_rules_now(self) -> None:
        self.asked.append("look")


async def hang_up(*, in_terminal: bool) -> list[str]:
    one, looks = Asked(), set[asyncio.Task[None]]()
    worker._handle_hangup(cast("Worker", one), looks, had_terminal=in_terminal)
    await asyncio.gather(*looks)
    return one.asked


async def test_a_worker_without_a_terminal_looks_at_its_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_has_terminal", lambda: False)
    assert await hang_up(in_terminal=False) == ["look"]


async def test_a_worker_in_a_terminal_that_is_there_looks_at_its_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_has_terminal", lambda: True)
    assert await hang_up(in_terminal=True) == ["look"]


async def test_a_worker_ends_with_the_terminal_it_was_started_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, its = pty.openpty()
    monkeypatch.setattr(worker, "_has_terminal", lambda: os.isatty(its))
    assert worker._has_terminal()
    os.close(ours)
    assert await hang_up(in_terminal=True) == ["stop"]
    os.close(its)
