"""What version 0.1 wrote is still read: messages, and the states of calls in the changelogs.

``recorded/version_0_1.json`` is a sample of the topics of a run of that version.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from playbooks.reason import Reason
from streams.advise import caller as callers
from streams.advise.call_state import AdviceState, from_json, to_json
from streams.callers import history
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.score.call_audio import CallAudio
from streams.topics import TOPICS

RECORDED = json.loads(
    (Path(__file__).parent / "recorded" / "version_0_1.json").read_text(encoding="utf-8")
)
MESSAGE_TYPES = {topic.name: topic.message for topic in TOPICS}
STATES: list[dict[str, Any]] = RECORDED["advice_states"]


@pytest.mark.parametrize("recorded", RECORDED["messages"], ids=lambda recorded: recorded["topic"])
def test_a_message_is_read_and_would_be_written_in_the_same_words(recorded: dict[str, Any]) -> None:
    message_type = MESSAGE_TYPES[recorded["topic"]]
    assert message_type is not None
    message = message_type.decode(json.dumps(recorded["value"]).encode(), [])
    assert json.loads(message.value()) == _with_new_fields(recorded["value"])
    assert message_type.decode(message.value(), []) == message


@pytest.mark.parametrize("old", STATES, ids=["at the start", "in the middle"])
def test_a_calls_advice_goes_on_where_the_earlier_worker_left_it(old: dict[str, Any]) -> None:
    state = from_json(old)
    mood = state.mood
    assert mood.settled_scores == old["settled"]
    assert (mood.weight, mood.settled_at_ms) == (old["weight"], old["settled_at_ms"])
    assert _as_it_was(mood.mood) == old["mood"]
    assert _as_it_was(mood.settled_mood) == old["settled_mood"]
    moment = [ReadingMessage.of(one).model_dump(mode="json") for one in mood.moment]
    assert moment == [_with_new_fields(one) for one in old["moment"]]
    assert [list(point) for point in mood.strains] == old["strains"]
    assert list(mood.strained_at_ms) == old["strained_at_ms"]
    assert state.call.to_json() == _with_coded_hits(old["call"])
    assert list(state.seen_ids) == old["seen"]
    assert from_json(json.loads(json.dumps(to_json(state)))) == state


def test_a_state_of_before_strained_moments_were_written_down_is_read_too() -> None:
    older = {
        name: part for name, part in STATES[1].items() if name not in ("strained_at_ms", "call")
    }
    state = from_json(older)
    assert state.mood.strained_at_ms == ()
    assert state.call == AdviceState().call


def test_who_calls_is_read_as_the_same_caller() -> None:
    for old in (state["calling"] for state in STATES):
        state = callers.from_json(old)
        assert state.started_at == datetime.fromisoformat(old["started_at"])
        assert (state.caller, list(state.kinds)) == (old["caller"], old["kinds"])
        assert callers.from_json(json.loads(json.dumps(callers.to_json(state)))) == state
    assert history.to_json(history.from_json(RECORDED["caller_state"])) == RECORDED["caller_state"]


def test_how_far_a_call_was_heard_is_read_in_the_same_words() -> None:
    old = RECORDED["listening_state"]
    saved = CallAudio("c", 0, old).to_json()
    leaks = {"delays": {}, "own_ms": {}, "shared_ms": 0}
    known_since = {"over": saved["over"], "leaks": leaks, "sounds": {}}
    assert saved == old | known_since, "it knew no echoes, tones or music"


def _with_new_fields(value: dict[str, Any]) -> dict[str, Any]:
    """With what later versions know, which is nothing of an old message."""
    if "final" in value:
        return value | {"source_id": "", "revision": 0}
    if "modality" in value:
        return value | {"topic_matches": [], "unit_id": "", "line_ids": []}
    return _with_coded_reasons(value)


def _with_coded_reasons(value: dict[str, Any]) -> dict[str, Any]:
    """An alert's reasons were prose: it stays as it was, as a code of its own."""
    if "playbook_id" not in value:
        return value
    return value | {"reasons": [_coded(reason) for reason in value["reasons"]]}


def _with_coded_hits(call: dict[str, Any]) -> dict[str, Any]:
    """The evidence that conditions remember, likewise: ``[at_ms, cause_id, reason, stage]``."""
    states = {
        name: state
        | {
            "memories": [
                [[[at, cause, _coded(why), stage] for at, cause, why, stage in hits], since, until]
                for hits, since, until in state.get("memories", ())
            ]
        }
        for name, state in call["states"].items()
        if "memories" in state
    }
    states = call["states"] | states
    return call | {"states": states}


def _coded(text: str) -> dict[str, Any]:
    return Reason.from_text(text).to_json()


def _as_it_was(mood: Any) -> dict[str, Any] | None:
    return None if mood is None else MoodMessage.of(mood).model_dump(mode="json")
