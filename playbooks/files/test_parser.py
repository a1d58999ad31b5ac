"""Parsing the tests of a rule file: ``at``, what happened, and the alerts that must come."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Contrast, Modality, Reading, TopicMatch
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from playbooks.alert import AlertLevel
from playbooks.events import CallerIdentified, CallStarted, EarlierCall, Event
from playbooks.sensitivity import SensitivityKind
from playbooks.test_case import CALL_ID, ExpectedAlert, PlaybookTestCase

if TYPE_CHECKING:
    from playbooks.yaml_nodes import YamlBlock, YamlField

DAY_MS = 24 * 3_600_000
YEAR_MS = 366 * DAY_MS
_LINE_MS = 1_000
"""How long a line or an utterance of a test lasts; it ends at its ``at``."""

_SPEAKER_KEYS = {"customer says": Speaker.CUSTOMER, "agent says": Speaker.AGENT}
_EVENT_KEYS = (*_SPEAKER_KEYS, "mood", "reading", "topic", "silence", "talk_over")
_DEFAULT_STRAIN = {MoodLevel.CALM: 0.1, MoodLevel.TENSE: 0.5, MoodLevel.UPSET: 0.7}
_TALK_OVER = re.compile(r"(\S+) by (customer|agent)")


def parse_cases(field: YamlField) -> tuple[PlaybookTestCase, ...]:
    """All tests; at least one must expect an alert and one must expect none."""
    cases = tuple(_parse_case(item) for item in field.items())
    if cases and not any(case.expected for case in cases):
        field.add_problem("no test expects an alert", "add a call in which the playbook must fire")
    if cases and all(case.expected for case in cases):
        field.add_problem("no test expects silence", "add a near miss with alerts: none")
    return cases


def _parse_case(field: YamlField) -> PlaybookTestCase:
    block = field.block({"name", "language", "queue", "caller", "timeline", "alerts"})
    language = block.get("language")
    queue, caller = block.get("queue"), block.get("caller")
    call = CallStarted(
        CALL_ID,
        queue=queue.text() if queue else "",
        language=language.choice(Language) if language else Language.KOREAN,
    )
    entries = block.require("timeline", "write what happens, each with its at").items()
    events = [_parse_event(entry, call.language) for entry in entries]
    _check_order(entries)
    return PlaybookTestCase(
        name=block.require("name", "say in a few words what is claimed").text(max_length=120),
        location=f"{field.problems.name}:{field.line}",
        events=(call, *_parse_caller(caller), *(event for event in events if event)),
        expected=_parse_expected(block.require("alerts", "write none, or when alerts must come")),
    )


def _parse_caller(field: YamlField | None) -> tuple[CallerIdentified, ...]:
    """What is known of the caller at the call's start, if there were earlier calls."""
    if field is None:
        return ()
    earlier_calls = (_parse_earlier_call(item.block({"ago", "kinds"})) for item in field.items())
    return (CallerIdentified(CALL_ID, tuple(sorted(earlier_calls, key=lambda call: call.ago_ms))),)


def _parse_earlier_call(block: YamlBlock) -> EarlierCall:
    kinds = block.get("kinds")
    return EarlierCall(
        block.require("ago", "write how long before this call, such as 2h").duration(1, YEAR_MS),
        frozenset(item.choice(SensitivityKind) for item in kinds.items()) if kinds else frozenset(),
    )


def _check_order(entries: list[YamlField]) -> None:
    last_ms = 0
    for entry in entries:
        at_ms = _parse_at(entry.block({"at", *_EVENT_KEYS}))
        if at_ms < last_ms:
            entry.add_problem("it happens before the entry above", "put the timeline in order")
        last_ms = max(last_ms, at_ms)


def _parse_expected(field: YamlField) -> tuple[ExpectedAlert, ...]:
    if not field.is_list and field.node is not None and field.node.value == "none":
        return ()
    expected = []
    for item in field.items(min_items=0):
        block = item.block({"at", "step", "level"})
        step, level = block.get("step"), block.get("level")
        expected.append(
            ExpectedAlert(
                _parse_at(block),
                step.integer(1, 100) if step else None,
                level.choice(AlertLevel) if level else None,
            )
        )
    return tuple(expected)


def _parse_at(block: YamlBlock) -> int:
    return block.require("at", "write when, such as at: 12s").duration(0, DAY_MS)


