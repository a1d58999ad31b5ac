"""Conditions with one thing taken away: a playbook whose tests do not notice has too few tests."""

from __future__ import annotations

import typing
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING

from detectors.utterance import Speaker
from playbooks.conditions.absence import AbsencePattern
from playbooks.conditions.base import Condition
from playbooks.conditions.event_based import (
    PhraseCondition,
    ReadingCondition,
    SilenceCondition,
    TalkOverCondition,
    TopicCondition,
)
from playbooks.conditions.operators import AllOf, AnyOf, CountPattern, Not, SequencePattern
from playbooks.conditions.state_based import (
    CallCondition,
    CallTimeCondition,
    MoodCondition,
    PhaseCondition,
    RepeatCallerCondition,
)
from playbooks.review.test_runner import run_cases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from playbooks.playbook import Playbook
    from playbooks.text.phrases import Phrases

    WindowCondition = (
        PhraseCondition | TopicCondition | ReadingCondition | SilenceCondition | TalkOverCondition
    )

Mutant = tuple[str, Condition]
"""What was done to a condition, in a few words, and what is left of it."""

UNBOUNDED_MS = 10**12
"""Longer than any call, and than anybody's memory."""


def find_surviving_mutants(
    playbook: Playbook, *, shared_exclusions: Collection[str] = ()
) -> list[str]:
    """What can be taken away from a playbook without any of its own tests failing.

    Args:
        playbook: the rule, with its tests.
        shared_exclusions: false friends that are not its own: those of word lists.
    """
    return [
        name
        for name, when in generate_mutants(playbook.when)
        if not name.endswith(tuple(map(exclusion_mutant_name, shared_exclusions)))
        and all(outcome.passed for outcome in run_cases(replace(playbook, when=when)))
    ]


def exclusion_mutant_name(exclusion: str) -> str:
    """The name of the mutant that does not spare this false friend."""
    return f"not sparing {exclusion!r}"


@singledispatch
def generate_mutants(condition: Condition) -> Iterator[Mutant]:
    """The condition with one thing taken away, in every possible way."""
    del condition
    return iter(())


@generate_mutants.register(AllOf)
@generate_mutants.register(AnyOf)
@generate_mutants.register(SequencePattern)
def _(condition: AllOf | AnyOf | SequencePattern) -> Iterator[Mutant]:
    parts = condition.parts
    for place, part in enumerate(parts):
        before, after = parts[:place], parts[place + 1 :]
        if before + after:
            yield f"without {describe(part)}", replace(condition, parts=before + after)
        for name, mutant in generate_mutants(part):
            yield name, replace(condition, parts=(*before, mutant, *after))


@generate_mutants.register(Not)
def _(condition: Not) -> Iterator[Mutant]:
    return ((name, Not(mutant)) for name, mutant in generate_mutants(condition.part))


@generate_mutants.register(CountPattern)
def _(condition: CountPattern) -> Iterator[Mutant]:
    yield "counting to one", condition.part
    yield "counting to one more", replace(condition, at_least=condition.at_least + 1)
    yield "counting without a window", replace(condition, within_ms=UNBOUNDED_MS)
    for name, mutant in generate_mutants(condition.part):
        yield name, replace(condition, part=mutant)


@generate_mutants.register(PhraseCondition)
def _(condition: PhraseCondition) -> Iterator[Mutant]:
    for speaker in Speaker:
        if speaker is not condition.speaker:
            yield (
                f"{describe(condition)} by the {speaker} alone",
                replace(condition, speaker=speaker),
            )
    yield from _drop_window(condition)
    for name, phrases in _reduce_phrases(condition.phrases):
        if not phrases.is_empty:
            yield f"{describe(condition)} {name}", replace(condition, phrases=phrases)


def _reduce_phrases(phrases: Phrases) -> Iterator[tuple[str, Phrases]]:
    """The phrases without those of one language, without one pattern, without one friend."""
    for language, texts in phrases.inclusions.items():
        if texts:
            remaining = {**phrases.inclusions, language: ()}
            yield f"without its phrases in {language}", replace(phrases, inclusions=remaining)
    for language, lines in phrases.exact.items():
        if lines:
            remaining = {**phrases.exact, language: ()}
            yield f"without its whole lines in {language}", replace(phrases, exact=remaining)
    for pattern in phrases.patterns:
        others = tuple(other for other in phrases.patterns if other != pattern)
        yield f"without the pattern {pattern!r}", replace(phrases, patterns=others)
    for language, exclusions in phrases.exclusions.items():
        for exclusion in exclusions:
            others = tuple(other for other in exclusions if other != exclusion)
            remaining = {**phrases.exclusions, language: others}
            yield exclusion_mutant_name(exclusion), replace(phrases, exclusions=remaining)


@generate_mutants.register(TopicCondition)
@generate_mutants.register(SilenceCondition)
def _(condition: TopicCondition | SilenceCondition) -> Iterator[Mutant]:
    return _drop_window(condition)


