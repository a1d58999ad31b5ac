"""Reasons are worded where they are read, in the reader's language."""

from __future__ import annotations

import pytest

from detectors.utterance import Language
from playbooks.conditions.condition import ReasonedCondition
from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.reason import Reason
from streams.site.filters import evidence
from streams.site.translations import load_catalogue

KO, EN = Language.KOREAN, Language.ENGLISH
WORDED = [
    (Reason.of("said", speaker="customer", text="지금 장난하세요"),
     "고객: “지금 장난하세요”", "customer said “지금 장난하세요”"),
    (Reason.of("said", speaker="agent", text="one moment"),
     "상담사: “one moment”", "agent said “one moment”"),
    (Reason.of("topic", topic="regulator", words=("금감원", "민원")),
     "외부 민원 관련 발언 (금감원, 민원)", "words taken for “Regulator” (금감원, 민원)"),
    (Reason.of("topic", topic="threat"), "협박 관련 발언", "words taken for “Threat”"),
    (Reason.of("reading", emotion="anger", score=0.83, modality="voice"),
     "목소리에서 분노 83%", "Anger 83% in the voice"),
    (Reason.of("reading", emotion="fear", score=0.6, modality="text"),
     "말에서 불안 60%", "Fear 60% in the words"),
    (Reason.of("mood", level="upset", strain=0.66, trend="rising", shift=True, for_ms=20_500),
     "고객 상태 격앙 (66%), 고조되는 중, 급격한 변화, 20.5초째",
     "mood: Upset (strain 66%), rising, a sharp change, for 20.5 s"),
    (Reason.of("mood", level="tense", strain=0.5),
     "고객 상태 긴장 (50%)", "mood: Tense (strain 50%)"),
    (Reason.of("silence", for_ms=12_000), "12초 동안 침묵", "12 s of silence"),
    (Reason.of("talk_over", speaker="agent", for_ms=1_500),
     "상담사의 말 겹침 1.5초", "agent talked over for 1.5 s"),
    (Reason.of("talk_over", speaker="both", for_ms=2_000),
     "두 사람의 말 겹침 2초", "both talked over for 2 s"),
    (Reason.of("missing", within_ms=20_000), "20초 동안 확인되지 않음", "not heard for 20 s"),
    (Reason.of("call_time", at_ms=90_000), "통화 시작 후 90초", "90 s into the call"),
    (Reason.of("phase", phase="closing"), "통화 마무리", "the call's closing"),
    (Reason.of("repeat_caller", earlier_calls=1, within_ms=86_400_000),
     "최근 1일 동안 이전 통화 1건", "1 earlier call in 1 day"),
    (Reason.of("repeat_caller", earlier_calls=3, within_ms=7 * 86_400_000, kind="abuse"),
     "최근 7일 동안 폭언 관련 이전 통화 3건", "3 earlier calls with abuse in 7 days"),
    (Reason.of("repeat_caller", earlier_calls=2, within_ms=43_200_000),
     "최근 12시간 동안 이전 통화 2건", "2 earlier calls in 12 h"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "korean", "english"), WORDED, ids=lambda value: str(value)[:40])
def test_a_reason_is_read_in_the_language_of_its_reader(
    reason: Reason, korean: str, english: str
) -> None:
    assert evidence(reason, load_catalogue(KO)) == korean
    assert evidence(reason, load_catalogue(EN)) == english


def test_every_condition_that_gives_reasons_is_among_the_words_above() -> None:
    reasoned = {key for key, each in CONDITIONS.items() if issubclass(each, ReasonedCondition)}
    assert reasoned == {reason.code for reason, _, _ in WORDED}


@pytest.mark.parametrize("language", Language)
def test_a_reason_of_a_version_before_codes_is_shown_as_it_is(language: Language) -> None:
    old = "고객: “장난하세요”"
    assert evidence(Reason.from_text(old), load_catalogue(language)) == old


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (Reason.of("weather", sky="grey", wind=3), "weather: sky grey, wind 3"),
        (Reason.of("weather"), "weather"),
        (Reason.of("topic", topic="of-tomorrow"), "topic: topic of-tomorrow"),
        (Reason.of("silence", for_ms="long"), "silence: for_ms long"),
        (Reason.of("said", speaker="customer"), "said: speaker customer"),
        (Reason.of("all"), "all"),
    ],
    ids=str,
)
def test_a_reason_of_another_version_is_shown_and_breaks_no_page(
    reason: Reason, shown: str
) -> None:
    for language in Language:
        assert evidence(reason, load_catalogue(language)) == shown