def _parse_event(field: YamlField, language: Language) -> Event | None:
    block = field.block({"at", *_EVENT_KEYS})
    at_ms = _parse_at(block)
    event_keys = [name for name in block.fields if name != "at"]
    if len(event_keys) != 1:
        advice = f"write exactly one of {', '.join(_EVENT_KEYS)}"
        field.add_problem(f"{len(event_keys)} things happen in one entry", advice)
        return None
    return _parse_event_value(block.fields[event_keys[0]], at_ms, language)


def _parse_event_value(field: YamlField, at_ms: int, language: Language) -> Event:
    span = TimeSpan(max(0, at_ms - _LINE_MS), at_ms)
    if field.name in _SPEAKER_KEYS:
        return TranscriptLine(CALL_ID, _SPEAKER_KEYS[field.name], span, field.text(), language)
    match field.name:
        case "mood":
            return _parse_mood(field, at_ms)
        case "reading":
            return _parse_reading(field, span)
        case "topic":
            return _parse_topic(field, span)
        case "silence":
            length = field.duration(0, DAY_MS)
            return Turn(CALL_ID, TurnKind.SILENCE, TimeSpan(max(0, at_ms - length), at_ms))
        case _:
            return _parse_talk_over(field, at_ms)


def _parse_topic(field: YamlField, span: TimeSpan) -> Reading:
    """A topic alone, or with the words that the detector found it by."""
    block = field.block({"is", "words"}) if field.is_block else None
    topic = (block.require("is", "write which topic") if block else field).choice(Topic)
    words = block.require("words", "write what was said").text(max_length=600) if block else ""
    matches = (TopicMatch(topic, words),) if words else ()
    reading = _build_reading(span, Modality.TEXT, Emotion.NEUTRAL, topics=(topic,))
    return replace(reading, topic_matches=matches)


def _parse_talk_over(field: YamlField, at_ms: int) -> Turn:
    match = _TALK_OVER.fullmatch(field.text())
    if not match:
        field.add_problem("talk_over is not understood", "write something like 2s by agent")
        return Turn(CALL_ID, TurnKind.TALK_OVER, TimeSpan(at_ms, at_ms), Speaker.AGENT)
    length = field.subfield(match.group(1)).duration(0, DAY_MS)
    span = TimeSpan(max(0, at_ms - length), at_ms)
    return Turn(CALL_ID, TurnKind.TALK_OVER, span, Speaker(match.group(2)))


def _parse_mood(field: YamlField, at_ms: int) -> Mood:
    block = field.block({"level", "strain", "label", "trend", "shift", "disagreement", "contrast"})
    level = block.require("level", "write calm, tense or upset").choice(MoodLevel)
    strain, label, trend = block.get("strain"), block.get("label"), block.get("trend")
    shift, disagreement = block.get("shift"), block.get("disagreement")
    contrast = block.get("contrast")
    default_label = Emotion.NEUTRAL if level is MoodLevel.CALM else Emotion.ANGER
    return Mood(
        CALL_ID,
        at_ms,
        scores={label.choice(Emotion) if label else default_label: 1.0},
        strain=strain.ratio() if strain else _DEFAULT_STRAIN[level],
        level=level,
        trend=trend.choice(Trend) if trend else Trend.STEADY,
        shift=shift.flag() if shift else False,
        disagreement=disagreement.flag() if disagreement else contrast is not None,
        contrast=contrast.choice(Contrast) if contrast else None,
        number=at_ms,
    )


def _parse_reading(field: YamlField, span: TimeSpan) -> Reading:
    block = field.block({"label", "score", "confidence", "from", "abstained"})
    label = block.require("label", "write an emotion, such as anger").choice(Emotion)
    score, confidence = block.get("score"), block.get("confidence")
    source, abstained = block.get("from"), block.get("abstained")
    return _build_reading(
        span,
        source.choice(Modality) if source else Modality.VOICE,
        label,
        score=score.ratio() if score else 0.8,
        confidence=confidence.ratio() if confidence else 0.8,
        abstained=abstained.flag() if abstained else False,
    )


def _build_reading(  # noqa: PLR0913 - a reading has this many sides
    span: TimeSpan,
    modality: Modality,
    label: Emotion,
    *,
    score: float = 0.8,
    confidence: float = 0.8,
    abstained: bool = False,
    topics: tuple[Topic, ...] = (),
) -> Reading:
    return Reading(
        CALL_ID,
        span,
        modality,
        detector="test",
        version="0",
        scores={label: score},
        confidence=confidence,
        abstained=abstained,
        topics=topics,
    )
