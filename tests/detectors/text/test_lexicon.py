"""The word lists: what must be found, and what only looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.detector import DetectorUnavailableError
from detectors.labels import TOPICS_BY_WORDING, Emotion, Topic
from detectors.text.lexicon import LexiconError, load_lexicon
from detectors.text.normalising import clean_text
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

KOREAN, ENGLISH = Language.KOREAN, Language.ENGLISH

HITS = [
    (KOREAN, Topic.SELF_HARM, "저 진짜 죽고 싶어요", "죽고 싶"),
    (KOREAN, Topic.SELF_HARM, "이제 살기 싫어요", "살기 싫"),
    (KOREAN, Topic.ABUSE, "야 이 씨발 진짜", "씨발"),
    (KOREAN, Topic.ABUSE, "씨 발 뭐라는 거야", "씨 발"),
    (KOREAN, Topic.ABUSE, "이 개새끼야", "개새"),
    (KOREAN, Topic.THREAT, "너 죽여버릴 거야", "너 죽여"),
    (KOREAN, Topic.THREAT, "가만 안 둘 거야", "가만 안 둘"),
    (KOREAN, Topic.REGULATOR, "금감원에 민원 넣을 거예요", "금감원에 민원 넣"),
    (KOREAN, Topic.REGULATOR, "변호사 선임해서 고소할 겁니다", "고소할"),
    (KOREAN, Topic.CANCELLATION, "그냥 해지해 주세요", "해지해 주"),
    (KOREAN, Topic.CANCELLATION, "다른 통신사로 옮길래요", "다른 통신사로 옮"),
    (KOREAN, Topic.CONFUSION, "무슨 말인지 모르겠어요", "무슨 말인지 모르겠"),
    (KOREAN, Topic.SEXUAL_HARASSMENT, "아가씨 속옷은 뭐 입었어", "속옷은 뭐 입"),
    (ENGLISH, Topic.SELF_HARM, "I want to die", "I want to die"),
    (ENGLISH, Topic.SELF_HARM, "I'm going to kill myself", "kill myself"),
    (ENGLISH, Topic.ABUSE, "what the FUCK is this", "FUCK"),
    (ENGLISH, Topic.THREAT, "I know where you live", "I know where you live"),
    (ENGLISH, Topic.REGULATOR, "I will sue you people", "I will sue"),
    (ENGLISH, Topic.REGULATOR, "I'm calling the ombudsman", "ombudsman"),
    (ENGLISH, Topic.CANCELLATION, "cancel my subscription today", "cancel my subscription"),
    (ENGLISH, Topic.CONFUSION, "sorry dear you lost me", "you lost me"),
    (ENGLISH, Topic.SEXUAL_HARASSMENT, "so what are you wearing", "what are you wearing"),
]

FALSE_FRIENDS = [
    (KOREAN, "죽겠네 바빠서"),
    (KOREAN, "배고파 죽고 싶을 지경이에요"),
    (KOREAN, "죽을 만큼 좋아요"),
    (KOREAN, "시발점이 어디예요"),
    (KOREAN, "십팔만 원 나왔어요"),
    (KOREAN, "신발 사이즈 바꾸려고요"),
    (KOREAN, "고소한 맛이 나네요"),
    (KOREAN, "이번 달 요금 폭탄 맞았어요"),
    (KOREAN, "해지기 전에 갈게요"),
    (KOREAN, "자살골 넣었대요"),
    (KOREAN, "카드 분실 신고하려고요"),
    (KOREAN, "매장에 찾아가서 받을게요"),
    (ENGLISH, "I have some time to kill"),
    (ENGLISH, "just killing time"),
    (ENGLISH, "hi, my name is Sue"),
    (ENGLISH, "can I talk to Sue about my order"),
    (ENGLISH, "noise cancelling headphones"),
    (ENGLISH, "I don't want to cancel"),
    (ENGLISH, "my wife has power of attorney"),
    (ENGLISH, "I'll pay for this with my card"),
    (ENGLISH, "I will find the number"),
    (ENGLISH, "it's dying to connect, I mean it is slow"),
]


@pytest.mark.parametrize(("language", "topic", "text", "words"), HITS)
def test_the_words_of_a_topic_are_found_and_quoted_as_said(
    language: Language, topic: Topic, text: str, words: str
) -> None:
    hits = load_lexicon(language).find_topics(clean_text(text))
    assert (topic, words) in [(hit.topic, hit.words) for hit in hits]
    assert all(hit.words in text for hit in hits)


@pytest.mark.parametrize(("language", "text"), FALSE_FRIENDS)
def test_a_false_friend_is_no_topic(language: Language, text: str) -> None:
    assert load_lexicon(language).find_topics(clean_text(text)) == []


@pytest.mark.parametrize("language", Language)
def test_the_topics_of_any_queue_and_every_emotion_have_words(language: Language) -> None:
    words = load_lexicon(language)
    assert set(words.by_topic) == set(Topic) - set(TOPICS_BY_WORDING)
    assert set(words.by_emotion) == set(Emotion)


def test_every_bad_line_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text(
        "stray\n[topic weather]\n[topic abuse]\nfine\n/(/\n* \n", encoding="utf-8"
    )
    with pytest.raises(LexiconError) as caught:
        load_lexicon(ENGLISH, tmp_path)
    lines = str(caught.value).splitlines()
    assert [line.split("en.txt:")[1].split(":")[0] for line in lines] == ["1", "2", "5", "6"]


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DetectorUnavailableError, match=r"ko\.txt"):
        load_lexicon(KOREAN, tmp_path)
    (tmp_path / "ko.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(LexiconError, match=r"ko\.txt: not UTF-8"):
        load_lexicon(KOREAN, tmp_path)


def test_trainers_can_add_a_phrase(tmp_path: Path) -> None:
    (tmp_path / "ko.txt").write_text("[topic cancellation]\n요금제 내려\n", encoding="utf-8")
    hits = load_lexicon(KOREAN, tmp_path).find_topics("요금제내려 주세요")
    assert [hit.words for hit in hits] == ["요금제내려"]
