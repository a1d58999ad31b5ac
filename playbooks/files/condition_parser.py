"""Parsing the ``when`` of a rule file: from its YAML nodes to a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Contrast, Modality
from detectors.utterance import Language, Speaker
from playbooks.conditions.absence import AbsencePattern
from playbooks.conditions.call_phase import Phase
from playbooks.conditions.event_based import (
    ReadingCondition,
    SilenceCondition,
    TalkOverCondition,
    TopicCondition,
)
from playbooks.conditions.feasibility import check_feasibility
from playbooks.conditions.operators import AllOf, AnyOf, CountPattern, Not, SequencePattern
from playbooks.conditions.state_based import (
    CallCondition,
    CallTimeCondition,
    MoodCondition,
    PhaseCondition,
    RepeatCallerCondition,
)
from playbooks.files.said_parser import MAX_WINDOW_MS, SAID_KEYS, parse_said, parse_within
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbooks.conditions.base import Condition
    from playbooks.text.word_lists import WordLists
    from playbooks.yaml_nodes import YamlField

_RANKS = {level: rank for rank, level in enumerate(MoodLevel)}

MAX_CALLER_WINDOW_MS = 366 * 24 * 3_600_000
"""Longest window over a caller's earlier calls; how long they are kept is a setting."""


def parse_condition(field: YamlField, lexicon: WordLists) -> Condition:
    """One node of ``when``: a block with exactly one key, or a list of which all must hold."""
    if field.is_list:
        return _check_condition(_parse_all(field, lexicon), field)
    block = field.block(CONDITION_PARSERS.keys(), hints=_MISPLACED_KEY_HINTS)
    if len(block.fields) != 1:
        if len(block.fields) > 1:
            field.add_problem(
                "two conditions side by side", 'put them in a list below "all" or "any"'
            )
        elif field.is_block and not field.problems.entries:
            field.add_problem("an empty condition", "write one")
        return AllOf(())
    name, part = next(iter(block.fields.items()))
    return _check_condition(CONDITION_PARSERS[name](part, lexicon), part)


def _check_condition(condition: Condition, field: YamlField) -> Condition:
    check_feasibility(condition, field)
    return condition


_MOOD_KEYS = frozenset(
    {
        "level",
        "at_most",
        "strain",
        "until_strain",
        "until_level",
        "label",
        "trend",
        "shift",
        "disagreement",
        "contrast",
        "for",
    }
)

_MISPLACED_KEY_HINTS = {
    name: f"indent it, so that it stands inside {where}"
    for where, names in (("said", SAID_KEYS), ("mood", _MOOD_KEYS))
    for name in names
}
"""What people write beside a condition that belongs into it."""


def _parse_all(field: YamlField, lexicon: WordLists) -> Condition:
    return AllOf(tuple(parse_condition(item, lexicon) for item in field.items()))


def _parse_any(field: YamlField, lexicon: WordLists) -> Condition:
    return AnyOf(tuple(parse_condition(item, lexicon) for item in field.items()))


def _parse_not(field: YamlField, lexicon: WordLists) -> Condition:
    return Not(parse_condition(field, lexicon))


def _parse_count(field: YamlField, lexicon: WordLists) -> Condition:
    block = field.block({"at_least", "within", "of"})
    return CountPattern(
        parse_condition(block.require("of", "write what is counted"), lexicon),
        block.require("at_least", "write how often").integer(2, 50),
        block.require("within", "write in how much time").duration(1_000, MAX_WINDOW_MS),
    )


def _parse_sequence(field: YamlField, lexicon: WordLists) -> Condition:
    block = field.block({"within", "of"})
    parts = block.require("of", "list what follows what").items(min_items=2)
    window = block.require("within", "write in how much time").duration(1_000, MAX_WINDOW_MS)
    return SequencePattern(tuple(parse_condition(part, lexicon) for part in parts), window)


def _parse_missing(field: YamlField, lexicon: WordLists) -> Condition:
    block = field.block({"of", "after", "within"})
    after = block.get("after")
    return AbsencePattern(
        parse_condition(block.require("of", "write what should have come"), lexicon),
        parse_condition(after, lexicon) if after else None,
        block.require("within", "write how soon").duration(1_000, MAX_WINDOW_MS),
    )


def _parse_topic(field: YamlField, _lexicon: WordLists) -> Condition:
    if not field.is_block:
        return TopicCondition(topic=field.choice(Topic))
    block = field.block({"is", "within"})
    topic = block.require("is", "write which topic").choice(Topic)
    return TopicCondition(topic=topic, within_ms=parse_within(block))


def _parse_reading(field: YamlField, _lexicon: WordLists) -> Condition:
    block = field.block({"label", "score", "confidence", "from", "within"})
    score, confidence = block.get("score"), block.get("confidence")
    source = block.get("from")
    return ReadingCondition(
        label=block.require("label", "write an emotion, such as anger").choice(Emotion),
        score=score.ratio() if score else 0.5,
        confidence=confidence.ratio() if confidence else 0.0,
        modality=source.choice(Modality) if source else None,
        within_ms=parse_within(block),
    )


