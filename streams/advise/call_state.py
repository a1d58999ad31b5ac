"""What is known of one call for advising, and one step of it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from detectors.labels import Emotion
from detectors.mood import MoodState, follow
from detectors.reading import Reading
from playbooks.engine.engine import step
from playbooks.engine.state import FRESH, CallState
from playbooks.events import event_time
from streams.messages.records import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.mood import Mood
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event
    from playbooks.playbook import Alert

REMEMBERED_IDS = 64
"""An event that comes again among this many is not counted again: more than a call brings
between two commits (one a second)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One call's state, written down at every event (some 8 KB of JSON).

    Attributes:
        seen: ids of the newest events, oldest first.
    """

    mood: MoodState = field(default_factory=MoodState)
    call: CallState = FRESH
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advised:
    """What one event led to."""

    mood: Mood | None = None
    alerts: tuple[Alert, ...] = ()


def advise(
    advice: Advice,
    event: Event,
    *,
    message_id: str,
    rulebook: Rulebook,
    follow: Callable[[MoodState, Reading], MoodState] = follow,
) -> tuple[Advice, Advised]:
    """Take one event in. One that was seen before changes nothing and leads to nothing.

    Args:
        advice: so far.
        event: what happened.
        message_id: of what told it.
        rulebook: all rules that are in force.
        follow: how a mood goes on; who plays a call twice may remember it from the first time.
    """
    if message_id in advice.seen:
        return advice, Advised()
    seen = (*advice.seen, message_id)[-REMEMBERED_IDS:]
    mood_state = follow(advice.mood, event) if isinstance(event, Reading) else advice.mood
    mood = mood_state.mood if mood_state.mood != advice.mood.mood else None
    call, alerts = step(rulebook, _known_to(rulebook, advice.call), event, now=event_time(event))
    if mood is not None:
        call, more = step(rulebook, call, mood, now=mood.at_ms)
        alerts = (*alerts, *more)
    return replace(advice, mood=mood_state, call=call, seen=seen), Advised(mood, alerts)


def _known_to(rulebook: Rulebook, call: CallState) -> CallState:
    """Without the states of playbooks that are gone."""
    if all(map(rulebook.knows, call.states)):
        return call
    states = {name: state for name, state in call.states.items() if rulebook.knows(name)}
    return replace(call, states=states)


def to_json(advice: Advice) -> dict[str, Any]:
    """As it is written down."""
    mood = advice.mood
    return {
        "mood": _mood_json(mood.mood),
        "settled": mood.settled and dict(mood.settled),
        "weight": mood.weight,
        "settled_at_ms": mood.settled_at_ms,
        "settled_mood": _mood_json(mood.settled_mood),
        "moment": [ReadingMessage.of(one).model_dump(mode="json") for one in mood.moment],
        "strains": mood.strains,
        "strained_at_ms": mood.strained_at_ms,
        "call": advice.call.to_json(),
        "seen": advice.seen,
    }


def from_json(value: Mapping[str, Any]) -> Advice:
    """And read back: the same state, to the last digit."""
    settled = value["settled"]
    return Advice(
        mood=MoodState(
            mood=_mood(value["mood"]),
            settled=None if settled is None else _emotions(settled),
            weight=value["weight"],
            settled_at_ms=value["settled_at_ms"],
            settled_mood=_mood(value["settled_mood"]),
            moment=tuple(ReadingMessage.model_validate(one).reading for one in value["moment"]),
            strains=tuple((at_ms, strain) for at_ms, strain in value["strains"]),
            # A worker of an earlier version did not write it down.
            strained_at_ms=tuple(value.get("strained_at_ms", ())),
        ),
        # A worker of an earlier version kept the playbooks' states in another form.
        call=CallState.from_json(value["call"]) if "call" in value else FRESH,
        seen=tuple(value["seen"]),
    )


def _mood_json(mood: Mood | None) -> dict[str, Any] | None:
    return None if mood is None else MoodMessage.of(mood).model_dump(mode="json")


def _mood(value: dict[str, Any] | None) -> Mood | None:
    return None if value is None else MoodMessage.model_validate(value).mood


def _emotions(value: Mapping[str, float]) -> dict[Emotion, float]:
    return {Emotion(name): score for name, score in value.items()}
