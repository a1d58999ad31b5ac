"""A dry-run from end to end: read, sort by call, play on every core, add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from playbooks.review.alert_diff import Tally, sum_tallies
from streams.backtest.call_sorter import CallSorter, Period
from streams.backtest.recorded_call import RecordError
from streams.backtest.worker_pool import MIN_EVENTS_FOR_POOL, RulePaths, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import CallBuckets
    from streams.backtest.record_lines import LineProblems, RecordLine
    from streams.backtest.rule_replay import BucketResult, ChangedCall

MAX_LISTED_CALLS = 500
"""Calls a playbook of which a report tells what changed; all of them are counted."""

MAX_BIGGEST_CALLS = 10


class RecordSource(Protocol):
    """Where recorded calls come from."""

    @property
    def name(self) -> str:
        """As problems name it."""
        ...

    @property
    def total(self) -> int:
        """How far `Line.done` goes."""
        ...

    def lines(self, problems: LineProblems) -> Iterator[RecordLine]:
        """Every line, in any order of calls."""
        ...


class ProgressCallback(Protocol):
    """Hears how far it is."""

    def __call__(self, done: int, total: int, /) -> None:
        """So much of all."""
        ...


@dataclass(slots=True)
class DryRunResult:
    """What a dry-run found.

    Attributes:
        calls: that were played; ``truncated_calls``: left out because their start is missing.
        events: that were played.
        tallies: by playbook id, of playbooks that gave an alert under either set.
        changed_calls: calls with a change, at most `MAX_LISTED_CALLS` for each playbook.
        unlisted_calls: calls with a change beyond that.
        biggest: the calls in which most changes.
    """

    period: Period = field(default_factory=Period)
    calls: int = 0
    truncated_calls: int = 0
    events: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    changed_calls: list[ChangedCall] = field(default_factory=list)
    unlisted_calls: int = 0
    biggest: list[ChangedCall] = field(default_factory=list)
    _listed_counts: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def total(self) -> Tally:
        """Of all playbooks."""
        return sum_tallies(self.tallies.values())

    def add(self, bucket_result: BucketResult) -> None:
        """Take one bucket's calls in."""
        self.calls += bucket_result.calls
        self.events += bucket_result.events
        for name, tally in bucket_result.tallies.items():
            self.tallies[name] = self.tallies.get(name, Tally()) + tally
        for call in bucket_result.changed:
            self._list_call(call)
        self.biggest = sorted([*self.biggest, *bucket_result.changed], key=_change_size)[
            :MAX_BIGGEST_CALLS
        ]

    def _list_call(self, call: ChangedCall) -> None:
        names = {pair.alert.playbook_id for pair in call.pairs}
        if any(self._listed_counts[name] < MAX_LISTED_CALLS for name in names):
            self._listed_counts.update(names)
            self.changed_calls.append(call)
        else:
            self.unlisted_calls += 1


@dataclass(frozen=True, slots=True)
class DryRun:
    """One dry-run.

    Attributes:
        jobs: processes; 1: this one alone.
    """

    paths: RulePaths
    period: Period = field(default_factory=Period)
    jobs: int = 1

    def run(
        self,
        source: RecordSource,
        problems: LineProblems,
        *,
        on_read: ProgressCallback,
        on_play: ProgressCallback,
    ) -> DryRunResult:
        """Read the record, then play it.

        Args:
            source: the record.
            problems: takes what cannot be used.
            on_read: hears how far the record was read.
            on_play: hears how many calls were played.

        Raises:
            PlaybookError: rules are wrong; nothing is read then.
            RecordedError: nothing in the record can be used.
        """
        rules = self.paths.load()
        with (
            TemporaryDirectory(prefix="callmood-") as folder,
            WorkerPool(self.paths, jobs=self.jobs) as pool,
            CallSorter(Path(folder), self.period, problems) as sorter,
        ):
            for line in source.lines(problems):
                sorter.add(line)
                on_read(line.done, source.total)
                if sorter.event_count == MIN_EVENTS_FOR_POOL:
                    pool.start()
            if not sorter.event_count:
                raise RecordError(_no_events_message(source.name, problems))
            call_buckets = sorter.finish()
            if not call_buckets.calls:
                raise RecordError(_no_calls_message(source.name, call_buckets))
            outcomes = pool.play([path for path, _ in call_buckets.buckets], rules)
            result = DryRunResult(period=self.period, truncated_calls=call_buckets.truncated_calls)
            return _aggregate(
                call_buckets, outcomes, result, problems=problems, on_progress=on_play
            )


def _aggregate(
    call_buckets: CallBuckets,
    outcomes: Iterator[BucketResult],
    result: DryRunResult,
    *,
    problems: LineProblems,
    on_progress: ProgressCallback,
) -> DryRunResult:
    done = 0
    for (_, calls), bucket_result in zip(call_buckets.buckets, outcomes, strict=True):
        done += calls
        on_progress(done, call_buckets.calls)
        problems.add_all(bucket_result.problems)
        result.add(bucket_result)
    result.changed_calls.sort(key=lambda call: (call.started_at, call.call_id))
    return result


def _no_events_message(name: str, problems: LineProblems) -> str:
    if not problems.count:
        return f"{name}:1: nothing is recorded in it; `callmood calls export --to FILE` makes one"
    lines = f"none of its {problems.count} lines is an event of a call"
    return f"{name}: {lines}; the first: {problems.lines[0]}"


def _no_calls_message(name: str, call_buckets: CallBuckets) -> str:
    if not call_buckets.truncated_calls:
        return f"{name}: nothing in it was sent in the period asked for; try another --since"
    requirement = "has its start in the record, and in the period asked for"
    count = call_buckets.truncated_calls
    return f"{name}: none of its {count} calls {requirement}: half a call gives wrong alerts"


def _change_size(call: ChangedCall) -> tuple[int, int, Any, str]:
    added_or_removed, moved = call.change_counts
    return -added_or_removed, -moved, call.started_at, call.call_id
