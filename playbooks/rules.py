"""Parsing a rule file: from its YAML nodes to a playbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Modality
from detectors.utterance import Language, Speaker
from playbooks.combining import All, Any, Count, Not, Sequence
from playbooks.conditions import (
    CallIs,
    CallTime,
    Condition,
    EmotionRead,
    MoodIs,
    Said,
    Silence,
    TalkOver,
    TopicHeard,
)
from playbooks.phrases import PhraseError, Phrases, checked
from playbooks.playbook import AlertLevel, Playbook, Rung
from playbooks.timelines import parse_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbooks.document import Block, Field

KEYS = frozenset(
    {
        *("id", "version", "owner", "level", "title", "why", "steps", "ladder"),
        *("when", "cooldown", "at_most", "priority", "supersedes", "tests"),
    }
)
LONGEST_MS = 10 * 60_000
"""Longest window of a condition: it bounds what a call's state must remember."""

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LANGUAGES = frozenset(language.value for language in Language)
_BOTH = "write both ko and en"


def parse_playbook(top: Field) -> Playbook:
    """One playbook. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(KEYS)
    when = block.need("when", "write the condition that opens this page")
    known = len(top.problems.found)
    condition = parse_condition(when)
    if len(top.problems.found) == known and not sets_off(condition):
        when.refuse("nothing in it can happen", "add said, topic, reading, mood, silence, ...")
    rungs = _rungs(block)
    at_most, cooldown = block.get("at_most"), block.get("cooldown")
    priority, supersedes = block.get("priority"), block.get("supersedes")
    return Playbook(
        playbook_id=_identifier(block.need("id", "name it, such as rising-anger")),
        version=block.need("version", "begin with version: 1").integer(1, 1_000_000),
        owner=block.need("owner", "write who answers for this page").text(longest=80),
        title=_texts(block.need("title", _BOTH)),
        why=_texts(block.need("why", _BOTH)),
        when=condition,
        rungs=rungs,
        cooldown_ms=cooldown.duration(1_000, 3_600_000) if cooldown else 60_000,
        at_most=at_most.integer(1, 100) if at_most else max(3, len(rungs)),
        priority=priority.integer(0, 1_000) if priority else 0,
        supersedes=frozenset(map(_identifier, supersedes.items() if supersedes else [])),
        cases=parse_cases(block.need("tests", "add a test that fires and one that does not")),
    )


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


def _rungs(block: Block) -> tuple[Rung, ...]:
    ladder = block.get("ladder")
    if ladder is None:
        return (_rung(block),)
    for name in ("level", "steps"):
        if part := block.get(name):
            part.refuse(f"{name} stands beside a ladder", "write it in the ladder's entries")
    return tuple(_rung(item.block({"level", "title", "steps"})) for item in ladder.items(least=2))


def _rung(block: Block) -> Rung:
    return Rung(
        level=block.need("level", "write notice, warning or critical").choice(AlertLevel),
        title=_texts(block.need("title", _BOTH)),
        steps=_text_lists(block.need("steps", f"{_BOTH}, each with a list")),
    )


def _identifier(field: Field) -> str:
    text = field.text(longest=60)
    if text and not _ID.fullmatch(text):
        field.refuse(f"{text!r} is no id", "use small letters, digits and single hyphens")
    return text


def _texts(field: Field) -> dict[Language, str]:
    block = field.block(_LANGUAGES)
    return {
        language: block.need(language, "translate it").text(longest=300) for language in Language
    }


def _text_lists(field: Field) -> dict[Language, tuple[str, ...]]:
    block = field.block(_LANGUAGES)
    texts = {
        language: tuple(i.text() for i in block.need(language, "translate it").items())
        for language in Language
    }
    lengths = {len(texts[language]) for language in Language}
    if len(lengths) > 1 and len(block.parts) == len(Language):
        field.refuse("ko and en have different numbers of steps", "translate each step")
    return texts


def parse_condition(field: Field) -> Condition:
    """One node of ``when``: a block with exactly one key, or a list of which all must hold."""
    if field.is_list:
        return All(tuple(parse_condition(item) for item in field.items()))
    block = field.block(_PARSERS.keys())
    if len(block.parts) != 1:
        if len(block.parts) > 1:
            field.refuse("two conditions side by side", 'put them in a list below "all" or "any"')
        elif field.is_block and not field.problems.found:
            field.refuse("an empty condition", "write one")
        return All(())
    name, part = next(iter(block.parts.items()))
    return _PARSERS[name](part)


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
    friends = _phrases(but_not.block(_LANGUAGES)) if but_not else {}
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
    {"level", "strain", "until_strain", "label", "trend", "shift", "disagreement", "for"}
)


def _mood(field: Field) -> Condition:
    block = field.block(_MOOD_KEYS)
    if field.is_block and not block.parts.keys() - {"for"} and not field.problems.found:
        field.refuse("mood says nothing", "add level, strain, trend, ...")
    level, label, trend = block.get("level"), block.get("label"), block.get("trend")
    strain, until = block.get("strain"), block.get("until_strain")
    shift, disagreement, held = block.get("shift"), block.get("disagreement"), block.get("for")
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


_PARSERS: dict[str, Callable[[Field], Condition]] = {
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
