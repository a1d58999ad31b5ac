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
from streams.backtest.recorded_call import RecordError
from streams.backtest.rule_replay import BucketResult, RulebookPair, play_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MIN_EVENTS_FOR_POOL = 5_000
"""Events; fewer are played before the first process has started."""


@dataclass(frozen=True, slots=True)
class RulePaths:
    """Where the two sets of rules lie; ``None``: the library that comes along."""

    before: Path | None
    after: Path | None

    def load(self) -> RulebookPair:
        """Read both.

        Raises:
            PlaybookError: with every problem of both sets.
        """
        problems, sets = list[str](), []
        for path in (self.before, self.after):
            try:
                sets.append(load_library(path, ignore_lock=True))
            except PlaybookError as error:
                problems += error.problems
        if problems:
            raise PlaybookError(dict.fromkeys(problems))
        return RulebookPair(*sets)


class WorkerPool:
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

    def start(self) -> None:
        """There will be enough to do."""
        if self._pool is None and self._jobs > 1:
            context = multiprocessing.get_context("spawn")
            self._stop = context.Event()
            initargs = (self._paths, self._stop)
            self._pool = ProcessPoolExecutor(self._jobs, context, _init_worker, initargs)
            with _block_sigint():
                for _ in range(self._jobs):
                    self._pool.submit(_warm_up)

    def play(self, buckets: Sequence[Path], rules: RulebookPair) -> Iterator[BucketResult]:
        """What came of each bucket, in their order.

        Raises:
            RecordedError: a process was ended from outside.
        """
        if self._pool is None:
            for bucket in buckets:
                yield play_bucket(bucket, rules, is_stopped=_never_stop)
            return
        try:
            with _block_sigint():
                outcomes = self._pool.map(_play_in_worker, buckets)
            yield from outcomes
        except BrokenProcessPool:
            message = "a process that played calls was ended from outside; try --jobs 1"
            raise RecordError(message) from None


@contextmanager
def _block_sigint() -> Iterator[None]:
    """What is started here never hears Ctrl-C: its parent decides what that means."""
    previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)


class _WorkerState:
    """What a process of the crew has."""

    rules: RulebookPair
    stop: Any


def _init_worker(paths: RulePaths, stop: Any) -> None:
    """In the new process."""
    _WorkerState.rules, _WorkerState.stop = paths.load(), stop
    gc.freeze()  # rules and modules stay: nothing in them is ever garbage


def _play_in_worker(bucket: Path) -> BucketResult:
    return play_bucket(bucket, _WorkerState.rules, is_stopped=_WorkerState.stop.is_set)


def _warm_up() -> None:
    """A first task for each process, so that it is started."""


def _never_stop() -> bool:
    return False
