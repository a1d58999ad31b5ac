"""One call's advice: the same events give the same alerts, also through the changelog."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from playbooks.events import CallStarted
from playbooks.files.loader import load_library
from streams.advise.call_state import AdviceState, StepResult, advise, from_json, to_json
from streams.ingest.replay.played_call import demo_calls, load_call

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event


@cache
def library() -> Rulebook:
    return load_library()


@cache
def events() -> tuple[tuple[str, Event], ...]:
    """A call in which every line of the customer is read, angrier from line to line."""
    call = load_call(demo_calls()[0])
    told: list[tuple[str, Event]] = [("start", CallStarted("c", queue="loans"))]
    strain = 0.1
    for number, line in enumerate(call.lines):
        told.append((f"line-{number}", line))
        if line.speaker == "customer":
            strain = min(0.95, strain + 0.15)
            told.append((f"reading-{number}", _read(line.span, strain)))
    return tuple(told)


def _read(span: object, strain: float) -> Reading:
    return Reading(
        call_id="c",
        span=span,  # type: ignore[arg-type]
        modality=Modality.TEXT,
        detector="test",
        version="1",
        scores={Emotion.NEUTRAL: 1 - strain, Emotion.ANGER: strain},
        confidence=0.8,
    )


def through(told: list[tuple[str, Event]], *, written_down: set[int]) -> list[StepResult]:
    advice, outcome = AdviceState(), []
    for number, (message_id, event) in enumerate(told):
        if number in written_down:
            advice = from_json(json.loads(json.dumps(to_json(advice))))
        advice, advised = advise(advice, event, message_id=message_id, rulebook=library())
        outcome.append(advised)
    return outcome


def test_an_angrier_and_angrier_customer_brings_moods_and_alerts() -> None:
    outcome = through(list(events()), written_down=set())
    fired = [alert.playbook_id for advised in outcome for alert in advised.alerts]
    assert {"regulator-complaint", "wish-to-cancel"} <= set(fired)
    assert [one.mood.number for one in outcome if one.mood] == list(
        range(sum(name.startswith("reading") for name, _ in events()))
    )


@given(st.sets(st.integers(0, 40)))
@settings(max_examples=25, deadline=None)
def test_a_state_that_was_written_down_between_events_gives_the_same_to_the_last_digit(
    written_down: set[int],
) -> None:
    plain = through(list(events()), written_down=set())
    assert through(list(events()), written_down=written_down) == plain


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_an_event_that_comes_again_changes_nothing(data: st.DataObject) -> None:
    told = list(events())
    number = data.draw(st.integers(0, len(told) - 1))
    again = data.draw(st.integers(number + 1, len(told)))
    twice = [*told[:again], told[number], *told[again:]]
    outcome = through(twice, written_down={again})
    assert outcome.pop(again) == StepResult()
    assert outcome == through(told, written_down=set())
