"""Conditions with one thing taken away: a playbook whose tests do not notice has too few tests."""

from __future__ import annotations

import typing
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING

from detectors.utterance import Speaker
from playbooks.conditions.absence import Missing
from playbooks.conditions.base import Condition
from playbooks.conditions.event_based import EmotionRead, Said, Silence, TalkOver, TopicHeard
from playbooks.conditions.operators import All, Any, Count, Not, Sequence
from playbooks.conditions.state_based import CallIs, CallTime, MoodIs, PhaseIs, RepeatCaller
from playbooks.review.test_runner import run_cases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playbooks.playbook import Playbook
    from playbooks.text.phrases import Phrases

    Happens = Said | TopicHeard | EmotionRead | Silence | TalkOver

Mutant = tuple[str, Condition]
"""What was done to a condition, in a few words, and what is left of it."""

FAR_MS = 10**12
"""Longer than any call, and than anybody's memory."""


def unnoticed(playbook: Playbook, *, shared: Collection[str] = ()) -> list[str]:
    """What can be taken away from a playbook without any of its own tests failing.

    Args:
        playbook: the rule, with its tests.
        shared: false friends that are not its own: those of word lists.
    """
    return [
        name
        for name, when in mutants(playbook.when)
        if not name.endswith(tuple(map(sparing, shared)))
        and all(outcome.passed for outcome in run_cases(replace(playbook, when=when)))
    ]


def sparing(friend: str) -> str:
    """The name of the mutant that does not spare this false friend."""
    return f"not sparing {friend!r}"


@singledispatch
def mutants(condition: Condition) -> Iterator[Mutant]:
    """The condition with one thing taken away, in every possible way."""
    del condition
    return iter(())


@mutants.register(All)
@mutants.register(Any)
@mutants.register(Sequence)
def _(condition: All | Any | Sequence) -> Iterator[Mutant]:
    parts = condition.parts
    for place, part in enumerate(parts):
        before, after = parts[:place], parts[place + 1 :]
        if before + after:
            yield f"without {told(part)}", replace(condition, parts=before + after)
        for name, mutant in mutants(part):
            yield name, replace(condition, parts=(*before, mutant, *after))


@mutants.register(Not)
def _(condition: Not) -> Iterator[Mutant]:
    return ((name, Not(mutant)) for name, mutant in mutants(condition.part))


@mutants.register(Count)
def _(condition: Count) -> Iterator[Mutant]:
    yield "counting to one", condition.part
    yield "counting to one more", replace(condition, at_least=condition.at_least + 1)
    yield "counting without a window", replace(condition, within_ms=FAR_MS)
    for name, mutant in mutants(condition.part):
        yield name, replace(condition, part=mutant)


@mutants.register(Said)
def _(condition: Said) -> Iterator[Mutant]:
    for speaker in Speaker:
        if speaker is not condition.speaker:
            yield f"{told(condition)} by the {speaker} alone", replace(condition, speaker=speaker)
    yield from _over_at_once(condition)
    for name, phrases in _fewer(condition.phrases):
        if not phrases.empty:
            yield f"{told(condition)} {name}", replace(condition, phrases=phrases)


def _fewer(phrases: Phrases) -> Iterator[tuple[str, Phrases]]:
    """The phrases without those of one language, without one pattern, without one friend."""
    for language, those in phrases.wanted.items():
        if those:
            left = {**phrases.wanted, language: ()}
            yield f"without its phrases in {language}", replace(phrases, wanted=left)
    for language, lines in phrases.exact.items():
        if lines:
            left = {**phrases.exact, language: ()}
            yield f"without its whole lines in {language}", replace(phrases, exact=left)
    for pattern in phrases.patterns:
        others = tuple(each for each in phrases.patterns if each != pattern)
        yield f"without the pattern {pattern!r}", replace(phrases, patterns=others)
    for language, friends in phrases.but_not.items():
        for friend in friends:
            others = tuple(each for each in friends if each != friend)
            left = {**phrases.but_not, language: others}
            yield sparing(friend), replace(phrases, but_not=left)


@mutants.register(TopicHeard)
@mutants.register(Silence)
def _(condition: TopicHeard | Silence) -> Iterator[Mutant]:
    return _over_at_once(condition)


