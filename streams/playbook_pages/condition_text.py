"""When a playbook opens, in words: its condition as a person reads it. Pure.

Short before exact: of many expressions the first few are named. The file says the rest.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from detectors.utterance import Language, Speaker
from playbooks.conditions.absence import AbsencePattern
from playbooks.conditions.call_phase import Phase
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
from streams.site.filters import seconds
from streams.site.translations import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbooks.conditions.base import Condition
    from playbooks.text.phrases import Phrases

MAX_NAMED_EXPRESSIONS = 3
"""Expressions that are named of one list."""

_DAY_MS = 86_400_000
_PHASE_NAMES: Mapping[Phase, tuple[str, str]] = {
    Phase.OPENING: ("통화 초반", "the call's opening"),
    Phase.BODY: ("통화 중반", "the middle of the call"),
    Phase.CLOSING: ("통화 마무리", "the call's closing"),
}
_SPEAKER_NAMES: Mapping[Speaker | None, tuple[str, str]] = {
    Speaker.CUSTOMER: ("고객이", "the customer"),
    Speaker.AGENT: ("상담사가", "the agent"),
    None: ("누구든", "either"),
}


def opens_when(condition: Condition, language: Language) -> str:
    """A playbook's condition in one language."""
    return _ConditionFormatter(language).describe(condition)


