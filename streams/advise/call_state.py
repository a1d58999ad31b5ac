"""What is known of one call for advising, and one step of it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from detectors.labels import Emotion
from detectors.mood import MoodState, update_mood
from detectors.reading import Reading
from playbooks.engine.engine import advance
from playbooks.engine.state import INITIAL_CALL_STATE, CallState
from playbooks.events import event_time
from streams.messages.readings import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.mood import Mood
    from playbooks.alert import Alert
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event

MAX_SEEN_IDS = 64
"""An event that comes again among this many is not counted again: more than a call brings
between two commits (one a second)."""


@dataclass(frozen=True, slots=True)
class AdviceState:
    """One call's state, written down at every event (some 8 KB of JSON).

    Attributes:
        seen_ids: ids of the newest events, oldest first.
    """

    mood: MoodState = field(default_factory=MoodState)
    call: CallState = INITIAL_CALL_STATE
    seen_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one event led to."""

    mood: Mood | None = None
    alerts: tuple[Alert, ...] = ()


def advise(
    state: AdviceState,
    event: Event,
    *,
    message_id: str,
    rulebook: Rulebook,
    follow: Callable[[MoodState, Reading], MoodState] = update_mood,
) -> tuple[AdviceState, StepResult]:
    """Take one event in. One that was seen before changes nothing and leads to nothing.

    Args:
        state: so far.
        event: what happened.
        message_id: of what told it.
        rulebook: all rules that are in force.
        follow: how a mood goes on; who plays a call twice may remember it from the first time.
    """
    if message_id in state.seen_ids:
        return state, StepResult()
    seen_ids = (*state.seen_ids, message_id)[-MAX_SEEN_IDS:]
    mood_state = follow(state.mood, event) if isinstance(event, Reading) else state.mood
    mood = mood_state.mood if mood_state.mood != state.mood.mood else None
    call_state, alerts = advance(
        rulebook, _drop_unknown_playbooks(rulebook, state.call), event, now=event_time(event)
    )
    if mood is not None:
        call_state, mood_alerts = advance(rulebook, call_state, mood, now=mood.at_ms)
        alerts = (*alerts, *mood_alerts)
    after = replace(state, mood=mood_state, call=call_state, seen_ids=seen_ids)
    return after, StepResult(mood, alerts)


def _drop_unknown_playbooks(rulebook: Rulebook, call: CallState) -> CallState:
    """Without the states of playbooks that are gone."""
    if all(map(rulebook.has_playbook, call.states)):
        return call
    states = {name: state for name, state in call.states.items() if rulebook.has_playbook(name)}
    return replace(call, states=states)


def to_json(state: AdviceState) -> dict[str, Any]:
    """As it is written down."""
    mood = state.mood
    return {
        "mood": _mood_to_json(mood.mood),
        "settled": mood.settled_scores and dict(mood.settled_scores),
        "weight": mood.weight,
        "settled_at_ms": mood.settled_at_ms,
        "settled_mood": _mood_to_json(mood.settled_mood),
        "moment": [ReadingMessage.of(reading).model_dump(mode="json") for reading in mood.moment],
        "strains": mood.strains,
        "strained_at_ms": mood.strained_at_ms,
        "call": state.call.to_json(),
        "seen": state.seen_ids,
    }


def from_json(value: Mapping[str, Any]) -> AdviceState:
    """And read back: the same state, to the last digit."""
    settled = value["settled"]
    return AdviceState(
        mood=MoodState(
            mood=_mood_from_json(value["mood"]),
            settled_scores=None if settled is None else _parse_scores(settled),
            weight=value["weight"],
            settled_at_ms=value["settled_at_ms"],
            settled_mood=_mood_from_json(value["settled_mood"]),
            moment=tuple(
                ReadingMessage.model_validate(reading).reading for reading in value["moment"]
            ),
            strains=tuple((at_ms, strain) for at_ms, strain in value["strains"]),
            # A worker of an earlier version did not write it down.
            strained_at_ms=tuple(value.get("strained_at_ms", ())),
        ),
        # A worker of an earlier version kept the playbooks' states in another form.
        call=CallState.from_json(value["call"]) if "call" in value else INITIAL_CALL_STATE,
        seen_ids=tuple(value["seen"]),
    )


def _mood_to_json(mood: Mood | None) -> dict[str, Any] | None:
    return None if mood is None else MoodMessage.of(mood).model_dump(mode="json")


def _mood_from_json(value: dict[str, Any] | None) -> Mood | None:
    return None if value is None else MoodMessage.model_validate(value).mood


def _parse_scores(value: Mapping[str, float]) -> dict[Emotion, float]:
    return {Emotion(name): score for name, score in value.items()}
