"""Who plays the calls: this process alone, or one process a core."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from playbooks.files.loader import PlaybookError, load_library
from streams.backtest.recorded_call import RecordedError
from streams.backtest.rule_replay import Played, Rules, play_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WORTH_A_CREW = 5_000
"""Events; fewer are played before the first process has started."""


@dataclass(frozen=True, slots=True)
class RulePaths:
    """Where the two sets of rules lie; ``None``: the library that comes along."""

    before: Path | None
    after: Path | None

    def load(self) -> Rules:
        """Read both.

        Raises:
            PlaybookError: with every problem of both sets.
        """
        problems, sets = list[str](), []
        for path in (self.before, self.after):
            try:
                sets.append(load_library(path, trying=True))
            except PlaybookError as error:
                problems += error.problems
        if problems:
            raise PlaybookError(dict.fromkeys(problems))
        return Rules(*sets)


class Crew:
    """Plays buckets of calls. A context manager: at its end nobody works any more.

    Processes are spawned, not forked: a fork would copy the locks of the thread that draws the
    progress bar. That takes a second or two, in which the record is still being read.
    """

    def __init__(self, paths: RulePaths, *, jobs: int) -> None:
        self._paths = paths
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._stop: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._stop.set()
            self._pool.shutdown(cancel_futures=True)

    def call_in(self) -> None:
        """There will be enough to do."""
        if self._pool is None and self._jobs > 1:
            context = multiprocessing.get_context("spawn")
            self._stop = context.Event()
            start = (self._paths, self._stop)
            self._pool = ProcessPoolExecutor(self._jobs, context, _begin, start)
            with _deaf():
                for _ in range(self._jobs):
                    self._pool.submit(_nothing)

    def play(self, buckets: Sequence[Path], rules: Rules) -> Iterator[Played]:
        """What came of each bucket, in their order.

        Raises:
            RecordedError: a process was ended from outside.
        """
        if self._pool is None:
            for bucket in buckets:
                yield play_bucket(bucket, rules, stopped=_never)
            return
        try:
            with _deaf():
                outcomes = self._pool.map(_played, buckets)
            yield from outcomes
        except BrokenProcessPool:
            message = "a process that played calls was ended from outside; try --jobs 1"
            raise RecordedError(message) from None


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started here never hears Ctrl-C: its parent decides what that means."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Job:
    """What a process of the crew has."""

    rules: Rules
    stop: Any


def _begin(paths: RulePaths, stop: Any) -> None:
    """In the new process."""
    _Job.rules, _Job.stop = paths.load(), stop
    gc.freeze()  # rules and modules stay: nothing in them is ever garbage


def _played(bucket: Path) -> Played:
    return play_bucket(bucket, _Job.rules, stopped=_Job.stop.is_set)


def _nothing() -> None:
    """A first task for each process, so that it is started."""


def _never() -> bool:
    return False
