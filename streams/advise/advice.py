"""What is known of one call for advising, and one step of it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from detectors.labels import Emotion
from detectors.mood import MoodState, follow
from detectors.reading import Reading
from playbooks.engine import NEW, PlaybookState, step, step_all
from playbooks.events import event_time
from streams.advise.facts import facts_from_json, facts_json, with_fact
from streams.messages import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.mood import Mood
    from playbooks.events import Event
    from playbooks.playbook import Alert, Playbook
    from streams.advise.facts import Fact

REMEMBERED_IDS = 64
"""An event that comes again among this many is not counted again: more than a call brings
between two commits (one a second)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One call's state, written down at every event (some 8 KB of JSON).

    Attributes:
        facts: what was told once about the call and never changes: rules that come later
            are told it then.
        seen: ids of the newest events, oldest first.
    """

    mood: MoodState = field(default_factory=MoodState)
    playbooks: Mapping[str, PlaybookState] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advised:
    """What one event led to."""

    mood: Mood | None = None
    alerts: tuple[Alert, ...] = ()


def advise(
    advice: Advice, event: Event, *, message_id: str, playbooks: Sequence[Playbook]
) -> tuple[Advice, Advised]:
    """Take one event in. One that was seen before changes nothing and leads to nothing."""
    if message_id in advice.seen:
        return advice, Advised()
    seen = (*advice.seen, message_id)[-REMEMBERED_IDS:]
    mood_state = follow(advice.mood, event) if isinstance(event, Reading) else advice.mood
    mood = mood_state.mood if mood_state.mood != advice.mood.mood else None
    states, alerts = step_all(playbooks, advice.playbooks, event, now=event_time(event))
    if mood is not None:
        states, more = step_all(playbooks, states, mood, now=mood.at_ms)
        alerts = (*alerts, *more)
    known = {playbook.playbook_id for playbook in playbooks}
    after = replace(
        advice,
        mood=mood_state,
        playbooks={name: state for name, state in states.items() if name in known},
        facts=with_fact(advice.facts, event),
        seen=seen,
    )
    return after, Advised(mood, alerts)


def carried_over(advice: Advice, playbooks: Sequence[Playbook]) -> Advice:
    """The state of a call under way, as other rules than before go on with it.

    A rule that did not change keeps everything, one of another version what it fired, one that
    is gone nothing. What is new or of another version is told the call's facts: nobody will say
    the call's queue again.
    """
    states = {
        one.playbook_id: _told(one, advice.playbooks.get(one.playbook_id, NEW), advice.facts)
        for one in playbooks
    }
    return replace(
        advice, playbooks={name: state for name, state in states.items() if state is not NEW}
    )


def _told(playbook: Playbook, state: PlaybookState, facts: tuple[Fact, ...]) -> PlaybookState:
    if state.version == playbook.version:
        return state
    for fact in facts:
        state, _ = step(playbook, state, fact, now=event_time(fact))
    return state


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
        "playbooks": {name: state.to_json() for name, state in advice.playbooks.items()},
        "facts": facts_json(advice.facts),
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
        playbooks={
            name: PlaybookState.from_json(state) for name, state in value["playbooks"].items()
        },
        # A worker of an earlier version did not write them down.
        facts=facts_from_json(value.get("facts", ())),
        seen=tuple(value["seen"]),
    )


def _mood_json(mood: Mood | None) -> dict[str, Any] | None:
    return None if mood is None else MoodMessage.of(mood).model_dump(mode="json")


def _mood(value: dict[str, Any] | None) -> Mood | None:
    return None if value is None else MoodMessage.model_validate(value).mood


def _emotions(value: Mapping[str, float]) -> dict[Emotion, float]:
    return {Emotion(name): score for name, score in value.items()}