class _ConditionFormatter:
    def __init__(self, language: Language) -> None:
        self._words = load_catalogue(language)
        self._language = language

    def _in_language(self, korean: str, english: str) -> str:
        return korean if self._language is Language.KOREAN else english

    def _name_speaker(self, speaker: Speaker | None) -> str:
        return self._in_language(*_SPEAKER_NAMES[speaker])

    def _describe_part(self, condition: Condition) -> str:
        """Inside another one: in brackets where it is itself joined of several."""
        text = self.describe(condition)
        is_joined = isinstance(condition, AnyOf | AllOf | PhaseCondition) and (
            " 또는 " in text or " or " in text
        )
        return f"({text})" if is_joined or isinstance(condition, AllOf) else text

    @singledispatchmethod
    def describe(self, condition: object) -> str:
        """Something that has no words here yet."""
        del condition
        return self._in_language("그 밖의 조건", "another condition")

    @describe.register
    def _(self, condition: AnyOf) -> str:
        return self._in_language(" 또는 ", " or ").join(
            self._describe_part(part) for part in condition.parts
        )

    @describe.register
    def _(self, one: AllOf) -> str:
        return self._in_language(" + ", " and ").join(
            self._describe_part(part) for part in one.parts
        )

    @describe.register
    def _(self, one: Not) -> str:
        return self._in_language("아닐 때: ", "not: ") + self._describe_part(one.part)

    @describe.register
    def _(self, one: CountPattern) -> str:
        within = seconds(one.within_ms)
        part = self._describe_part(one.part)
        return self._in_language(
            f"{within}초 안에 {one.at_least}번 이상: {part}",
            f"{one.at_least} times or more within {within} s: {part}",
        )

    @describe.register
    def _(self, one: SequencePattern) -> str:
        parts = " → ".join(self._describe_part(part) for part in one.parts)
        within = seconds(one.within_ms)
        return self._in_language(
            f"{within}초 안에 차례로: {parts}", f"in turn within {within} s: {parts}"
        )

    @describe.register
    def _(self, one: AbsencePattern) -> str:
        within, part = seconds(one.within_ms), self._describe_part(one.part)
        if one.after is None:
            return self._in_language(
                f"통화 시작 뒤 {within}초 안에 없음: {part}",
                f"missing in the call's first {within} s: {part}",
            )
        after = self._describe_part(one.after)
        return self._in_language(
            f"{after} 뒤 {within}초 안에 없음: {part}",
            f"{after}, and within {within} s not: {part}",
        )

    @describe.register
    def _(self, one: PhraseCondition) -> str:
        said = self._list_expressions(one.phrases)
        return self._in_language(
            f"{self._name_speaker(one.speaker)} {said} 말함",
            f"{self._name_speaker(one.speaker)} says {said}",
        )

    def _list_expressions(self, phrases: Phrases) -> str:
        expressions = [
            *self._phrases_in_language(phrases.inclusions),
            *self._phrases_in_language(phrases.exact),
        ]
        count = len(expressions) + len(phrases.patterns)
        named = ", ".join(
            f"“{_strip_wildcards(text)}”" for text in expressions[:MAX_NAMED_EXPRESSIONS]
        )
        if count <= len(expressions[:MAX_NAMED_EXPRESSIONS]):
            return self._in_language(f"{named}(이)라고", named)
        if not named:
            return self._in_language(f"{count}가지 표현을", f"one of {count} expressions")
        return self._in_language(
            f"{named} 등 {count}가지 표현을", f"{named} or others of {count} expressions"
        )

    def _phrases_in_language(
        self, by_language: Mapping[Language, tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Those of the reader's language, else of any."""
        return by_language.get(self._language) or next(iter(by_language.values()), ())

    @describe.register
    def _(self, one: TopicCondition) -> str:
        topic = self._words(f"topic.{one.topic}")
        return self._in_language(f"“{topic}” 주제로 읽힌 말", f"words taken for “{topic}”")

    @describe.register
    def _(self, one: ReadingCondition) -> str:
        emotion = self._words(f"emotion.{one.label}")
        return self._in_language(
            f"{emotion} {one.score:.0%} 이상으로 읽힘",
            f"read as {emotion}, {one.score:.0%} or more",
        )

    @describe.register
    def _(self, one: SilenceCondition) -> str:
        length = seconds(one.at_least_ms)
        return self._in_language(f"{length}초 이상 침묵", f"{length} s of silence or more")

    @describe.register
    def _(self, one: TalkOverCondition) -> str:
        length = seconds(one.at_least_ms)
        who = self._name_speaker(one.speaker)
        return self._in_language(
            f"{who} {length}초 이상 말을 겹침", f"{who} talks over the other for {length} s"
        )

    @describe.register
    def _(self, one: MoodCondition) -> str:
        text = self._in_language("고객 상태: ", "the customer's mood: ") + ", ".join(
            self._mood_parts(one)
        )
        length = seconds(one.for_ms)
        return (
            text + self._in_language(f", {length}초 동안", f", for {length} s")
            if one.for_ms
            else text
        )

    def _mood_parts(self, condition: MoodCondition) -> Iterator[str]:
        if condition.level is not None:
            level = self._words(f"mood.level.{condition.level}")
            yield self._in_language(f"{level} 이상", f"{level} or more")
        if condition.at_most is not None:
            level = self._words(f"mood.level.{condition.at_most}")
            yield self._in_language(f"{level} 이하", f"{level} or less")
        if condition.strain is not None:
            yield self._in_language(
                f"불편 {condition.strain:.0%} 이상", f"strain {condition.strain:.0%} or more"
            )
        if condition.label is not None:
            yield self._words(f"emotion.{condition.label}")
        yield from self._mood_change_parts(condition)

    def _mood_change_parts(self, condition: MoodCondition) -> Iterator[str]:
        if condition.trend is not None:
            yield self._words(f"mood.trend.{condition.trend}")
        if condition.shift is not None:
            yield self._in_language("급격한 변화", "a sharp change")
        if condition.contrast is not None:
            yield self._words(f"mood.contrast.{condition.contrast}")
        elif condition.disagreement is not None:
            yield self._words("mood.disagreement")

    @describe.register
    def _(self, one: CallCondition) -> str:
        queues = self._in_language(
            f"대기열 {', '.join(one.queues)}", f"queue {', '.join(one.queues)}"
        )
        if one.language is None:
            return queues
        language = self._words(f"language.{one.language}")
        spoken = self._in_language(f"{language} 통화", f"a call in {language}")
        return f"{spoken}, {queues}" if one.queues else spoken

    @describe.register
    def _(self, one: CallTimeCondition) -> str:
        after = seconds(one.after_ms)
        text = self._in_language(f"통화 {after}초 이후", f"after {after} s of the call")
        if one.before_ms is None:
            return text
        before = seconds(one.before_ms)
        return self._in_language(
            f"통화 {after}초-{before}초", f"from {after} s to {before} s of the call"
        )

    @describe.register
    def _(self, one: PhaseCondition) -> str:
        names = [self._in_language(*_PHASE_NAMES[phase]) for phase in Phase if phase in one.phases]
        return self._in_language(" 또는 ", " or ").join(names)

    @describe.register
    def _(self, one: RepeatCallerCondition) -> str:
        days = f"{one.within_ms / _DAY_MS:g}"
        kind = self._words(f"sensitive.{one.kind}") if one.kind is not None else ""
        found = self._in_language(f", {kind} 있었음", f", with {kind} found") if kind else ""
        return self._in_language(
            f"{days}일 안에 {one.calls}번째 이상 전화{found}",
            f"call {one.calls} or later in {days} days{found}",
        )


def _strip_wildcards(expression: str) -> str:
    """Without the marks that say where a word may go on."""
    return " ".join(expression.replace("*", "").split())
