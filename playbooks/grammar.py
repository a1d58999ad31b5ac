"""Parsing the ``when`` of a rule file: from its YAML nodes to a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Contrast, Modality
from detectors.utterance import Language, Speaker
from playbooks.combining import All, Any, Count, Not, Sequence
from playbooks.happenings import EmotionRead, Said, Silence, TalkOver, TopicHeard
from playbooks.lasting import CallIs, CallTime, MoodIs
from playbooks.phrases import PhraseError, Phrases, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbooks.conditions import Condition
    from playbooks.document import Block, Field

LANGUAGES = frozenset(language.value for language in Language)

LONGEST_MS = 10 * 60_000
"""Longest window of a condition: it bounds what a call's state must remember."""


def parse_condition(field: Field) -> Condition:
    """One node of ``when``: a block with exactly one key, or a list of which all must hold."""
    if field.is_list:
        return All(tuple(parse_condition(item) for item in field.items()))
    block = field.block(CONDITIONS.keys())
    if len(block.parts) != 1:
        if len(block.parts) > 1:
            field.refuse("two conditions side by side", 'put them in a list below "all" or "any"')
        elif field.is_block and not field.problems.found:
            field.refuse("an empty condition", "write one")
        return All(())
    name, part = next(iter(block.parts.items()))
    return CONDITIONS[name](part)


def _all(field: Field) -> Condition:
    return All(tuple(parse_condition(item) for item in field.items()))


def _any(field: Field) -> Condition:
    return Any(tuple(parse_condition(item) for item in field.items()))


def _not(field: Field) -> Condition:
    return Not(parse_condition(field))


def _count(field: Field) -> Condition:
    block = field.block({"at_least", "within", "of"})
    return Count(
        parse_condition(block.need("of", "write what is counted")),
        block.need("at_least", "write how often").integer(2, 50),
        block.need("within", "write in how much time").duration(1_000, LONGEST_MS),
    )


def _sequence(field: Field) -> Condition:
    block = field.block({"within", "of"})
    parts = block.need("of", "list what follows what").items(least=2)
    window = block.need("within", "write in how much time").duration(1_000, LONGEST_MS)
    return Sequence(tuple(parse_condition(part) for part in parts), window)


def _said(field: Field) -> Condition:
    block = field.block({"by", "ko", "en", "but_not", "within"})
    by, but_not = block.get("by"), block.get("but_not")
    wanted = _phrases(block)
    if field.is_block and not any(wanted.values()):
        field.refuse("said has no phrases", "list some below ko, en or both")
    friends = _phrases(but_not.block(LANGUAGES)) if but_not else {}
    return Said(
        speaker=by.choice(Speaker) if by else Speaker.CUSTOMER,
        phrases=Phrases(wanted if any(wanted.values()) else _ANYTHING, friends),
        within_ms=_within(block),
    )


_ANYTHING = {Language.ENGLISH: ("anything",)}
"""Stands in for phrases that were refused; never part of a loaded playbook."""


def _phrases(block: Block) -> dict[Language, tuple[str, ...]]:
    phrases = {}
    for language in Language:
        part = block.get(language)
        found = [_phrase(item) for item in part.items()] if part else []
        phrases[language] = tuple(phrase for phrase in found if phrase)
    return phrases


def _phrase(field: Field) -> str | None:
    text = field.text()
    if not text:
        return None
    try:
        return checked(text)
    except PhraseError as error:
        what, _, advice = str(error).partition("; ")
        field.refuse(f"{text[:40]!r} {what}", advice)
        return None


def _topic(field: Field) -> Condition:
    if not field.is_block:
        return TopicHeard(topic=field.choice(Topic))
    block = field.block({"is", "within"})
    topic = block.need("is", "write which topic").choice(Topic)
    return TopicHeard(topic=topic, within_ms=_within(block))


