# ruff: noqa: RUF001  (letters that look like others are what is tested)
"""Phrases as they are said: particles come and go, apostrophes are missing, words are disguised."""

from __future__ import annotations

import pytest

from detectors.utterance import Language
from playbooks.text.phrases import Phrases

SPOKEN = {
    "카드 분실": ["카드를 분실했어요", "카드가 분실됐어요", "카드도 분실했고", "카드 는 분실이고"],
    "카드를 잃어버": [
        "카드 잃어버렸어요",
        "카드까지 잃어버려서",
        "카드 를 잃어버렸",
        "카드, 잃어버려",
    ],
    "죽고 싶": [
        "죽고 싶어요",
        "죽고만 싶네",
        "죽고 싶단 말이에요",
        "죽고싶더라고요",
        "죽구 싶어",
        "죽고도 싶고",
        "죽고 시퍼요",
        "죽고 십어요",
        "죽고 싶으신가요",
        "죽.고.싶.어",
        "죽\u00ad고 싶어요",
        "ㅈㅜㄱㄱㅗ 싶어",
        "주욱고 싶다",
    ],
    "죽고 싶어요": ["죽고 싶네", "죽고 싶다", "죽고 싶습니다", "죽고 싶단 말이에요"],
    "칼 들고": ["칼을 들고", "칼을 들구"],
    "돈을 못 갚": ["돈 못 갚아요", "돈도 못 갚고"],
    "살고 싶지 않": ["살고 싶지가 않아요", "살고 싶지도 않고", "더 살구 싶지 않아"],
    "환불 안": ["환불이 안 된대요", "환불은 안 되나요"],
    "don't want to live": ["i dont want to live", "I don’t want to live", "i don t want to live"],
    "dont want": ["I don't want it"],
    "i'll kill you": ["ill kill you", "I’ll, kill you"],
    "it's going to kill you": ["its going to kill you"],
    "can't go on": ["cant go on", "CAN`T GO ON"],
    "kill myself": [
        "kill, myself",
        "KILL-myself",
        "k.i.l.l myself",
        "ｋｉｌｌ ｍｙｓｅｌｆ",
        "k1ll myself",
    ],
    "self-harm": ["self harm", "SELF-HARM", "selfharm"],
}
LOOK_ALIKES = {
    "카드 분실": ["카드사 분실", "신용카드를 분실"],
    "죽고 싶": ["죽 고시", "죽고 못 살"],
    "칼 들고": ["칼국수 들고"],
    "병신": ["이 병 신고하려고요", "그 병 신기하네"],
    "시발": ["시 발급", "확인 시 발송", "다시 발송", "출시발표"],
    "개 새끼": ["개가 새끼를 낳았어요"],
    "아이를 잃어": ["아 잃어버렸어요"],
    "자살": ["자 살 게 있어요", "자, 살 물건이요"],
    "we're leaving": ["they were leaving"],
    "go to hell": ["go to, he'll see"],
    "kill myself": ["skill myself"],
    "she'll die": ["the shell died", "shell die"],
}


def look_for(phrase: str, line: str) -> str | None:
    language = Language.ENGLISH if phrase.isascii() else Language.KOREAN
    return Phrases({language: (phrase,)}).find_first(line)


@pytest.mark.parametrize(
    ("phrase", "line"), [(phrase, line) for phrase, lines in SPOKEN.items() for line in lines]
)
def test_a_phrase_is_found_as_people_say_it_and_quoted_as_it_was_written(
    phrase: str, line: str
) -> None:
    words = look_for(phrase, line)
    assert words is not None
    assert words in line


@pytest.mark.parametrize(
    ("phrase", "line"), [(phrase, line) for phrase, lines in LOOK_ALIKES.items() for line in lines]
)
def test_what_only_sounds_like_a_phrase_is_passed_over(phrase: str, line: str) -> None:
    assert look_for(phrase, line) is None


def test_a_false_friend_counts_in_a_disguised_line_too() -> None:
    phrases = Phrases({Language.KOREAN: ("살기 싫",)}, {Language.KOREAN: ("동네에서 살기 싫",)})
    assert phrases.find_first("이 동네에서 살기 싫어어어요") is None
    assert phrases.find_first("동네에서 살기... 싫어요") is None


def test_a_pattern_is_found_in_a_disguised_line_and_passes_over_false_friends() -> None:
    phrases = Phrases(
        {}, {Language.KOREAN: ("다른 사람한테 송금했나",)}, patterns=("다른 ?사람한테 ?송금했",)
    )
    assert phrases.find_first("다른... 사람한테 송금했어요") == "다른... 사람한테 송금했"
    assert phrases.find_first("다른 사람한테 송금했나 해서요") is None


def test_punctuation_of_a_phrase_is_that_of_the_line_or_any_other() -> None:
    assert look_for("24/7", "open 24-7?") == "24-7"
    assert look_for("뭐라고요?", "뭐라고요!") == "뭐라고요"
