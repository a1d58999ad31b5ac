"""Parsing the tests of a rule file: ``at``, what happened, and the alerts that must come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Contrast, Modality, Reading
from detectors.utterance import Language, Span, Speaker, TranscriptLine, Turn, TurnKind
from playbooks.events import CallerKnown, CallStarted, EarlierCall, Event
from playbooks.playbook import AlertLevel
from playbooks.sensitivity import Sensitive
from playbooks.test_case import CALL_ID, Case, Expected

if TYPE_CHECKING:
    from playbooks.yaml_nodes import Block, Field

DAY_MS = 24 * 3_600_000
YEAR_MS = 366 * DAY_MS
_LINE_MS = 1_000
"""How long a line or an utterance of a test lasts; it ends at its ``at``."""

_SAYS = {"customer says": Speaker.CUSTOMER, "agent says": Speaker.AGENT}
_HAPPENINGS = (*_SAYS, "mood", "reading", "topic", "silence", "talk_over")
_STRAIN = {MoodLevel.CALM: 0.1, MoodLevel.TENSE: 0.5, MoodLevel.UPSET: 0.7}
_TALK_OVER = re.compile(r"(\S+) by (customer|agent)")


def parse_cases(field: Field) -> tuple[Case, ...]:
    """All tests; at least one must expect an alert and one must expect none."""
    cases = tuple(_case(item) for item in field.items())
    if cases and not any(case.expected for case in cases):
        field.refuse("no test expects an alert", "add a call in which the playbook must fire")
    if cases and all(case.expected for case in cases):
        field.refuse("no test expects silence", "add a near miss with alerts: none")
    return cases


def _case(field: Field) -> Case:
    block = field.block({"name", "language", "queue", "caller", "timeline", "alerts"})
    language = block.get("language")
    queue, caller = block.get("queue"), block.get("caller")
    call = CallStarted(
        CALL_ID,
        queue=queue.text() if queue else "",
        language=language.choice(Language) if language else Language.KOREAN,
    )
    entries = block.need("timeline", "write what happens, each with its at").items()
    events = [_event(entry, call.language) for entry in entries]
    _refuse_disorder(entries)
    return Case(
        name=block.need("name", "say in a few words what is claimed").text(longest=120),
        where=f"{field.problems.name}:{field.line}",
        events=(call, *_caller(caller), *(event for event in events if event)),
        expected=_expected(block.need("alerts", "write none, or when alerts must come")),
    )


def _caller(field: Field | None) -> tuple[CallerKnown, ...]:
    """What is known of the caller at the call's start, if there were earlier calls."""
    if field is None:
        return ()
    earlier = (_earlier(item.block({"ago", "kinds"})) for item in field.items())
    return (CallerKnown(CALL_ID, tuple(sorted(earlier, key=lambda call: call.ago_ms))),)


def _earlier(block: Block) -> EarlierCall:
    kinds = block.get("kinds")
    return EarlierCall(
        block.need("ago", "write how long before this call, such as 2h").duration(1, YEAR_MS),
        frozenset(item.choice(Sensitive) for item in kinds.items()) if kinds else frozenset(),
    )


def _refuse_disorder(entries: list[Field]) -> None:
    last = 0
    for entry in entries:
        at = _at(entry.block({"at", *_HAPPENINGS}))
        if at < last:
            entry.refuse("it happens before the entry above", "put the timeline in order")
        last = max(last, at)


def _expected(field: Field) -> tuple[Expected, ...]:
    if not field.is_list and field.node is not None and field.node.value == "none":
        return ()
    expected = []
    for item in field.items(least=0):
        block = item.block({"at", "step", "level"})
        step, level = block.get("step"), block.get("level")
        expected.append(
            Expected(
                _at(block),
                step.integer(1, 100) if step else None,
                level.choice(AlertLevel) if level else None,
            )
        )
    return tuple(expected)


def _at(block: Block) -> int:
    return block.need("at", "write when, such as at: 12s").duration(0, DAY_MS)


def _event(field: Field, language: Language) -> Event | None:
    block = field.block({"at", *_HAPPENINGS})
    at = _at(block)
    happened = [name for name in block.parts if name != "at"]
    if len(happened) != 1:
        advice = f"write exactly one of {', '.join(_HAPPENINGS)}"
        field.refuse(f"{len(happened)} things happen in one entry", advice)
        return None
    return _happened(block.parts[happened[0]], at, language)


def _happened(part: Field, at: int, language: Language) -> Event:
    span = Span(max(0, at - _LINE_MS), at)
    if part.name in _SAYS:
        return TranscriptLine(CALL_ID, _SAYS[part.name], span, part.text(), language)
    match part.name:
        case "mood":
            return _mood(part, at)
        case "reading":
            return _reading(part, span)
        case "topic":
            return _read(span, Modality.TEXT, Emotion.NEUTRAL, topics=(part.choice(Topic),))
        case "silence":
            length = part.duration(0, DAY_MS)
            return Turn(CALL_ID, TurnKind.SILENCE, Span(max(0, at - length), at))
        case _:
            return _talk_over(part, at)


def _talk_over(field: Field, at: int) -> Turn:
    match = _TALK_OVER.fullmatch(field.text())
    if not match:
        field.refuse("talk_over is not understood", "write something like 2s by agent")
        return Turn(CALL_ID, TurnKind.TALK_OVER, Span(at, at), Speaker.AGENT)
    length = field.part(match.group(1)).duration(0, DAY_MS)
    span = Span(max(0, at - length), at)
    return Turn(CALL_ID, TurnKind.TALK_OVER, span, Speaker(match.group(2)))


def _mood(field: Field, at: int) -> Mood:
    block = field.block({"level", "strain", "label", "trend", "shift", "disagreement", "contrast"})
    level = block.need("level", "write calm, tense or upset").choice(MoodLevel)
    strain, label, trend = block.get("strain"), block.get("label"), block.get("trend")
    shift, disagreement = block.get("shift"), block.get("disagreement")
    contrast = block.get("contrast")
    usual = Emotion.NEUTRAL if level is MoodLevel.CALM else Emotion.ANGER
    return Mood(
        CALL_ID,
        at,
        scores={label.choice(Emotion) if label else usual: 1.0},
        strain=strain.ratio() if strain else _STRAIN[level],
        level=level,
        trend=trend.choice(Trend) if trend else Trend.STEADY,
        shift=shift.flag() if shift else False,
        disagreement=disagreement.flag() if disagreement else contrast is not None,
        contrast=contrast.choice(Contrast) if contrast else None,
        number=at,
    )


def _reading(field: Field, span: Span) -> Reading:
    block = field.block({"label", "score", "confidence", "from", "abstained"})
    label = block.need("label", "write an emotion, such as anger").choice(Emotion)
    score, confidence = block.get("score"), block.get("confidence")
    source, abstained = block.get("from"), block.get("abstained")
    return _read(
        span,
        source.choice(Modality) if source else Modality.VOICE,
        label,
        score=score.ratio() if score else 0.8,
        confidence=confidence.ratio() if confidence else 0.8,
        abstained=abstained.flag() if abstained else False,
    )


def _read(  # noqa: PLR0913 - a reading has this many sides
    span: Span,
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
