"""A worker is killed in mid-call: no reading is missing, and none is double."""

from __future__ import annotations

import json
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from kafka.partitioner.default import murmur2

from streams.bench.rotated_recording import rotate
from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import ReplayCall, demo_calls, load_call
from streams.messages.alerts import AlertMessage
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.settings import Settings
from streams.topics import ALERTS, MOODS, READINGS, TURNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.cloudevents import Message
    from tests.support.line import TestPipeline

Outcome = dict[tuple[str, str], set[str]]

SPEED = 6.0
SECONDS = 80


@pytest.fixture(scope="module")
def calls() -> list[ReplayCall]:
    """Two calls out of step: one is always in mid-utterance when the other is not."""
    return [rotate(load_call(demo_calls()[0]), number, seconds=SECONDS) for number in (0, 4)]


@pytest.fixture(scope="module")
def undisturbed(line: TestPipeline, calls: list[ReplayCall]) -> list[Outcome]:
    """What a worker that nobody kills makes of the calls."""
    named = _on_one_partition("undisturbed", calls)
    with line.worker():
        _play(line, named).join()
        line.wait_until_done()
    return [_outcome(line, call_id) for call_id, _ in named]


@pytest.fixture(scope="module")
def killed(line: TestPipeline, calls: list[ReplayCall]) -> list[tuple[str, ReplayCall]]:
    """The same calls, while workers are killed."""
    named = _on_one_partition("killed", calls)
    playing = _play(line, named)
    for enough in (3, 9):
        worker = line.start("worker", ready="worker: listening")
        line.read(READINGS, call_id=named[0][0], until=_at_least(enough))
        line.kill(worker)
    with line.worker():
        playing.join()
        line.wait_until_done()
    return named


def test_a_killed_worker_leaves_no_reading_out_and_makes_none_twice(
    line: TestPipeline, killed: list[tuple[str, ReplayCall]], undisturbed: list[Outcome]
) -> None:
    found = [_outcome(line, call_id) for call_id, _ in killed]
    for outcome, expected in zip(found, undisturbed, strict=True):
        assert len(expected) > 20
        assert outcome.keys() == expected.keys(), "none missing, none with another id"
        for key, contents in outcome.items():
            # What was sent twice, between sending and acknowledging, says the same.
            for text in contents:
                _assert_same(json.loads(text), json.loads(next(iter(expected[key]))))


def test_a_killed_worker_counts_no_reading_twice_and_fires_no_alert_twice(
    line: TestPipeline, killed: list[tuple[str, ReplayCall]]
) -> None:
    for call_id, _ in killed:
        found = line.read(READINGS, MOODS, ALERTS, call_id=call_id, until=None)
        read = {
            one.message_id
            for one in found
            if isinstance(one, ReadingMessage) and not one.record.abstained
        }
        moods = {one.record.number for one in found if isinstance(one, MoodMessage)}
        assert moods == set(range(len(read))), "one mood a reading, numbered without holes"
        alerts = {one.message_id: one for one in found if isinstance(one, AlertMessage)}
        fired = [(one.record.playbook_id, one.record.step) for one in alerts.values()]
        assert len(set(fired)) == len(fired) > 0


def _assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal, but for the last digits: a batch of several is summed in another order."""
    assert one.pop("scores", {}) == pytest.approx(other.pop("scores", {}), abs=1e-4)
    numbers = {name for name, value in one.items() if isinstance(value, float)}
    for name in numbers:
        assert one.pop(name) == pytest.approx(other.pop(name), abs=1e-4)
    assert one == other


def _outcome(line: TestPipeline, call_id: str) -> Outcome:
    """Readings and turns of a call by id, each with its contents."""
    outcome: Outcome = {}
    for one in line.read(READINGS, TURNS, call_id=call_id, until=None):
        key = type(one).__name__, _name_in_call(one).replace(call_id, "")
        stages = {"heard_at", "found_at", "read_at", "call_id"}
        contents = one.model_dump_json(exclude=stages).replace(call_id, "")
        outcome.setdefault(key, set()).add(contents)
    return outcome


def _name_in_call(message: Message) -> str:
    """A reading's own id ends in a digest of its lines' ids, which hold the call's."""
    if isinstance(message, ReadingMessage) and message.record.line_ids:
        return " ".join((message.record.reading_id, *message.record.line_ids))
    return message.message_id


def _on_one_partition(name: str, calls: list[ReplayCall]) -> list[tuple[str, ReplayCall]]:
    """Ids whose calls lie on the same partition, where one's offsets are the other's too."""
    partitions = Settings().partitions
    ids = (
        call_id
        for number in count()
        if (murmur2((call_id := f"{name}-{number}").encode()) & 0x7FFFFFFF) % partitions == 0
    )
    return list(zip(ids, calls, strict=False))


def _play(line: TestPipeline, named: list[tuple[str, ReplayCall]]) -> threading.Thread:
    def play() -> None:
        gateway = ReplayGateway(line.broker, Settings())
        gateway.play(named, speed=SPEED)
        gateway.close()

    thread = threading.Thread(target=play)
    thread.start()
    return thread


def _at_least(count: int) -> Callable[[list[Message]], bool]:
    return lambda found: len({one.message_id for one in found}) >= count
