"""Spoken and typed language as it comes: negation, irony, courtesy, tears, typos, mixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.labels import NEGATIVE, Emotion, Topic
from detectors.text.model import TextEmotion
from detectors.text.normalising import normalise_text
from detectors.text.spellings import SpellingsError, load_spellings
from detectors.utterance import Speaker, TimeSpan, TranscriptLine

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.reading import Reading


@pytest.fixture(scope="module")
def text() -> TextEmotion:
    return TextEmotion()


def read(
    text: TextEmotion, words: str, *, final: bool = True, context: tuple[str, ...] = ()
) -> Reading:
    return text.read(
        TranscriptLine(
            "call-1", Speaker.CUSTOMER, TimeSpan(0, 900), words, final=final, context=context
        )
    )


def pleasant(text: TextEmotion, words: str) -> float:
    value = read(text, words).valence
    assert value is not None
    return value


def strain(text: TextEmotion, words: str) -> float:
    return sum(score for label, score in read(text, words).scores.items() if label in NEGATIVE)


@pytest.mark.parametrize(
    ("plain", "negated"),
    [
        ("서비스가 좋아요", "서비스가 안 좋아요"),
        ("정말 만족해요", "별로 만족스럽지 않아요"),
        ("상담원이 친절해서 좋아요", "상담원이 친절하지 않아요"),
        ("I am happy with it", "I am not happy with it"),
        ("the service was good", "the service was not good at all"),
        ("I love this phone", "I don't love this phone"),
    ],
)
def test_negation_makes_praise_less_pleasant(text: TextEmotion, plain: str, negated: str) -> None:
    assert pleasant(text, negated) < pleasant(text, plain) - 0.1
    assert read(text, negated).label is not Emotion.JOY


@pytest.mark.parametrize(
    ("plain", "negated"),
    [
        ("화가 나요", "화 안 났어요"),
        ("너무 걱정돼요", "걱정 안 해요"),
        ("I am angry", "I am not angry"),
        ("I am worried", "no worries"),
    ],
)
def test_negation_makes_complaints_less_unpleasant(
    text: TextEmotion, plain: str, negated: str
) -> None:
    assert strain(text, negated) < strain(text, plain) - 0.1


@pytest.mark.parametrize(
    "words",
    [
        "참 빨리도 오시네요",
        "oh great, another fee",
        "thanks for nothing",
    ],
)
def test_set_phrases_of_sarcasm_are_no_praise(text: TextEmotion, words: str) -> None:
    reading = read(text, words)
    assert reading.label is Emotion.ANGER
    assert reading.reasons


@pytest.mark.parametrize(
    ("polite", "plain", "emotion"),
    [
        ("진짜 짜증나네요", "진짜 짜증나네", Emotion.ANGER),
        ("정말 감사합니다", "정말 고마워", Emotion.JOY),
        ("너무 무서워요", "너무 무서워", Emotion.FEAR),
        ("정말 슬퍼요", "정말 슬프다", Emotion.SADNESS),
        ("왜 이렇게 오래 걸립니까 화가 납니다", "왜 이렇게 오래 걸려 화가 나", Emotion.ANGER),
    ],
)
def test_courtesy_does_not_change_the_emotion(
    text: TextEmotion, polite: str, plain: str, emotion: Emotion
) -> None:
    assert read(text, polite).label is emotion
    assert read(text, plain).label is emotion


def test_tears_and_laughter_in_letters_count(text: TextEmotion) -> None:
    assert pleasant(text, "어떡해요 ㅠㅠ") < pleasant(text, "어떡해요 ㅋㅋ")
    assert read(text, "힘들어요 ㅠㅠ").label is Emotion.SADNESS
    assert normalise_text("힘들어요ㅜㅜㅜㅜ") == normalise_text("힘들어요ㅠㅠ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("어의없네요 진짜", "어이없네요 진짜"),
        ("정말 감사함니다", "정말 감사합니다"),
        ("자증나 죽겟네", "짜증나 죽겠네"),
        ("this is rediculous", "this is ridiculous"),
        ("im so frustated", "i'm so frustrated"),
        ("i apreciate it", "i appreciate it"),
    ],
)
def test_typos_and_misheard_words_are_read_as_meant(
    text: TextEmotion, written: str, meant: str
) -> None:
    assert normalise_text(written) == normalise_text(meant)
    assert read(text, written).label is read(text, meant).label


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("댕댕이가 너무 커여워요", "멍멍이가 너무 귀여워요"),
        ("이 영화 띵작이에요", "이 영화 명작이에요"),
        ("ㄹㅇ 감동이에요", "리얼 감동이에요"),
        ("ㄱㅅ합니다", "감사합니다"),
        ("gr8 service thx", "great service thanks"),
    ],
)
def test_spellings_by_looks_and_sound_are_read_as_meant(
    text: TextEmotion, written: str, meant: str
) -> None:
    assert normalise_text(written) == normalise_text(meant)
    assert read(text, written).scores == pytest.approx(read(text, meant).scores, abs=0.2)


def test_a_short_spelling_is_not_found_inside_other_words() -> None:
    assert normalise_text("넘어졌어요") == normalise_text("넘어졌어요").replace("너무", "넘")
    assert normalise_text("ㅋㅋㅇㅈㅋ") == normalise_text("ㅋㅋㅇㅈㅋ").replace("인정", "ㅇㅈ")
    assert normalise_text("sure, bur") == "sure, bur"


def test_bad_rows_of_a_spelling_table_are_named_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "ko.spellings.txt").write_text("띵작 명작\n댕댕이 ->\n", encoding="utf-8")
    (tmp_path / "en.spellings.txt").write_text("", encoding="utf-8")
    with pytest.raises(SpellingsError, match=r"(?s)ko\.spellings\.txt:1: .*txt:2: "):
        load_spellings(tmp_path)


def test_a_partial_line_is_read_as_what_it_says_so_far(text: TextEmotion) -> None:
    words = "아니 진짜 너무 짜증나"
    assert read(text, words, final=False) == read(text, words)
    cut = read(text, "아니 진짜 너무 짜", final=False)
    assert sum(cut.scores.values()) == pytest.approx(1, abs=1e-4)


def test_a_line_in_two_languages_finds_the_topics_of_both(text: TextEmotion) -> None:
    reading = read(text, "아 진짜 this is ridiculous 환불해 주세요")
    assert Topic.CANCELLATION in reading.topics


@pytest.mark.parametrize("words", ["네", "아니 그게 아니라요", "그래서요?"])
def test_a_short_line_after_a_complaint_is_part_of_it(text: TextEmotion, words: str) -> None:
    before = ("도대체 몇 번을 말해야 됩니까 진짜 짜증나네요",)
    alone, after = read(text, words), read(text, words, context=before)
    assert after.scores[Emotion.ANGER] > alone.scores[Emotion.ANGER] + 0.1
    assert (after.reading_id, after.reasons, after.topics) == (
        alone.reading_id,
        alone.reasons,
        alone.topics,
    )


def test_a_long_line_speaks_for_itself(text: TextEmotion) -> None:
    words = "제 카드 번호는 일이삼사 오육칠팔이고 유효 기간은 내년까지입니다"
    before = ("진짜 짜증나네요",)
    assert read(text, words, context=before) == read(text, words)


def test_valence_and_arousal_lie_where_the_circumplex_has_the_emotion(text: TextEmotion) -> None:
    angry, sad, glad = (
        read(text, words)
        for words in ("정말 화가 나네요 짜증나", "너무 슬프고 외로워요", "정말 감사합니다 행복해요")
    )
    assert angry.valence is not None
    assert sad.valence is not None
    assert glad.valence is not None
    assert max(angry.valence, sad.valence) < -0.1
    assert glad.valence > 0.2
    assert angry.arousal is not None
    assert sad.arousal is not None
    assert angry.arousal > 0.6
    assert sad.arousal < 0.5
