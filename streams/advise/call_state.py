"""What is known of one call for advising, and one step of it. Pure; time is in the events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from detectors.line_ledger import Ledger, LineMark, take_line
from detectors.mood import MoodState, retract_lines, update_mood
from detectors.reading import Reading
from detectors.utterance import TranscriptLine
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
        lines: the newest final lines: a sentence may go on, or be told again.
    """

    mood: MoodState = field(default_factory=MoodState)
    call: CallState = INITIAL_CALL_STATE
    seen_ids: tuple[str, ...] = ()
    lines: Ledger = ()


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """What is known of a line besides its words (see `detectors.line_ledger.take_line`)."""

    is_silent: bool = False
    is_vouched: bool = False
    others: tuple[TranscriptLine, ...] = ()


NO_EVIDENCE = LineEvidence()


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one event led to."""

    mood: Mood | None = None
    alerts: tuple[Alert, ...] = ()
    marks: tuple[LineMark, ...] = ()


def advise(  # noqa: PLR0913  (the last two have defaults)
    state: AdviceState,
    event: Event,
    *,
    message_id: str,
    rulebook: Rulebook,
    follow: Callable[[MoodState, Reading], MoodState] = update_mood,
    evidence: LineEvidence = NO_EVIDENCE,
) -> tuple[AdviceState, StepResult]:
    """Take one event in. One that was seen before changes nothing and leads to nothing.

    Args:
        state: so far.
        event: what happened.
        message_id: of what told it.
        rulebook: all rules that are in force.
        follow: how a mood goes on; who plays a call twice may remember it from the first time.
        evidence: of a line, what else is known of it.
    """
    if message_id in state.seen_ids:
        return state, StepResult()
    seen_ids = (*state.seen_ids, message_id)[-MAX_SEEN_IDS:]
    state = replace(state, seen_ids=seen_ids)
    if isinstance(event, TranscriptLine):
        return _advise_line(state, event, rulebook=rulebook, evidence=evidence)
    if isinstance(event, Reading) and _is_discounted(state.lines, event):
        return state, StepResult()
    return _advise_event(state, event, rulebook=rulebook, follow=follow)


def _advise_line(
    state: AdviceState, line: TranscriptLine, *, rulebook: Rulebook, evidence: LineEvidence
) -> tuple[AdviceState, StepResult]:
    """A line that brings new words, and counts, is an event; the others are only remembered."""
    judgement = take_line(
        state.lines,
        line,
        is_silent=evidence.is_silent,
        is_vouched=evidence.is_vouched,
        others=evidence.others,
    )
    discounted_ids = {mark.line_id for mark in judgement.marks if mark.discount is not None}
    mood_state = retract_lines(state.mood, discounted_ids) if discounted_ids else state.mood
    state = replace(state, lines=judgement.ledger, mood=mood_state)
    if judgement.line is None:
        return state, StepResult(marks=judgement.marks)
    after, result = _advise_event(state, judgement.line, rulebook=rulebook)
    return after, replace(result, marks=judgement.marks)


def _is_discounted(ledger: Ledger, reading: Reading) -> bool:
    """Whether a line that was read counts for nothing: its reading does not either."""
    return any(
        entry.discount is not None and not set(entry.ids).isdisjoint(reading.line_ids)
        for entry in ledger
    )


def _advise_event(
    state: AdviceState,
    event: Event,
    *,
    rulebook: Rulebook,
    follow: Callable[[MoodState, Reading], MoodState] = update_mood,
) -> tuple[AdviceState, StepResult]:
    mood_state = follow(state.mood, event) if isinstance(event, Reading) else state.mood
    mood = mood_state.mood if mood_state.mood != state.mood.mood else None
    call_state, alerts = advance(
        rulebook, _drop_unknown_playbooks(rulebook, state.call), event, now=event_time(event)
    )
    if mood is not None:
        call_state, mood_alerts = advance(rulebook, call_state, mood, now=mood.at_ms)
        alerts = (*alerts, *mood_alerts)
    return replace(state, mood=mood_state, call=call_state), StepResult(mood, alerts)


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
        "lines": _LEDGER.dump_python(state.lines, mode="json"),
    }


def from_json(value: Mapping[str, Any]) -> AdviceState:
    """And read back: the same state, to the last digit; also what earlier versions wrote."""
    mood_state = value.get("mood_state") or _update_mood_json(value)
    return AdviceState(
        mood=_MOOD_STATE.validate_python(mood_state),
        # A worker of an earlier version kept the playbooks' states in another form.
        call=CallState.from_json(value["call"]) if "call" in value else INITIAL_CALL_STATE,
        seen_ids=tuple(value["seen"]),
        lines=_LEDGER.validate_python(value.get("lines", ())),
    )


_MOOD_STATE = TypeAdapter(MoodState)
_LEDGER: TypeAdapter[Ledger] = TypeAdapter(Ledger)


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
