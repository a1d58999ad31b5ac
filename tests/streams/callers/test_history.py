"""Earlier calls of a caller: bounded, each once, forgotten in time, and told the same again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.events import EarlierCall
from playbooks.sensitivity import SensitivityKind
from streams.callers.history import (
    MAX_STORED_CALLS,
    CallerHistory,
    from_json,
    to_json,
    update_history,
)
from streams.messages.callers import MAX_EARLIER_CALLS, CallerEvent, ReturningCaller
from tests.streams.examples import T0

CALLER = "5f0c2a9be4d1738806d2c1f7a3b98e42"
DAY = timedelta(days=1)
ABUSE, THREAT = SensitivityKind.ABUSE, SensitivityKind.THREAT


def called(call_id: str, day: float) -> CallerEvent:
    return CallerEvent(call_id=call_id, event="called", caller=CALLER, at=T0 + day * DAY)


def found(call_id: str, day: float, kind: SensitivityKind) -> CallerEvent:
    at = T0 + day * DAY
    return CallerEvent(call_id=call_id, event="found", caller=CALLER, at=at, kind=kind)


def forgotten(day: float) -> CallerEvent:
    return CallerEvent(event="forgotten", caller=CALLER, at=T0 + day * DAY)


def after(*events: CallerEvent, days: int = 90) -> tuple[CallerHistory, ReturningCaller | None]:
    """What is remembered after the events, and what the last one told."""
    remembered, told = CallerHistory(), None
    for event in events:
        remembered, told = update_history(remembered, event, period=timedelta(days=days))
    return remembered, told


def test_a_first_call_tells_nothing() -> None:
    remembered, told = after(called("a", 0))
    assert told is None
    assert [one.call_id for one in remembered.calls] == ["a"]


def test_a_second_call_is_told_when_the_first_was_and_what_was_found_in_it() -> None:
    _, told = after(called("a", 0), found("a", 0, ABUSE), found("a", 0, THREAT), called("b", 3))
    assert told is not None
    assert told.call_id == "b"
    assert [(one.call_id, one.started_at, one.kinds) for one in told.earlier] == [
        ("a", T0, (THREAT, ABUSE))
    ], "the gravest first"
    three_days = int(3 * DAY / timedelta(milliseconds=1))
    assert told.caller_history.earlier_calls == (
        EarlierCall(three_days, frozenset({ABUSE, THREAT})),
    )


def test_an_event_that_comes_again_counts_once_and_tells_the_same() -> None:
    events = [called("a", 0), found("a", 0, ABUSE), called("b", 1)]
    once = after(*events)
    assert after(*events, *events) == once


def test_what_was_called_wrong_is_not_told_of_until_it_is_found_again() -> None:
    wrong = found("a", 0, ABUSE).model_copy(update={"event": "withdrawn"})
    _, told = after(
        called("a", 0), found("a", 0, ABUSE), found("a", 0, THREAT), wrong, called("b", 1)
    )
    assert told is not None
    assert told.earlier[0].kinds == (THREAT,)
    _, told = after(
        called("a", 0), found("a", 0, ABUSE), wrong, found("a", 0, ABUSE), called("b", 1)
    )
    assert told is not None
    assert told.earlier[0].kinds == (ABUSE,)


def test_what_is_found_later_in_a_call_reaches_the_next_call_only() -> None:
    remembered, told = after(called("a", 0), called("b", 1), found("a", 0, ABUSE))
    assert told is None
    _, told = update_history(remembered, called("c", 2), period=timedelta(days=90))
    assert told is not None
    assert [one.kinds for one in told.earlier] == [(), (ABUSE,)]


def test_a_call_is_forgotten_after_its_days_in_the_events_own_time() -> None:
    _, told = after(called("a", 0), found("a", 0, ABUSE), called("b", 10), days=9)
    assert told is None
    _, told = after(called("a", 0), called("b", 9), days=9)
    assert told is not None, "the last of the days is still one of them"


def test_an_old_call_that_is_played_again_neither_forgets_nor_is_told_of_later_ones() -> None:
    remembered, told = after(called("new", 100), called("old", 0))
    assert told is None
    assert [one.call_id for one in remembered.calls] == ["new", "old"]


@given(st.permutations(range(MAX_STORED_CALLS + 5)))
def test_only_the_newest_calls_are_kept_whatever_order_they_came_in(order: list[int]) -> None:
    remembered, _ = after(*(called(f"c{day}", day) for day in order))
    assert [one.call_id for one in remembered.calls] == [
        f"c{day}" for day in range(MAX_STORED_CALLS + 4, 4, -1)
    ]
    newest = called("now", MAX_STORED_CALLS + 5)
    _, told = update_history(remembered, newest, period=timedelta(days=90))
    assert told is not None
    assert len(told.earlier) == MAX_EARLIER_CALLS


def test_who_asked_to_be_forgotten_is_new_and_what_is_found_later_brings_nothing_back() -> None:
    before = [called("a", 0), found("a", 0, ABUSE), called("b", 1)]
    assert after(*before, forgotten(1))[0] == CallerHistory()
    assert after(*before, forgotten(1), found("b", 1, THREAT))[0] == CallerHistory()
    assert after(*before, forgotten(1), called("c", 2))[1] is None


def test_what_is_written_down_is_plain_json_and_reads_back_the_same() -> None:
    remembered, _ = after(called("a", 0), found("a", 0, ABUSE), called("b", 1.5))
    assert from_json(json.loads(json.dumps(to_json(remembered)))) == remembered


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "found", "call_id": "a"},
        {"event": "called", "call_id": "a", "kind": "abuse"},
        {"event": "called"},
        {"event": "forgotten", "call_id": "a"},
        {"event": "called", "call_id": "a", "caller": "+821012345678"},
    ],
)
def test_an_event_that_makes_no_sense_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"does not go with|caller"):
        CallerEvent.model_validate({"caller": CALLER, "at": T0} | fields)