def _reading(field: Field) -> Condition:
    block = field.block({"label", "score", "confidence", "from", "within"})
    score, confidence = block.get("score"), block.get("confidence")
    source = block.get("from")
    return EmotionRead(
        label=block.need("label", "write an emotion, such as anger").choice(Emotion),
        score=score.ratio() if score else 0.5,
        confidence=confidence.ratio() if confidence else 0.0,
        modality=source.choice(Modality) if source else None,
        within_ms=_within(block),
    )


def _silence(field: Field) -> Condition:
    if not field.is_block:
        return Silence(at_least_ms=field.duration(1_000, LONGEST_MS))
    block = field.block({"at_least", "within"})
    length = block.need("at_least", "write how long").duration(1_000, LONGEST_MS)
    return Silence(at_least_ms=length, within_ms=_within(block))


def _talk_over(field: Field) -> Condition:
    if not field.is_block:
        return TalkOver(at_least_ms=field.duration(100, LONGEST_MS))
    block = field.block({"at_least", "by", "within"})
    by = block.get("by")
    return TalkOver(
        at_least_ms=block.need("at_least", "write how long").duration(100, LONGEST_MS),
        speaker=by.choice(Speaker) if by else None,
        within_ms=_within(block),
    )


_MOOD_KEYS = frozenset(
    {
        "level",
        "strain",
        "until_strain",
        "label",
        "trend",
        "shift",
        "disagreement",
        "contrast",
        "for",
    }
)


def _mood(field: Field) -> Condition:
    block = field.block(_MOOD_KEYS)
    if field.is_block and not block.parts.keys() - {"for"} and not field.problems.found:
        field.refuse("mood says nothing", "add level, strain, trend, ...")
    level, label, trend = block.get("level"), block.get("label"), block.get("trend")
    strain, until = block.get("strain"), block.get("until_strain")
    shift, disagreement, held = block.get("shift"), block.get("disagreement"), block.get("for")
    contrast = block.get("contrast")
    if until and (strain is None or until.ratio() > strain.ratio()):
        until.refuse("until_strain is not below a strain", "write a strain above it")
    return MoodIs(
        level=level.choice(MoodLevel) if level else None,
        strain=strain.ratio() if strain else None,
        until_strain=until.ratio() if until else None,
        label=label.choice(Emotion) if label else None,
        trend=trend.choice(Trend) if trend else None,
        shift=shift.flag() if shift else None,
        disagreement=disagreement.flag() if disagreement else None,
        contrast=contrast.choice(Contrast) if contrast else None,
        for_ms=held.duration(1_000, LONGEST_MS) if held else 0,
    )


def _queue(field: Field) -> Condition:
    if not field.is_list:
        return CallIs(queues=(field.text(longest=128),))
    return CallIs(queues=tuple(item.text(longest=128) for item in field.items()))


def _language(field: Field) -> Condition:
    return CallIs(language=field.choice(Language))


def _call_time(field: Field) -> Condition:
    block = field.block({"after", "before"})
    after, before = block.get("after"), block.get("before")
    start = after.duration(0, 4 * 3_600_000) if after else 0
    end = before.duration(1_000, 4 * 3_600_000) if before else None
    if end is not None and end <= start:
        field.refuse("call_time ends before it begins", "write a before that is after its after")
    return CallTime(after_ms=start, before_ms=end)


def _within(block: Block) -> int:
    part = block.get("within")
    return part.duration(1_000, LONGEST_MS) if part else 0


CONDITIONS: dict[str, Callable[[Field], Condition]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "count": _count,
    "sequence": _sequence,
    "said": _said,
    "topic": _topic,
    "reading": _reading,
    "mood": _mood,
    "silence": _silence,
    "talk_over": _talk_over,
    "queue": _queue,
    "language": _language,
    "call_time": _call_time,
}


def sets_off(condition: Condition) -> bool:
    """It can become true because something happened, not only because time passed."""
    match condition:
        case CallIs() | CallTime() | Not():
            return False
        case All(parts):
            return any(map(sets_off, parts))
        case Any(parts) | Sequence(parts, _):
            return bool(parts) and all(map(sets_off, parts))
        case Count(part, _, _):
            return sets_off(part)
        case _:
            return True
