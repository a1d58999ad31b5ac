"""Reasons are codes with parameters: on the wire, in the state, and from older versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from detectors.labels import Topic
from playbooks.conditions.memory import ConditionHit, Memory
from playbooks.engine.engine import advance
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import INITIAL_CALL_STATE, CallState
from playbooks.events import event_time
from playbooks.reason import Reason
from tests.playbooks.timeline import line, playbook

if TYPE_CHECKING:
    from playbooks.reason import ReasonValue

WIRE = TypeAdapter(Reason)
values: st.SearchStrategy[ReasonValue] = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(), max_size=3).map(tuple),
)
reasons = st.builds(Reason, st.text(min_size=1), st.dictionaries(st.text(), values, max_size=4))


@given(reasons)
def test_a_reason_survives_the_state_and_the_wire(reason: Reason) -> None:
    assert Reason.from_json(json.loads(json.dumps(reason.to_json()))) == reason
    assert WIRE.validate_json(WIRE.dump_json(reason)) == reason


@given(reasons)
def test_state_and_wire_write_a_reason_alike(reason: Reason) -> None:
    assert WIRE.dump_python(reason, mode="json") == reason.to_json()


def test_words_of_an_enumeration_are_plain_text_and_what_is_not_known_is_left_out() -> None:
    reason = Reason.of("topic", topic=Topic.THREAT, words=None)
    assert reason.to_json() == {"code": "topic", "parameters": {"topic": "threat"}}
    assert type(reason.parameters["topic"]) is str


def test_a_reason_of_a_version_before_codes_is_its_text() -> None:
    old = "고객: “장난하세요”"
    assert WIRE.validate_json(json.dumps(old)) == Reason.from_text(old)
    assert Reason.from_json(old) == Reason.from_text(old)


def test_the_same_reason_counts_once() -> None:
    first, second = (Reason.of("said", speaker="customer", text="x") for _ in range(2))
    assert len({first, second, Reason.of("said", text="y")}) == 2


def test_what_is_no_reason_is_refused_at_the_border() -> None:
    for wrong in (7, [], {"parameters": {}}, {"code": "x", "parameters": {"a": {}}}):
        with pytest.raises(ValidationError):
            WIRE.validate_python(wrong)


def test_a_parameter_that_is_no_number_is_named() -> None:
    with pytest.raises(ValueError, match="for_ms of the reason silence is no number: 'long'"):
        Reason.of("silence", for_ms="long").number("for_ms")


def test_what_a_version_before_remembered_of_a_call_is_still_read() -> None:
    old = [[[5_000, "c1~customer~4000~line", "customer said “hello there”", 0]], None, None]
    memory = Memory.from_json(old)
    reason = Reason.from_text("customer said “hello there”")
    assert memory.hits == (ConditionHit(5_000, "c1~customer~4000~line", reason),)
    assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


def test_evidence_without_a_reason_stays_without_one() -> None:
    for nothing in ("", None):
        assert Memory.from_json([[[0, "", nothing, 0]], None, None]).hits[0].reason is None


def test_a_call_that_goes_on_under_this_version_tells_its_old_reasons_beside_the_new() -> None:
    rule = playbook("{count: {at_least: 2, within: 60s, of: {said: {en: [hello there]}}}}")
    book, first, second = Rulebook((rule,)), line(5, "hello there"), line(9, "oh hello there")
    state, _ = advance(book, INITIAL_CALL_STATE, first, now=event_time(first))
    written = json.dumps(state.to_json())
    code = json.dumps(Reason.of("said", speaker="customer", text="hello there").to_json())
    assert code in written
    old = json.loads(written.replace(code, json.dumps("customer said “hello there”")))
    _, (alert,) = advance(book, CallState.from_json(old), second, now=event_time(second))
    assert alert.reasons == (
        Reason.from_text("customer said “hello there”"),
        Reason.of("said", speaker="customer", text="hello there"),
    )
