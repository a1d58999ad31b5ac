"""When a playbook opens is said in words, for every rule of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.utterance import Language
from playbooks.files.loader import load_library
from streams.playbook_pages.condition_text import opens_when
from tests.playbooks.timeline import playbook as ruled

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

KO, EN = Language.KOREAN, Language.ENGLISH


@pytest.mark.parametrize("playbook", load_library(), ids=lambda one: one.playbook_id)
@pytest.mark.parametrize("language", Language)
def test_every_condition_of_the_library_has_words(playbook: Playbook, language: Language) -> None:
    text = opens_when(playbook.when, language)
    assert text
    assert "condition" not in text
    assert "조건" not in text
    assert "*" not in text


def test_a_condition_reads_as_a_person_would_say_it() -> None:
    when = "{any: [{said: {ko: [가나, 다라, 마바, 사아], en: [one two]}}, {topic: regulator}]}"
    condition = ruled(when).when
    assert opens_when(condition, KO) == (
        "고객이 “가나”, “다라”, “마바” 등 4가지 표현을 말함 또는 “외부 민원” 주제로 읽힌 말"
    )
    assert opens_when(condition, EN) == (
        "the customer says “one two” or words taken for “Regulator”"
    )


def test_time_order_and_what_is_missing_are_said() -> None:
    when = (
        "{all: [{count: {at_least: 2, within: 60s, of: {topic: abuse}}},"
        " {not: {mood: {level: tense, for: 5s}}}]}"
    )
    assert opens_when(ruled(when).when, EN) == (
        "2 times or more within 60 s: words taken for “Abuse”"
        " and not: the customer's mood: Tense or more, for 5 s"
    )
