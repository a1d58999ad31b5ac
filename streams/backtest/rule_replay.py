"""Recorded calls through two sets of rules, exactly as the worker plays them. Pure but for a file.

A call goes through `streams.advise.call_state.advise`, once for each set: repeats are passed over
by their ids and the mood is made again from the readings, by the code that is in force now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from detectors.mood import follow
from playbooks.review.alert_diff import Change, Fired, Pair, Tally, compare, tally
from streams.advise.call_state import Advice, advise
from streams.advise.processor import event_of
from streams.backtest.call_sorter import calls_in
from streams.backtest.record_lines import Problems
from streams.backtest.recorded_call import LineError, message_of
from streams.messages.records import CallEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from detectors.mood import MoodState
    from detectors.reading import Reading
    from detectors.utterance import Language
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event
    from streams.backtest.call_sorter import Entry
    from streams.cloudevents import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is compared. Both are handed on as they were loaded."""

    before: Rulebook
    after: Rulebook


@dataclass(frozen=True, slots=True)
class ChangedCall:
    """A call in which something would have been different.

    Attributes:
        started_at: when its first event was sent.
        pairs: those that are not the same.
    """

    call_id: str
    started_at: datetime
    language: Language
    pairs: tuple[Pair, ...]

    @property
    def weight(self) -> tuple[int, int]:
        """How big the change is: alerts that came or went, then those that moved."""
        moved = sum(pair.change is Change.MOVED for pair in self.pairs)
        return len(self.pairs) - moved, moved


@dataclass(slots=True)
class Played:
    """What the calls of one bucket led to."""

    calls: int = 0
    events: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    changed: list[ChangedCall] = field(default_factory=list)
    problems: Problems = field(default_factory=lambda: Problems(""))


def play_bucket(bucket: Path, rules: Rules, *, stopped: Callable[[], bool]) -> Played:
    """Play every call that has a start.

    Args:
        bucket: made by `streams.backtest.call_sorter.Sorter`.
        rules: before and after.
        stopped: asked before every call; what was played until then is returned.
    """
    played = Played()
    for call_id, entries in calls_in(bucket):
        if stopped():
            break
        messages = _messages(entries, played.problems)
        start = next(filter(None, map(_start, messages)), None)
        if start is not None:
            played.calls += 1
            played.events += len(messages)
            pairs = _compared(messages, rules)
            _count(played, pairs)
            changed = tuple(pair for pair in pairs if pair.change is not Change.SAME)
            if changed:
                at = _EPOCH + timedelta(microseconds=entries[0].micros)
                played.changed.append(ChangedCall(call_id, at, start.language, changed))
    return played


def fired(messages: Iterable[Message], rulebook: Rulebook) -> tuple[Fired, ...]:
    """The alerts of one call under one set of rules."""
    return _advised(_events(messages), rulebook)


def _compared(messages: Sequence[Message], rules: Rules) -> tuple[Pair, ...]:
    """Both sets of rules. They hear of the same moods, which are made once: half the work."""
    events, follow = _events(messages), _once()
    before = _advised(events, rules.before, follow=follow)
    return compare(before, _advised(events, rules.after, follow=follow))


def _once() -> Callable[[MoodState, Reading], MoodState]:
    """Follows the mood of a call whose readings stay where they are, each of them once."""
    known: dict[int, MoodState] = {}

    def once(state: MoodState, reading: Reading) -> MoodState:
        if id(reading) not in known:
            known[id(reading)] = follow(state, reading)
        return known[id(reading)]

    return once


def _count(played: Played, pairs: Iterable[Pair]) -> None:
    for name, one in tally(pairs).items():
        played.tallies[name] = played.tallies.get(name, Tally()) + one


def _messages(entries: Iterable[Entry], problems: Problems) -> list[Message]:
    """What can be read; the worker, too, sets aside what cannot and goes on."""
    found = []
    for entry in entries:
        try:
            found.append(message_of(entry.content))
        except LineError as error:
            problems.add(entry.number, str(error), where=entry.where)
    return found


def _start(message: Message) -> CallEvent | None:
    return message if isinstance(message, CallEvent) and message.event == "started" else None


def _events(messages: Iterable[Message]) -> list[tuple[str, Event]]:
    pairs = ((one.message_id, event_of(one)) for one in messages)
    return [(message_id, event) for message_id, event in pairs if event is not None]


def _advised(
    events: Iterable[tuple[str, Event]],
    rulebook: Rulebook,
    *,
    follow: Callable[[MoodState, Reading], MoodState] = follow,
) -> tuple[Fired, ...]:
    advice, found = Advice(), list[Fired]()
    for message_id, event in events:
        advice, advised = advise(
            advice, event, message_id=message_id, rulebook=rulebook, follow=follow
        )
        found += [Fired.of(alert) for alert in advised.alerts]
    return tuple(found)
