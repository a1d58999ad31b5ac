"""Building calls for tests: T0 + seconds, one short function per kind of event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel
from detectors.reading import Modality, Reading
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from playbooks.engine.engine import advance
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import INITIAL_CALL_STATE, CallState
from playbooks.events import event_time
from playbooks.files.playbook_parser import parse_playbook
from playbooks.yaml_nodes import FileProblems, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.alert import Alert
    from playbooks.events import Event
    from playbooks.playbook import Playbook

CALL = "c1"
SECOND = 1000


def line(
    at: int,
    text: str,
    *,
    by: Speaker = Speaker.CUSTOMER,
    final: bool = True,
    language: Language = Language.ENGLISH,
) -> TranscriptLine:
    return TranscriptLine(CALL, by, _before(at, 1), text, language, final)


def mood(at: int, level: MoodLevel, *, strain: float = 0.7) -> Mood:
    return Mood(CALL, at * SECOND, {Emotion.ANGER: 1.0}, strain, level, number=at)


def reading(
    at: int,
    *,
    topics: tuple[Topic, ...] = (),
    anger: float = 0.9,
    abstained: bool = False,
    modality: Modality = Modality.TEXT,
) -> Reading:
    scores = {Emotion.ANGER: anger, Emotion.NEUTRAL: 1 - anger}
    span = _before(at, 1)
    return Reading(CALL, span, modality, "d", "1", scores, 0.9, abstained, topics=topics)


def silence(at: int, length: int) -> Turn:
    return Turn(CALL, TurnKind.SILENCE, _before(at, length))


def talk_over(at: int, length: int, by: Speaker = Speaker.AGENT) -> Turn:
    return Turn(CALL, TurnKind.TALK_OVER, _before(at, length), by)


def playbook(when: str, *, extra: str = "cooldown: 10s\nat_most: 5\n") -> Playbook:
    """A playbook whose ``when`` is the given line of YAML."""
    text = f"id: rule\nwhen: {when}\n{extra}{REST}"
    problems = FileProblems("rule.yaml")
    top = parse_yaml(text.encode(), problems)
    assert top is not None, problems.lines()
    made = parse_playbook(top, {})
    assert not problems.entries, problems.lines()
    return made


REST = """\
version: 1
owner: tests
level: notice
title: {ko: 제목, en: title}
why: {ko: 이유, en: why}
steps: [{ko: 하나, en: one}]
tests:
  - {name: a, timeline: [{at: 1s, customer says: x}], alerts: [{at: 1s}]}
  - {name: b, timeline: [{at: 1s, customer says: x}], alerts: none}
"""


def replayed(rule: Playbook, events: Iterable[Event]) -> tuple[CallState, list[Alert]]:
    alone = Rulebook((rule,))
    state, alerts = INITIAL_CALL_STATE, []
    for event in events:
        state, fired = advance(alone, state, event, now=event_time(event))
        alerts += fired
    return state, alerts


def fired_at(rule: Playbook, *events: Event) -> list[int]:
    """When it fires, in whole seconds."""
    return [alert.at_ms // SECOND for alert in replayed(rule, events)[1]]


def _before(at: int, length: int) -> TimeSpan:
    return TimeSpan(max(0, at - length) * SECOND, at * SECOND)
