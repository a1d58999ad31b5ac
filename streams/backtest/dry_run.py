"""A dry-run from end to end: read, sort by call, play on every core, add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from playbooks.review.alert_diff import Tally, summed
from streams.backtest.call_sorter import Period, Sorter
from streams.backtest.recorded_call import RecordedError
from streams.backtest.worker_pool import WORTH_A_CREW, Crew, RulePaths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.backtest.call_sorter import Sorted
    from streams.backtest.record_lines import Line, Problems
    from streams.backtest.rule_replay import ChangedCall, Played

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
        with (
            TemporaryDirectory(prefix="callmood-") as folder,
            Crew(self.paths, jobs=self.jobs) as crew,
            Sorter(Path(folder), self.period, problems) as sorter,
        ):
            for line in source.lines(problems):
                sorter.take(line)
                reading(line.done, source.whole)
                if sorter.good == WORTH_A_CREW:
                    crew.call_in()
            if not sorter.good:
                raise RecordedError(_nothing(source.name, problems))
            found = sorter.finish()
            if not found.calls:
                raise RecordedError(_none_began(source.name, found))
            outcomes = crew.play([path for path, _ in found.buckets], rules)
            result = Found(period=self.period, halves=found.halves)
            return _added_up(found, outcomes, result, problems=problems, step=playing)


def _added_up(
    found: Sorted, outcomes: Iterator[Played], result: Found, *, problems: Problems, step: Steps
) -> Found:
    done = 0
    for (_, calls), played in zip(found.buckets, outcomes, strict=True):
        done += calls
        step(done, found.calls)
        problems.add_all(played.problems)
        result.add(played)
    result.changed.sort(key=lambda call: (call.started_at, call.call_id))
    return result


def _nothing(name: str, problems: Problems) -> str:
    if not problems.count:
        return f"{name}:1: nothing is recorded in it; `callmood calls export --to FILE` makes one"
    lines = f"none of its {problems.count} lines is an event of a call"
    return f"{name}: {lines}; the first: {problems.lines[0]}"


def _none_began(name: str, found: Sorted) -> str:
    if not found.halves:
        return f"{name}: nothing in it was sent in the period asked for; try another --since"
    what = "has its start in the record, and in the period asked for"
    return f"{name}: none of its {found.halves} calls {what}: half a call gives wrong alerts"


def _bigness(call: ChangedCall) -> tuple[int, int, Any, str]:
    came_or_went, moved = call.weight
    return -came_or_went, -moved, call.started_at, call.call_id
