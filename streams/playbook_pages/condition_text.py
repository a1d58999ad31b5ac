"""When a playbook opens, in words: its condition as a person reads it. Pure.

Short before exact: of many expressions the first few are named. The file says the rest.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from detectors.utterance import Language, Speaker
from playbooks.conditions.absence import Missing
from playbooks.conditions.call_phase import Phase
from playbooks.conditions.event_based import EmotionRead, Said, Silence, TalkOver, TopicHeard
from playbooks.conditions.operators import All, Any, Count, Not, Sequence
from playbooks.conditions.state_based import CallIs, CallTime, MoodIs, PhaseIs, RepeatCaller
from streams.site.filters import seconds
from streams.site.translations import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbooks.conditions.base import Condition
    from playbooks.text.phrases import Phrases

NAMED = 3
"""Expressions that are named of one list."""

_DAY_MS = 86_400_000
_PHASES: Mapping[Phase, tuple[str, str]] = {
    Phase.OPENING: ("통화 초반", "the call's opening"),
    Phase.BODY: ("통화 중반", "the middle of the call"),
    Phase.CLOSING: ("통화 마무리", "the call's closing"),
}
_WHO: Mapping[Speaker | None, tuple[str, str]] = {
    Speaker.CUSTOMER: ("고객이", "the customer"),
    Speaker.AGENT: ("상담사가", "the agent"),
    None: ("누구든", "either"),
}


def opens_when(condition: Condition, language: Language) -> str:
    """A playbook's condition in one language."""
    return _When(language).of(condition)


