"""The text detector beyond the contract: languages, reasons, topics, taxonomies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.labels import EMOTIONS, GOEMOTIONS, KOTE, Emotion, Topic
from detectors.text import model as reading
from detectors.text.model import CALL_PRIOR, Taxonomy, TextEmotion, detect_line_language, membership
from detectors.text.ngrams import BUCKETS, OFFSETS, hash_line
from detectors.text.normalising import clean_text, normalise_text
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.artifact import Artifact


@pytest.fixture(scope="module")
def text() -> TextEmotion:
    return TextEmotion()


def line(words: str, language: Language = Language.KOREAN) -> TranscriptLine:
    return TranscriptLine("call-1", Speaker.CUSTOMER, TimeSpan(0, 900), words, language)


@pytest.mark.parametrize(
    ("words", "language", "emotion"),
    [
        ("아니 도대체 몇 번을 말해야 됩니까 진짜 짜증나네요", Language.KOREAN, Emotion.ANGER),
        ("정말 감사합니다 덕분에 해결됐어요", Language.KOREAN, Emotion.JOY),
        ("혼자 너무 외롭고 힘들어요", Language.KOREAN, Emotion.SADNESS),
        ("제 카드 번호는 일이삼사입니다", Language.KOREAN, Emotion.NEUTRAL),
        ("this is ridiculous, I am furious", Language.ENGLISH, Emotion.ANGER),
        ("thank you so much, that was great", Language.ENGLISH, Emotion.JOY),
        ("I am so scared and worried", Language.ENGLISH, Emotion.FEAR),
        ("my order number is four five six", Language.ENGLISH, Emotion.NEUTRAL),
    ],
)
def test_plain_lines_are_read_as_people_would(
    text: TextEmotion, words: str, language: Language, emotion: Emotion
) -> None:
    assert text.read(line(words, language)).label is emotion


def test_the_reasons_are_the_very_words(text: TextEmotion) -> None:
    reading = text.read(line("진짜 짜증나네요 해지해 주세요"))
    assert "해지" in reading.reasons
    assert "짜증" in reading.reasons
    assert reading.topics == (Topic.CANCELLATION,)


def test_a_line_with_a_topic_is_never_held_back(text: TextEmotion) -> None:
    reading = text.read(line("죽고 싶어요"))
    assert reading.topics == (Topic.SELF_HARM,)
    assert not reading.abstained


def test_a_whole_english_line_in_a_korean_call_is_read_as_english(text: TextEmotion) -> None:
    assert detect_line_language(line("thank you very much")) is Language.ENGLISH
    as_korean = text.read(line("thank you very much"))
    as_english = text.read(line("thank you very much", Language.ENGLISH))
    assert as_korean.scores == as_english.scores


def test_a_line_that_mixes_languages_finds_topics_of_both(text: TextEmotion) -> None:
    reading = text.read(line("환불 안 해주면 I will sue you"))
    assert set(reading.topics) == {Topic.CANCELLATION, Topic.REGULATOR}


def test_how_text_was_encoded_or_stretched_does_not_matter(text: TextEmotion) -> None:
    composed, decomposed = "감사합니다ㅋㅋㅋ", "감사합니다ㅋㅋㅋㅋㅋㅋ"
    assert text.read(line(composed)).scores == text.read(line(decomposed)).scores


def test_the_label_lists_of_the_taxonomies_map_only_what_they_have() -> None:
    assert len(KOTE) == 44
    assert len(GOEMOTIONS) == 28
    for taxonomy in Taxonomy:
        each = membership(taxonomy).sum(1)
        assert each.max() == 1, "a label expresses at most one emotion"
    assert membership(Taxonomy.GOEMOTIONS).sum(1).min() == 1
    assert sum(CALL_PRIOR.values()) == pytest.approx(1)
    assert set(CALL_PRIOR) == set(EMOTIONS)


@pytest.mark.parametrize("taxonomy", Taxonomy)
def test_a_taxonomys_own_scores_are_scaled_so_that_half_decides(
    text: TextEmotion, taxonomy: Taxonomy
) -> None:
    lines = ["정말 화가 나고 짜증나요", "I am so angry and annoyed"]
    scores = text.score_labels(lines, taxonomy)
    words = {Taxonomy.KOTE: "화남/분노", Taxonomy.GOEMOTIONS: "anger"}[taxonomy]
    labels = {Taxonomy.KOTE: KOTE, Taxonomy.GOEMOTIONS: GOEMOTIONS}[taxonomy]
    row = list(Taxonomy).index(taxonomy)
    assert scores.shape == (2, len(labels))
    assert scores[row, labels.index(words)] >= 0.5


@pytest.mark.parametrize("language", Language)
def test_buckets_are_the_languages_own_and_weights_have_unit_length(language: Language) -> None:
    buckets, weights = hash_line("안녕하세요 hello 안녕하세요", language)
    assert buckets.min() >= OFFSETS[language]
    assert buckets.max() < OFFSETS[language] + BUCKETS[language]
    assert np.square(weights).sum() == pytest.approx(1, abs=1e-5)


def test_hashing_is_pinned_because_the_model_was_trained_with_it() -> None:
    buckets, _ = hash_line("환불", Language.KOREAN)
    assert buckets[:6].tolist() == [5020, 5271, 6328, 6743, 9391, 12978]
    assert buckets.size == 29


def test_no_words_have_no_buckets_beyond_the_spaces() -> None:
    assert hash_line("", Language.ENGLISH)[0].size <= 1


def test_normalising_keeps_words_and_drops_what_nobody_says() -> None:
    assert clean_text("  안녕\u200b하세요\x00  ") == "안녕하세요"
    assert normalise_text("WOW!!!!!! https://example.org/a") == "wow!! link"


def test_a_line_is_read_once_however_many_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    detector, fresh = TextEmotion(), TextEmotion
    calls = ["배송이 아직도 안 왔어요", "벌써 두 번째 전화예요", "네"]
    items = [
        TranscriptLine(
            "c", Speaker.CUSTOMER, TimeSpan(0, 900), words, context=tuple(calls[:number])
        )
        for number, words in enumerate(calls)
    ]
    expected = [fresh().read(item) for item in items]
    runs: list[int] = []
    run = type(detector.artifact).run

    def counted(artifact: Artifact, **inputs: NDArray[np.generic]) -> dict[str, Any]:
        runs.append(1)
        return run(artifact, **inputs)

    monkeypatch.setattr(type(detector.artifact), "run", counted)
    assert [detector.read(item) for item in items] == expected, "what is remembered changes nothing"
    assert len(runs) == len(calls)


def test_only_so_many_lines_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CACHED_LINES", 3)
    detector = TextEmotion()
    for number in range(10):
        detector.read(line(f"{number}번이에요"))
    assert len(detector._cache) == 3


def test_a_reading_says_which_words_belong_to_which_topic(text: TextEmotion) -> None:
    answer = text.read(line("you f***ing idiot, just cancel it", Language.ENGLISH))
    by_topic = {
        topic: [match.words for match in answer.topic_matches if match.topic is topic]
        for topic in answer.topics
    }
    assert by_topic[Topic.CANCELLATION] == ["cancel"]
    assert sorted(by_topic[Topic.ABUSE]) == ["f***ing", "idiot"]
    assert all(match.words in match.context for match in answer.topic_matches)


def test_words_around_those_of_a_topic_are_few(text: TextEmotion) -> None:
    words = f"{'안녕하세요 ' * 40}죽고 싶어요 {'네 그래요 ' * 40}"
    (match, *_) = text.read(line(words)).topic_matches
    assert match.words == "죽고 싶"
    assert len(match.context) <= len(match.words) + 60
    assert match.context in words


def test_dots_in_a_cry_for_help_do_not_make_it_cheerful(text: TextEmotion) -> None:
    for words in ("저 요즘 죽고... 싶어요", "죽\u00ad고 싶어요", "죽고, 싶어요"):
        answer = text.read(line(words))
        assert answer.topics == (Topic.SELF_HARM,)
        assert answer.label is not Emotion.JOY
