"""A dry-run from end to end: read, sort by call, play on every core, add up."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from playbooks.differences import Tally, summed
from playbooks.loading import PlaybookError, load_library
from streams.whatif.playing import ChangedCall, Played, Rules, play_bucket
from streams.whatif.recorded import RecordedError
from streams.whatif.sorting import Period, Sorter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.whatif.lines import Line, Problems
    from streams.whatif.sorting import Sorted

MAX_SHOWN = 500
"""Calls a playbook of which a report tells what changed; all of them are counted."""

BIGGEST = 10


class Source(Protocol):
    """Where recorded calls come from."""

    @property
    def name(self) -> str:
        """As problems name it."""
        ...

    @property
    def whole(self) -> int:
        """How far `Line.done` goes."""
        ...

    def lines(self, problems: Problems) -> Iterator[Line]:
        """Every line, in any order of calls."""
        ...


class Steps(Protocol):
    """Hears how far it is."""

    def __call__(self, done: int, whole: int, /) -> None:
        """So much of all."""
        ...


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
                sets.append(load_library(path))
            except PlaybookError as error:
                problems += error.problems
        if problems:
            raise PlaybookError(dict.fromkeys(problems))
        return Rules(*sets)


@dataclass(slots=True)
class Found:
    """What a dry-run found.

    Attributes:
        calls: that were played; ``halves``: that were left out because their start is missing.
        events: that were played.
        tallies: by playbook id, of playbooks that gave an alert under either set.
        changed: calls with a change, at most `MAX_SHOWN` for each playbook.
        hidden: calls with a change beyond that.
        biggest: the calls in which most changes.
    """

    period: Period = field(default_factory=Period)
    calls: int = 0
    halves: int = 0
    events: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    changed: list[ChangedCall] = field(default_factory=list)
    hidden: int = 0
    biggest: list[ChangedCall] = field(default_factory=list)
    _shown: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def total(self) -> Tally:
        """Of all playbooks."""
        return summed(self.tallies.values())

    def add(self, played: Played) -> None:
        """Take one bucket's calls in."""
        self.calls += played.calls
        self.events += played.events
        for name, one in played.tallies.items():
            self.tallies[name] = self.tallies.get(name, Tally()) + one
        for call in played.changed:
            self._show(call)
        self.biggest = sorted([*self.biggest, *played.changed], key=_bigness)[:BIGGEST]

    def _show(self, call: ChangedCall) -> None:
        names = {pair.shown.playbook_id for pair in call.pairs}
        if any(self._shown[name] < MAX_SHOWN for name in names):
            self._shown.update(names)
            self.changed.append(call)
        else:
            self.hidden += 1


@dataclass(frozen=True, slots=True)
class DryRun:
    """One dry-run.

    Attributes:
        jobs: processes; 1: this one alone.
    """

    paths: RulePaths
    period: Period = field(default_factory=Period)
    jobs: int = 1

    def run(self, source: Source, problems: Problems, *, reading: Steps, playing: Steps) -> Found:
        """Read the record, then play it.

        Args:
            source: the record.
            problems: takes what cannot be used.
            reading: hears how far the record was read.
            playing: hears how many calls were played.

        Raises:
            PlaybookError: rules are wrong; nothing is read then.
            RecordedError: nothing in the record can be used.
        """
        rules = self.paths.load()
        with TemporaryDirectory(prefix="callmood-") as folder:
            found = sort(source, self.period, problems, folder=Path(folder), step=reading)
            return self._play(found, rules, problems, playing)

    def _play(self, found: Sorted, rules: Rules, problems: Problems, step: Steps) -> Found:
        result = Found(period=self.period, halves=found.halves)
        buckets = [bucket for bucket, calls in found.buckets if calls]
        done = 0
        with self._player(rules, len(buckets)) as play:
            for (_, calls), played in zip(
                (one for one in found.buckets if one[1]), play(buckets), strict=True
            ):
                done += calls
                step(done, found.calls)
                problems.add_all(played.problems)
                result.add(played)
        result.changed.sort(key=lambda call: (call.started_at, call.call_id))
        return result

    @contextmanager
    def _player(
        self, rules: Rules, buckets: int
    ) -> Iterator[Callable[[Iterable[Path]], Iterator[Played]]]:
        """Plays buckets, and gives what came of them in their order."""
        if self.jobs == 1 or buckets == 1:
            yield lambda paths: (play_bucket(one, rules, stopped=_never) for one in paths)
            return
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        pool = ProcessPoolExecutor(
            min(self.jobs, max(1, buckets)), context, _begin, (self.paths, stop)
        )
        try:
            yield lambda paths: pool.map(_played, paths)
        except BrokenProcessPool:
            message = "a process that played calls was ended from outside; try --jobs 1"
            raise RecordedError(message) from None
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def sort(
    source: Source, period: Period, problems: Problems, *, folder: Path, step: Steps
) -> Sorted:
    """Read a record to its end.

    Raises:
        RecordedError: nothing in it can be used.
    """
    with Sorter(folder, period, problems) as sorter:
        for line in source.lines(problems):
            sorter.take(line)
            step(line.done, source.whole)
        if not sorter.good:
            raise RecordedError(_nothing(source.name, problems))
        return sorter.finish()


def _nothing(name: str, problems: Problems) -> str:
    if not problems.count:
        return f"{name}:1: nothing is recorded in it; `callmood calls export --to FILE` makes one"
    lines = f"none of its {problems.count} lines is an event of a call"
    return f"{name}: {lines}; the first: {problems.lines[0]}"


def _bigness(call: ChangedCall) -> tuple[int, int, Any, str]:
    came_or_went, moved = call.weight
    return -came_or_went, -moved, call.started_at, call.call_id


def _never() -> bool:
    return False


class _Job:
    """What a process that plays calls has."""

    rules: Rules
    stop: Any


def _begin(paths: RulePaths, stop: Any) -> None:
    """In the new process. Ctrl-C reaches it, too; its parent decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Job.rules, _Job.stop = paths.load(), stop


def _played(bucket: Path) -> Played:
    return play_bucket(bucket, _Job.rules, stopped=_Job.stop.is_set)