class _When:
    def __init__(self, language: Language) -> None:
        self._words = catalogue(language)
        self._language = language

    def _say(self, korean: str, english: str) -> str:
        return korean if self._language is Language.KOREAN else english

    def _who(self, speaker: Speaker | None) -> str:
        return self._say(*_WHO[speaker])

    def _inner(self, condition: Condition) -> str:
        """Inside another one: in brackets where it is itself joined of several."""
        text = self.of(condition)
        joined = isinstance(condition, Any | All | PhaseIs) and (" 또는 " in text or " or " in text)
        return f"({text})" if joined or isinstance(condition, All) else text

    @singledispatchmethod
    def of(self, condition: object) -> str:
        """Something that has no words here yet."""
        del condition
        return self._say("그 밖의 조건", "another condition")

    @of.register
    def _(self, one: Any) -> str:
        return self._say(" 또는 ", " or ").join(self._inner(part) for part in one.parts)

    @of.register
    def _(self, one: All) -> str:
        return self._say(" + ", " and ").join(self._inner(part) for part in one.parts)

    @of.register
    def _(self, one: Not) -> str:
        return self._say("아닐 때: ", "not: ") + self._inner(one.part)

    @of.register
    def _(self, one: Count) -> str:
        within = seconds(one.within_ms)
        part = self._inner(one.part)
        return self._say(
            f"{within}초 안에 {one.at_least}번 이상: {part}",
            f"{one.at_least} times or more within {within} s: {part}",
        )

    @of.register
    def _(self, one: Sequence) -> str:
        parts = " → ".join(self._inner(part) for part in one.parts)
        within = seconds(one.within_ms)
        return self._say(f"{within}초 안에 차례로: {parts}", f"in turn within {within} s: {parts}")

    @of.register
    def _(self, one: Missing) -> str:
        within, part = seconds(one.within_ms), self._inner(one.part)
        if one.after is None:
            return self._say(
                f"통화 시작 뒤 {within}초 안에 없음: {part}",
                f"missing in the call's first {within} s: {part}",
            )
        after = self._inner(one.after)
        return self._say(
            f"{after} 뒤 {within}초 안에 없음: {part}",
            f"{after}, and within {within} s not: {part}",
        )

    @of.register
    def _(self, one: Said) -> str:
        said = self._expressions(one.phrases)
        return self._say(
            f"{self._who(one.speaker)} {said} 말함", f"{self._who(one.speaker)} says {said}"
        )

    def _expressions(self, phrases: Phrases) -> str:
        every = [*self._listed(phrases.wanted), *self._listed(phrases.exact)]
        count = len(every) + len(phrases.patterns)
        named = ", ".join(f"“{_plain(text)}”" for text in every[:NAMED])
        if count <= len(every[:NAMED]):
            return self._say(f"{named}(이)라고", named)
        if not named:
            return self._say(f"{count}가지 표현을", f"one of {count} expressions")
        return self._say(
            f"{named} 등 {count}가지 표현을", f"{named} or others of {count} expressions"
        )

    def _listed(self, by_language: Mapping[Language, tuple[str, ...]]) -> tuple[str, ...]:
        """Those of the reader's language, else of any."""
        return by_language.get(self._language) or next(iter(by_language.values()), ())

    @of.register
    def _(self, one: TopicHeard) -> str:
        topic = self._words(f"topic.{one.topic}")
        return self._say(f"“{topic}” 주제로 읽힌 말", f"words taken for “{topic}”")

    @of.register
    def _(self, one: EmotionRead) -> str:
        emotion = self._words(f"emotion.{one.label}")
        return self._say(
            f"{emotion} {one.score:.0%} 이상으로 읽힘",
            f"read as {emotion}, {one.score:.0%} or more",
        )

    @of.register
    def _(self, one: Silence) -> str:
        length = seconds(one.at_least_ms)
        return self._say(f"{length}초 이상 침묵", f"{length} s of silence or more")

    @of.register
    def _(self, one: TalkOver) -> str:
        length = seconds(one.at_least_ms)
        who = self._who(one.speaker)
        return self._say(
            f"{who} {length}초 이상 말을 겹침", f"{who} talks over the other for {length} s"
        )

    @of.register
    def _(self, one: MoodIs) -> str:
        text = self._say("고객 상태: ", "the customer's mood: ") + ", ".join(self._felt(one))
        length = seconds(one.for_ms)
        return text + self._say(f", {length}초 동안", f", for {length} s") if one.for_ms else text

    def _felt(self, one: MoodIs) -> Iterator[str]:
        if one.level is not None:
            level = self._words(f"mood.level.{one.level}")
            yield self._say(f"{level} 이상", f"{level} or more")
        if one.at_most is not None:
            level = self._words(f"mood.level.{one.at_most}")
            yield self._say(f"{level} 이하", f"{level} or less")
        if one.strain is not None:
            yield self._say(f"불편 {one.strain:.0%} 이상", f"strain {one.strain:.0%} or more")
        if one.label is not None:
            yield self._words(f"emotion.{one.label}")
        yield from self._turning(one)

    def _turning(self, one: MoodIs) -> Iterator[str]:
        if one.trend is not None:
            yield self._words(f"mood.trend.{one.trend}")
        if one.shift is not None:
            yield self._say("급격한 변화", "a sharp change")
        if one.contrast is not None:
            yield self._words(f"mood.contrast.{one.contrast}")
        elif one.disagreement is not None:
            yield self._words("mood.disagreement")

    @of.register
    def _(self, one: CallIs) -> str:
        queues = self._say(f"대기열 {', '.join(one.queues)}", f"queue {', '.join(one.queues)}")
        if one.language is None:
            return queues
        language = self._words(f"language.{one.language}")
        spoken = self._say(f"{language} 통화", f"a call in {language}")
        return f"{spoken}, {queues}" if one.queues else spoken

    @of.register
    def _(self, one: CallTime) -> str:
        after = seconds(one.after_ms)
        text = self._say(f"통화 {after}초 이후", f"after {after} s of the call")
        if one.before_ms is None:
            return text
        before = seconds(one.before_ms)
        return self._say(f"통화 {after}초-{before}초", f"from {after} s to {before} s of the call")

    @of.register
    def _(self, one: PhaseIs) -> str:
        names = [self._say(*_PHASES[phase]) for phase in Phase if phase in one.phases]
        return self._say(" 또는 ", " or ").join(names)

    @of.register
    def _(self, one: RepeatCaller) -> str:
        days = f"{one.within_ms / _DAY_MS:g}"
        kind = self._words(f"sensitive.{one.kind}") if one.kind is not None else ""
        found = self._say(f", {kind} 있었음", f", with {kind} found") if kind else ""
        return self._say(
            f"{days}일 안에 {one.calls}번째 이상 전화{found}",
            f"call {one.calls} or later in {days} days{found}",
        )


def _plain(expression: str) -> str:
    """Without the marks that say where a word may go on."""
    return " ".join(expression.replace("*", "").split())
