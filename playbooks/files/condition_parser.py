"""Parsing the ``when`` of a rule file: from its YAML nodes to a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Contrast, Modality
from detectors.utterance import Language, Speaker
from playbooks.conditions.absence import Missing
from playbooks.conditions.call_phase import Phase
from playbooks.conditions.event_based import EmotionRead, Silence, TalkOver, TopicHeard
from playbooks.conditions.feasibility import refuse_impossible
from playbooks.conditions.operators import All, Any, Count, Not, Sequence
from playbooks.conditions.state_based import CallIs, CallTime, MoodIs, PhaseIs, RepeatCaller
from playbooks.files.said_parser import LONGEST_MS, SAID_KEYS, parse_said, within_of
from playbooks.sensitivity import Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbooks.conditions.base import Condition
    from playbooks.text.word_lists import Lexicon
    from playbooks.yaml_nodes import Field

_RANKS = {level: rank for rank, level in enumerate(MoodLevel)}

LONGEST_BACK_MS = 366 * 24 * 3_600_000
"""Longest window over a caller's earlier calls; how long they are kept is a setting."""


def parse_condition(field: Field, lexicon: Lexicon) -> Condition:
    """One node of ``when``: a block with exactly one key, or a list of which all must hold."""
    if field.is_list:
        return _checked(_all(field, lexicon), field)
    block = field.block(CONDITIONS.keys(), elsewhere=_ELSEWHERE)
    if len(block.parts) != 1:
        if len(block.parts) > 1:
            field.refuse("two conditions side by side", 'put them in a list below "all" or "any"')
        elif field.is_block and not field.problems.found:
            field.refuse("an empty condition", "write one")
        return All(())
    name, part = next(iter(block.parts.items()))
    return _checked(CONDITIONS[name](part, lexicon), part)


def _checked(condition: Condition, field: Field) -> Condition:
    refuse_impossible(condition, field)
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

_ELSEWHERE = {
    name: f"indent it, so that it stands inside {where}"
    for where, names in (("said", SAID_KEYS), ("mood", _MOOD_KEYS))
    for name in names
}
"""What people write beside a condition that belongs into it."""


def _all(field: Field, lexicon: Lexicon) -> Condition:
    return All(tuple(parse_condition(item, lexicon) for item in field.items()))


def _any(field: Field, lexicon: Lexicon) -> Condition:
    return Any(tuple(parse_condition(item, lexicon) for item in field.items()))


def _not(field: Field, lexicon: Lexicon) -> Condition:
    return Not(parse_condition(field, lexicon))


def _count(field: Field, lexicon: Lexicon) -> Condition:
    block = field.block({"at_least", "within", "of"})
    return Count(
        parse_condition(block.need("of", "write what is counted"), lexicon),
        block.need("at_least", "write how often").integer(2, 50),
        block.need("within", "write in how much time").duration(1_000, LONGEST_MS),
    )


def _sequence(field: Field, lexicon: Lexicon) -> Condition:
    block = field.block({"within", "of"})
    parts = block.need("of", "list what follows what").items(least=2)
    window = block.need("within", "write in how much time").duration(1_000, LONGEST_MS)
    return Sequence(tuple(parse_condition(part, lexicon) for part in parts), window)


def _missing(field: Field, lexicon: Lexicon) -> Condition:
    block = field.block({"of", "after", "within"})
    after = block.get("after")
    return Missing(
        parse_condition(block.need("of", "write what should have come"), lexicon),
        parse_condition(after, lexicon) if after else None,
        block.need("within", "write how soon").duration(1_000, LONGEST_MS),
    )


def _topic(field: Field, _lexicon: Lexicon) -> Condition:
    if not field.is_block:
        return TopicHeard(topic=field.choice(Topic))
    block = field.block({"is", "within"})
    topic = block.need("is", "write which topic").choice(Topic)
    return TopicHeard(topic=topic, within_ms=within_of(block))


def _reading(field: Field, _lexicon: Lexicon) -> Condition:
    block = field.block({"label", "score", "confidence", "from", "within"})
    score, confidence = block.get("score"), block.get("confidence")
    source = block.get("from")
    return EmotionRead(
        label=block.need("label", "write an emotion, such as anger").choice(Emotion),
        score=score.ratio() if score else 0.5,
        confidence=confidence.ratio() if confidence else 0.0,
        modality=source.choice(Modality) if source else None,
        within_ms=within_of(block),
    )


