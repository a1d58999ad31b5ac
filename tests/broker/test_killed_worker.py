"""A worker is killed in mid-call: no reading is missing, and none is double."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from detectors.reading import Modality
from streams.ingest.playing import PlayedCall, demo_calls, prepare
from streams.ingest.replay import Replay
from streams.messages import ReadingMessage, TurnMessage
from streams.settings import Settings
from streams.topics import READINGS, TURNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.cloudevents import Message
    from tests.support.line import TestLine

SPEED = 6.0


@pytest.fixture(scope="module")
def call() -> PlayedCall:
    """The Korean demo call: both modalities, silence and talk-over in it."""
    return prepare(demo_calls()[0])


@pytest.fixture(scope="module")
def undisturbed(line: TestLine, call: PlayedCall) -> list[Message]:
    """What a worker that nobody kills makes of the call."""
    with line.worker():
        _play(line, call, "undisturbed").join()
        return line.read(READINGS, TURNS, call_id="undisturbed", until=_complete(call))


def test_a_killed_worker_leaves_no_reading_out_and_makes_none_twice(
    line: TestLine, call: PlayedCall, undisturbed: list[Message]
) -> None:
    playing = _play(line, call, "killed")
    for enough in (3, 9):
        worker = line.start("worker", ready="worker: listening")
        line.read(READINGS, call_id="killed", until=_at_least(enough))
        line.kill(worker)
    with line.worker():
        found = line.read(READINGS, TURNS, call_id="killed", until=_complete(call))
    playing.join()

    assert _without_repeats(found) == _without_repeats(undisturbed)
    # What was sent twice (between sending and acknowledging) is the same, to the last digit.
    assert all(len(same) == 1 for same in _contents(found).values())


def _play(line: TestLine, call: PlayedCall, call_id: str) -> threading.Thread:
    def play() -> None:
        gateway = Replay(line.broker, Settings())
        gateway.play([(call_id, call)], speed=SPEED)
        gateway.close()

    thread = threading.Thread(target=play)
    thread.start()
    return thread


def _at_least(count: int) -> Callable[[list[Message]], bool]:
    return lambda found: len({one.message_id for one in found}) >= count


def _complete(call: PlayedCall) -> Callable[[list[Message]], bool]:
    """The last line has been read, and the last speech of the recording has been found."""
    last_line = max(line.span.start_ms for line in call.lines if line.speaker == "customer")

    def complete(found: list[Message]) -> bool:
        read = [one for one in found if isinstance(one, ReadingMessage)]
        texts = [one for one in read if one.modality is Modality.TEXT]
        voices = [one for one in read if one.modality is Modality.VOICE]
        turns = [one for one in found if isinstance(one, TurnMessage)]
        ends = call.recording.duration_ms - 2_000
        return (
            any(one.start_ms == last_line for one in texts)
            and any(one.end_ms > last_line for one in voices)
            and any(one.end_ms > ends for one in turns)
        )

    return complete


def _without_repeats(found: list[Message]) -> Counter[tuple[str, str]]:
    return Counter({_key(one): 1 for one in found})


def _key(message: Message) -> tuple[str, str]:
    return type(message).__name__, message.message_id.split("~", 1)[1]


def _contents(found: list[Message]) -> dict[tuple[str, str], set[str]]:
    contents: dict[tuple[str, str], set[str]] = {}
    for one in found:
        stages = {"heard_at", "found_at", "read_at", "call_id"}
        contents.setdefault(_key(one), set()).add(one.model_dump_json(exclude=stages))
    return contents