@generate_mutants.register(TalkOverCondition)
def _(condition: TalkOverCondition) -> Iterator[Mutant]:
    yield from _drop_window(condition)
    if condition.speaker is not None:
        yield "talk_over whoever came in", replace(condition, speaker=None)


@generate_mutants.register(ReadingCondition)
def _(condition: ReadingCondition) -> Iterator[Mutant]:
    yield from _drop_window(condition)
    yield "reading whatever the score", replace(condition, score=0.0)
    if condition.modality is not None:
        yield f"reading not only in the {condition.modality}", replace(condition, modality=None)


def _drop_window(condition: WindowCondition) -> Iterator[Mutant]:
    if condition.within_ms:
        yield f"{describe(condition)} only at its moment", replace(condition, within_ms=0)


@generate_mutants.register(CallCondition)
def _(condition: CallCondition) -> Iterator[Mutant]:
    for queue in condition.queues if len(condition.queues) > 1 else ():
        others = tuple(each for each in condition.queues if each != queue)
        yield f"queue without {queue}", replace(condition, queues=others)


@generate_mutants.register(CallTimeCondition)
def _(condition: CallTimeCondition) -> Iterator[Mutant]:
    if condition.after_ms and condition.before_ms is not None:
        yield "call_time from the call's start", replace(condition, after_ms=0)
        yield "call_time until the call's end", replace(condition, before_ms=None)


@generate_mutants.register(AbsencePattern)
def _(condition: AbsencePattern) -> Iterator[Mutant]:
    yield "missing at once", replace(condition, within_ms=1)
    yield "missing never", replace(condition, within_ms=UNBOUNDED_MS)
    for name, mutant in generate_mutants(condition.part):
        yield name, replace(condition, part=mutant)
    if condition.after is not None:
        yield "missing since the call's start", replace(condition, after=None)
        for name, mutant in generate_mutants(condition.after):
            yield name, replace(condition, after=mutant)


@generate_mutants.register(PhaseCondition)
def _(condition: PhaseCondition) -> Iterator[Mutant]:
    for phase in sorted(condition.phases) if len(condition.phases) > 1 else ():
        yield f"phase without {phase}", replace(condition, phases=condition.phases - {phase})


@generate_mutants.register(RepeatCallerCondition)
def _(condition: RepeatCallerCondition) -> Iterator[Mutant]:
    yield "repeat_caller with one call more", replace(condition, calls=condition.calls + 1)
    yield "repeat_caller however long ago", replace(condition, within_ms=UNBOUNDED_MS)
    if condition.kind is not None:
        yield "repeat_caller of any kind", replace(condition, kind=None)


@generate_mutants.register(MoodCondition)
def _(condition: MoodCondition) -> Iterator[Mutant]:
    asked = [name for name in _MOOD_FIELDS if getattr(condition, name) is not None]
    for name in asked if len(asked) > 1 else ():
        yield f"a mood of any {name}", _drop_field(condition, name)
    for name in ("until_level", "until_strain"):
        if getattr(condition, name) is not None:
            yield f"a mood without {name}", _drop_field(condition, name)
    if condition.for_ms:
        yield "a mood at once", replace(condition, for_ms=0)


def _drop_field(condition: MoodCondition, name: str) -> MoodCondition:
    cleared: dict[str, typing.Any] = {name: None}
    return replace(condition, **cleared)


_MOOD_FIELDS = ("level", "at_most", "label", "trend", "strain", "shift", "disagreement", "contrast")


def describe(condition: Condition) -> str:
    """A condition in a few words, as it is written in a rule file."""
    match condition:
        case PhraseCondition(phrases=phrases):
            inclusions = [phrase for texts in phrases.inclusions.values() for phrase in texts]
            phrases_and_lines = [
                *inclusions,
                *(line for texts in phrases.exact.values() for line in texts),
            ]
            return f"said {', '.join([*phrases_and_lines, *phrases.patterns][:2])}, ..."
        case TopicCondition(topic=topic):
            return f"topic {topic}"
        case MoodCondition():
            values = (getattr(condition, name) for name in _MOOD_FIELDS)
            return f"mood {' '.join(str(value) for value in values if value is not None)}"
        case _:
            return _CONDITION_NAMES.get(type(condition), "a condition")


_CONDITION_NAMES: dict[type[Condition], str] = {
    AllOf: "all",
    AnyOf: "any",
    Not: "not",
    CountPattern: "count",
    SequencePattern: "sequence",
    AbsencePattern: "missing",
    ReadingCondition: "reading",
    SilenceCondition: "silence",
    TalkOverCondition: "talk_over",
    CallCondition: "queue or language",
    CallTimeCondition: "call_time",
    PhaseCondition: "phase",
    RepeatCallerCondition: "repeat_caller",
}