def _silence(field: Field, _lexicon: Lexicon) -> Condition:
    if not field.is_block:
        return Silence(at_least_ms=field.duration(1_000, LONGEST_MS))
    block = field.block({"at_least", "within"})
    length = block.need("at_least", "write how long").duration(1_000, LONGEST_MS)
    return Silence(at_least_ms=length, within_ms=within_of(block))


def _talk_over(field: Field, _lexicon: Lexicon) -> Condition:
    if not field.is_block:
        return TalkOver(at_least_ms=field.duration(100, LONGEST_MS))
    block = field.block({"at_least", "by", "within"})
    by = block.get("by")
    return TalkOver(
        at_least_ms=block.need("at_least", "write how long").duration(100, LONGEST_MS),
        speaker=by.choice(Speaker) if by else None,
        within_ms=within_of(block),
    )


def _mood(field: Field, _lexicon: Lexicon) -> Condition:
    block = field.block(_MOOD_KEYS)
    if field.is_block and not block.parts.keys() - {"for"} and not field.problems.found:
        field.refuse("mood says nothing", "add level, strain, trend, ...")
    level, label, trend = block.get("level"), block.get("label"), block.get("trend")
    strain, until = block.get("strain"), block.get("until_strain")
    until_level = block.get("until_level")
    shift, disagreement, held = block.get("shift"), block.get("disagreement"), block.get("for")
    contrast, at_most = block.get("contrast"), block.get("at_most")
    if until and (strain is None or until.ratio() > strain.ratio()):
        until.refuse("until_strain is not below a strain", "write a strain above it")
    lowest = until_level.choice(MoodLevel) if until_level else None
    least = level.choice(MoodLevel) if level else None
    if until_level and lowest and (least is None or _RANKS[lowest] >= _RANKS[least]):
        until_level.refuse("until_level is not below a level", "write a level above it")
    most = at_most.choice(MoodLevel) if at_most else None
    if at_most and most and least and _RANKS[most] < _RANKS[least]:
        at_most.refuse("at_most is below the level", "write the other way round")
    return MoodIs(
        level=least,
        at_most=most,
        until_level=lowest,
        strain=strain.ratio() if strain else None,
        until_strain=until.ratio() if until else None,
        label=label.choice(Emotion) if label else None,
        trend=trend.choice(Trend) if trend else None,
        shift=shift.flag() if shift else None,
        disagreement=disagreement.flag() if disagreement else None,
        contrast=contrast.choice(Contrast) if contrast else None,
        for_ms=held.duration(1_000, LONGEST_MS) if held else 0,
    )


def _queue(field: Field, _lexicon: Lexicon) -> Condition:
    if not field.is_list:
        return CallIs(queues=(field.text(longest=128),))
    return CallIs(queues=tuple(item.text(longest=128) for item in field.items()))


def _language(field: Field, _lexicon: Lexicon) -> Condition:
    return CallIs(language=field.choice(Language))


def _call_time(field: Field, _lexicon: Lexicon) -> Condition:
    block = field.block({"after", "before"})
    after, before = block.get("after"), block.get("before")
    start = after.duration(0, 4 * 3_600_000) if after else 0
    end = before.duration(1_000, 4 * 3_600_000) if before else None
    if end is not None and end <= start:
        field.refuse("call_time ends before it begins", "write a before that is after its after")
    return CallTime(after_ms=start, before_ms=end)


def _phase(field: Field, _lexicon: Lexicon) -> Condition:
    if not field.is_list:
        return PhaseIs(phases=frozenset({field.choice(Phase)}))
    return PhaseIs(phases=frozenset(item.choice(Phase) for item in field.items()))


def _repeat_caller(field: Field, _lexicon: Lexicon) -> Condition:
    block = field.block({"calls", "within", "kind"})
    calls, kind = block.get("calls"), block.get("kind")
    within = block.need("within", "write in how much time, such as 7d")
    return RepeatCaller(
        calls=calls.integer(2, 20) if calls else 2,
        within_ms=within.duration(60_000, LONGEST_BACK_MS),
        kind=kind.choice(Sensitive) if kind else None,
    )


CONDITIONS: dict[str, Callable[[Field, Lexicon], Condition]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "count": _count,
    "sequence": _sequence,
    "missing": _missing,
    "said": parse_said,
    "topic": _topic,
    "reading": _reading,
    "mood": _mood,
    "silence": _silence,
    "talk_over": _talk_over,
    "queue": _queue,
    "language": _language,
    "call_time": _call_time,
    "phase": _phase,
    "repeat_caller": _repeat_caller,
}