def _parse_silence(field: YamlField, _lexicon: WordLists) -> Condition:
    if not field.is_block:
        return SilenceCondition(at_least_ms=field.duration(1_000, MAX_WINDOW_MS))
    block = field.block({"at_least", "within"})
    length = block.require("at_least", "write how long").duration(1_000, MAX_WINDOW_MS)
    return SilenceCondition(at_least_ms=length, within_ms=parse_within(block))


def _parse_talk_over(field: YamlField, _lexicon: WordLists) -> Condition:
    if not field.is_block:
        return TalkOverCondition(at_least_ms=field.duration(100, MAX_WINDOW_MS))
    block = field.block({"at_least", "by", "within"})
    by = block.get("by")
    return TalkOverCondition(
        at_least_ms=block.require("at_least", "write how long").duration(100, MAX_WINDOW_MS),
        speaker=by.choice(Speaker) if by else None,
        within_ms=parse_within(block),
    )


def _parse_mood(field: YamlField, _lexicon: WordLists) -> Condition:
    block = field.block(_MOOD_KEYS)
    if field.is_block and not block.fields.keys() - {"for"} and not field.problems.entries:
        field.add_problem("mood says nothing", "add level, strain, trend, ...")
    level, label, trend = block.get("level"), block.get("label"), block.get("trend")
    strain, until_strain = block.get("strain"), block.get("until_strain")
    until_level = block.get("until_level")
    shift, disagreement, duration = block.get("shift"), block.get("disagreement"), block.get("for")
    contrast, at_most = block.get("contrast"), block.get("at_most")
    if until_strain and (strain is None or until_strain.ratio() > strain.ratio()):
        until_strain.add_problem("until_strain is not below a strain", "write a strain above it")
    exit_level = until_level.choice(MoodLevel) if until_level else None
    min_level = level.choice(MoodLevel) if level else None
    if (
        until_level
        and exit_level
        and (min_level is None or _RANKS[exit_level] >= _RANKS[min_level])
    ):
        until_level.add_problem("until_level is not below a level", "write a level above it")
    max_level = at_most.choice(MoodLevel) if at_most else None
    if at_most and max_level and min_level and _RANKS[max_level] < _RANKS[min_level]:
        at_most.add_problem("at_most is below the level", "write the other way round")
    return MoodCondition(
        level=min_level,
        at_most=max_level,
        until_level=exit_level,
        strain=strain.ratio() if strain else None,
        until_strain=until_strain.ratio() if until_strain else None,
        label=label.choice(Emotion) if label else None,
        trend=trend.choice(Trend) if trend else None,
        shift=shift.flag() if shift else None,
        disagreement=disagreement.flag() if disagreement else None,
        contrast=contrast.choice(Contrast) if contrast else None,
        for_ms=duration.duration(1_000, MAX_WINDOW_MS) if duration else 0,
    )


def _parse_queue(field: YamlField, _lexicon: WordLists) -> Condition:
    if not field.is_list:
        return CallCondition(queues=(field.text(max_length=128),))
    return CallCondition(queues=tuple(item.text(max_length=128) for item in field.items()))


def _parse_language(field: YamlField, _lexicon: WordLists) -> Condition:
    return CallCondition(language=field.choice(Language))


def _parse_call_time(field: YamlField, _lexicon: WordLists) -> Condition:
    block = field.block({"after", "before"})
    after, before = block.get("after"), block.get("before")
    start = after.duration(0, 4 * 3_600_000) if after else 0
    end = before.duration(1_000, 4 * 3_600_000) if before else None
    if end is not None and end <= start:
        field.add_problem(
            "call_time ends before it begins", "write a before that is after its after"
        )
    return CallTimeCondition(after_ms=start, before_ms=end)


def _parse_phase(field: YamlField, _lexicon: WordLists) -> Condition:
    if not field.is_list:
        return PhaseCondition(phases=frozenset({field.choice(Phase)}))
    return PhaseCondition(phases=frozenset(item.choice(Phase) for item in field.items()))


def _parse_repeat_caller(field: YamlField, _lexicon: WordLists) -> Condition:
    block = field.block({"calls", "within", "kind"})
    calls, kind = block.get("calls"), block.get("kind")
    within = block.require("within", "write in how much time, such as 7d")
    return RepeatCallerCondition(
        calls=calls.integer(2, 20) if calls else 2,
        within_ms=within.duration(60_000, MAX_CALLER_WINDOW_MS),
        kind=kind.choice(SensitivityKind) if kind else None,
    )


CONDITION_PARSERS: dict[str, Callable[[YamlField, WordLists], Condition]] = {
    "all": _parse_all,
    "any": _parse_any,
    "not": _parse_not,
    "count": _parse_count,
    "sequence": _parse_sequence,
    "missing": _parse_missing,
    "said": parse_said,
    "topic": _parse_topic,
    "reading": _parse_reading,
    "mood": _parse_mood,
    "silence": _parse_silence,
    "talk_over": _parse_talk_over,
    "queue": _parse_queue,
    "language": _parse_language,
    "call_time": _parse_call_time,
    "phase": _parse_phase,
    "repeat_caller": _parse_repeat_caller,
}