@mutants.register(TalkOver)
def _(condition: TalkOver) -> Iterator[Mutant]:
    yield from _over_at_once(condition)
    if condition.speaker is not None:
        yield "talk_over whoever came in", replace(condition, speaker=None)


@mutants.register(EmotionRead)
def _(condition: EmotionRead) -> Iterator[Mutant]:
    yield from _over_at_once(condition)
    yield "reading whatever the score", replace(condition, score=0.0)
    if condition.modality is not None:
        yield f"reading not only in the {condition.modality}", replace(condition, modality=None)


def _over_at_once(condition: Happens) -> Iterator[Mutant]:
    if condition.within_ms:
        yield f"{told(condition)} only at its moment", replace(condition, within_ms=0)


@mutants.register(CallIs)
def _(condition: CallIs) -> Iterator[Mutant]:
    for queue in condition.queues if len(condition.queues) > 1 else ():
        others = tuple(each for each in condition.queues if each != queue)
        yield f"queue without {queue}", replace(condition, queues=others)


@mutants.register(CallTime)
def _(condition: CallTime) -> Iterator[Mutant]:
    if condition.after_ms and condition.before_ms is not None:
        yield "call_time from the call's start", replace(condition, after_ms=0)
        yield "call_time until the call's end", replace(condition, before_ms=None)


@mutants.register(Missing)
def _(condition: Missing) -> Iterator[Mutant]:
    yield "missing at once", replace(condition, within_ms=1)
    yield "missing never", replace(condition, within_ms=FAR_MS)
    for name, mutant in mutants(condition.part):
        yield name, replace(condition, part=mutant)
    if condition.after is not None:
        yield "missing since the call's start", replace(condition, after=None)
        for name, mutant in mutants(condition.after):
            yield name, replace(condition, after=mutant)


@mutants.register(PhaseIs)
def _(condition: PhaseIs) -> Iterator[Mutant]:
    for phase in sorted(condition.phases) if len(condition.phases) > 1 else ():
        yield f"phase without {phase}", replace(condition, phases=condition.phases - {phase})


@mutants.register(RepeatCaller)
def _(condition: RepeatCaller) -> Iterator[Mutant]:
    yield "repeat_caller with one call more", replace(condition, calls=condition.calls + 1)
    yield "repeat_caller however long ago", replace(condition, within_ms=FAR_MS)
    if condition.kind is not None:
        yield "repeat_caller of any kind", replace(condition, kind=None)


@mutants.register(MoodIs)
def _(condition: MoodIs) -> Iterator[Mutant]:
    asked = [name for name in _MOOD if getattr(condition, name) is not None]
    for name in asked if len(asked) > 1 else ():
        yield f"a mood of any {name}", _any(condition, name)
    for name in ("until_level", "until_strain"):
        if getattr(condition, name) is not None:
            yield f"a mood without {name}", _any(condition, name)
    if condition.for_ms:
        yield "a mood at once", replace(condition, for_ms=0)


def _any(condition: MoodIs, name: str) -> MoodIs:
    nothing: dict[str, typing.Any] = {name: None}
    return replace(condition, **nothing)


_MOOD = ("level", "at_most", "label", "trend", "strain", "shift", "disagreement", "contrast")


def told(condition: Condition) -> str:
    """A condition in a few words, as it is written in a rule file."""
    match condition:
        case Said(phrases=phrases):
            known = [phrase for those in phrases.wanted.values() for phrase in those]
            first = [*known, *(x for those in phrases.exact.values() for x in those)]
            return f"said {', '.join([*first, *phrases.patterns][:2])}, ..."
        case TopicHeard(topic=topic):
            return f"topic {topic}"
        case MoodIs():
            asked = (getattr(condition, name) for name in _MOOD)
            return f"mood {' '.join(str(each) for each in asked if each is not None)}"
        case _:
            return _NAMES.get(type(condition), "a condition")


_NAMES: dict[type[Condition], str] = {
    All: "all",
    Any: "any",
    Not: "not",
    Count: "count",
    Sequence: "sequence",
    Missing: "missing",
    EmotionRead: "reading",
    Silence: "silence",
    TalkOver: "talk_over",
    CallIs: "queue or language",
    CallTime: "call_time",
    PhaseIs: "phase",
    RepeatCaller: "repeat_caller",
}
