"""Recorded calls through two sets of rules, exactly as the worker plays them. Pure but for a file.

A call goes through `streams.advise.call_state.advise`, once for each set: repeats are passed over
by their ids and the mood is made again from the readings, by the code that is in force now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from detectors.mood import update_mood
from playbooks.review.alert_diff import (
    AlertChange,
    AlertOccurrence,
    AlertPair,
    Tally,
    count_changes,
    pair_alerts,
)
from streams.advise.call_state import AdviceState, advise
from streams.advise.processor import to_event
from streams.backtest.call_sorter import read_calls
from streams.backtest.record_lines import LineProblems
from streams.backtest.recorded_call import RecordLineError, parse_message
from streams.messages.calls import CallEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from detectors.mood import MoodState
    from detectors.reading import Reading
    from detectors.utterance import Language
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event
    from streams.backtest.call_sorter import BucketEntry
    from streams.cloudevents import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RulebookPair:
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
    pairs: tuple[AlertPair, ...]

    @property
    def change_counts(self) -> tuple[int, int]:
        """How big the change is: alerts that came or went, then those that moved."""
        moved = sum(pair.change is AlertChange.MOVED for pair in self.pairs)
        return len(self.pairs) - moved, moved


@dataclass(slots=True)
class BucketResult:
    """What the calls of one bucket led to."""

    calls: int = 0
    events: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    changed: list[ChangedCall] = field(default_factory=list)
    problems: LineProblems = field(default_factory=lambda: LineProblems(""))


def play_bucket(
    bucket: Path, rules: RulebookPair, *, is_stopped: Callable[[], bool]
) -> BucketResult:
    """Play every call that has a start.

    Args:
        bucket: made by `streams.backtest.call_sorter.CallSorter`.
        rules: before and after.
        is_stopped: asked before every call; what was played until then is returned.
    """
    result = BucketResult()
    for call_id, entries in read_calls(bucket):
        if is_stopped():
            break
        messages = _parse_messages(entries, result.problems)
        start = next(filter(None, map(_as_call_start, messages)), None)
        if start is not None:
            result.calls += 1
            result.events += len(messages)
            pairs = _compare_rulebooks(messages, rules)
            _add_tallies(result, pairs)
            changed_pairs = tuple(pair for pair in pairs if pair.change is not AlertChange.SAME)
            if changed_pairs:
                started_at = _EPOCH + timedelta(microseconds=entries[0].micros)
                result.changed.append(
                    ChangedCall(call_id, started_at, start.language, changed_pairs)
                )
    return result


def collect_alerts(messages: Iterable[Message], rulebook: Rulebook) -> tuple[AlertOccurrence, ...]:
    """The alerts of one call under one set of rules."""
    return _advise_all(_parse_events(messages), rulebook)


def _compare_rulebooks(messages: Sequence[Message], rules: RulebookPair) -> tuple[AlertPair, ...]:
    """Both sets of rules. They hear of the same moods, which are made once: half the work."""
    events, follow_once = _parse_events(messages), _memoize_follow()
    before = _advise_all(events, rules.before, follow=follow_once)
    return pair_alerts(before, _advise_all(events, rules.after, follow=follow_once))


def _memoize_follow() -> Callable[[MoodState, Reading], MoodState]:
    """Follows the mood of a call whose readings stay where they are, each of them once."""
    states: dict[int, MoodState] = {}

    def follow_once(state: MoodState, reading: Reading) -> MoodState:
        if id(reading) not in states:
            states[id(reading)] = update_mood(state, reading)
        return states[id(reading)]

    return follow_once


def _add_tallies(result: BucketResult, pairs: Iterable[AlertPair]) -> None:
    for name, playbook_tally in count_changes(pairs).items():
        result.tallies[name] = result.tallies.get(name, Tally()) + playbook_tally


def _parse_messages(entries: Iterable[BucketEntry], problems: LineProblems) -> list[Message]:
    """What can be read; the worker, too, sets aside what cannot and goes on."""
    messages = []
    for entry in entries:
        try:
            messages.append(parse_message(entry.content))
        except RecordLineError as error:
            problems.add(entry.number, str(error), where=entry.where)
    return messages


def _as_call_start(message: Message) -> CallEvent | None:
    return message if isinstance(message, CallEvent) and message.event == "started" else None


def _parse_events(messages: Iterable[Message]) -> list[tuple[str, Event]]:
    pairs = ((message.message_id, to_event(message)) for message in messages)
    return [(message_id, event) for message_id, event in pairs if event is not None]


def _advise_all(
    events: Iterable[tuple[str, Event]],
    rulebook: Rulebook,
    *,
    follow: Callable[[MoodState, Reading], MoodState] = update_mood,
) -> tuple[AlertOccurrence, ...]:
    call_state, alerts = AdviceState(), list[AlertOccurrence]()
    for message_id, event in events:
        call_state, step_result = advise(
            call_state, event, message_id=message_id, rulebook=rulebook, follow=follow
        )
        alerts += [AlertOccurrence.from_alert(alert) for alert in step_result.alerts]
    return tuple(alerts)
