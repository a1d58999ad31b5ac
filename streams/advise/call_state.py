"""What is known of one call for advising, and one step of it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

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
    return {
        "mood_state": _MOOD_STATE.dump_python(state.mood, mode="json"),
        "call": state.call.to_json(),
        "seen": state.seen_ids,
    }


def from_json(value: Mapping[str, Any]) -> AdviceState:
    """And read back: the same state, to the last digit; also what earlier versions wrote."""
    mood_state = value.get("mood_state") or _update_mood_json(value)
    return AdviceState(
        mood=_MOOD_STATE.validate_python(mood_state),
        # A worker of an earlier version kept the playbooks' states in another form.
        call=CallState.from_json(value["call"]) if "call" in value else INITIAL_CALL_STATE,
        seen_ids=tuple(value["seen"]),
    )


_MOOD_STATE = TypeAdapter(MoodState)


def _update_mood_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """Version 0.1 wrote the mood's state among the rest, its records as they travel."""
    return {
        "mood": _read_mood(value["mood"]),
        "settled_scores": value["settled"],
        "settled_mood": _read_mood(value["settled_mood"]),
        "moment": tuple(ReadingMessage.model_validate(part).record for part in value["moment"]),
        # Still earlier ones did not write down the last of these.
        **{name: value[name] for name in _UNCHANGED if name in value},
    }


_UNCHANGED = ("weight", "settled_at_ms", "strains", "strained_at_ms")


def _read_mood(value: dict[str, Any] | None) -> Mood | None:
    return None if value is None else MoodMessage.model_validate(value).record
