"""What the voice and the words say together, whatever each of them says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.fusion import RELIABILITY, FusedReading, distribution, fuse, weight
from detectors.labels import EMOTIONS, Emotion
from detectors.reading import Contrast, Modality, Reading
from detectors.utterance import TimeSpan

MASSES = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda m: sum(m) > 0.01)


def _reading(  # noqa: PLR0913  (a reading has many parts)
    modality: Modality,
    masses: list[float],
    *,
    confidence: float = 0.7,
    abstained: bool = False,
    arousal: float | None = None,
    valence: float | None = None,
    start_ms: int = 0,
) -> Reading:
    total = sum(masses)
    return Reading(
        call_id="c",
        span=TimeSpan(start_ms, 2_000),
        modality=modality,
        detector="test",
        version="1",
        scores={label: mass / total for label, mass in zip(EMOTIONS, masses, strict=True)},
        confidence=confidence,
        abstained=abstained,
        arousal=arousal,
        valence=valence,
    )


def said(emotion: Emotion, probability: float, modality: Modality, **parts: float) -> Reading:
    """Give a reading sure of one emotion by so much; the rest is neutral, or joy."""
    other = Emotion.JOY if emotion is Emotion.NEUTRAL else Emotion.NEUTRAL
    masses = {emotion: probability, other: 1 - probability}
    return _reading(modality, [masses.get(label, 0.0) for label in EMOTIONS], **parts)  # type: ignore[arg-type]


READINGS = st.builds(
    _reading,
    st.sampled_from(Modality),
    MASSES,
    confidence=st.floats(0.01, 1),
    abstained=st.booleans(),
    arousal=st.none() | st.floats(0, 1),
    valence=st.none() | st.floats(-1, 1),
    start_ms=st.integers(0, 1_000),
)
SEVERAL = st.lists(READINGS, min_size=1, max_size=5)


def one(fused: FusedReading | None) -> FusedReading:
    assert fused is not None
    return fused


@given(SEVERAL, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(readings: list[Reading], random: object) -> None:
    other = list(readings)
    random.shuffle(other)  # type: ignore[attr-defined]
    here, there = fuse(readings), fuse(other)
    if here is None or there is None:
        assert here is there
        return
    assert here.scores == pytest.approx(there.scores)
    assert here.arousal == pytest.approx(there.arousal)
    assert here.valence == pytest.approx(there.valence)
    assert here.confidence == there.confidence


@given(SEVERAL)
def test_scores_are_a_distribution_and_feelings_stay_in_their_range(
    readings: list[Reading],
) -> None:
    fused = fuse(readings)
    if fused is None:
        assert all(reading.abstained for reading in readings)
        return
    assert sum(fused.scores.values()) == pytest.approx(1)
    assert all(0 <= score <= 1 + 1e-9 for score in fused.scores.values())
    assert fused.arousal is None or 0 <= fused.arousal <= 1 + 1e-9
    assert fused.valence is None or -1 - 1e-9 <= fused.valence <= 1 + 1e-9


@given(SEVERAL, READINGS)
def test_a_reading_that_abstained_changes_nothing(readings: list[Reading], other: Reading) -> None:
    assert fuse([*readings, replace(other, abstained=True)]) == fuse(readings)


@given(MASSES, MASSES, st.floats(0.01, 0.98), st.floats(0.01, 1))
def test_a_more_confident_reading_never_counts_for_less(
    voice: list[float], words: list[float], low: float, others: float
) -> None:
    high = low + (1 - low) / 2
    text = _reading(Modality.TEXT, words, confidence=others)
    away = []
    for confidence in (low, high):
        reading = _reading(Modality.VOICE, voice, confidence=confidence)
        fused = one(fuse([reading, text]))
        own = distribution(reading)
        away.append(sum(abs(fused.scores[label] - own[label]) for label in EMOTIONS))
    assert away[1] <= away[0] + 1e-9


@given(READINGS)
def test_one_modality_alone_is_that_modalitys_reading(reading: Reading) -> None:
    reading = replace(reading, abstained=False)
    fused = one(fuse([reading]))
    assert fused.scores == pytest.approx(distribution(reading))
    assert fused.confidence == reading.confidence
    assert fused.arousal == pytest.approx(reading.arousal)
    assert fused.valence == pytest.approx(reading.valence)
    assert fused.contrast is None


def test_every_detector_has_a_reliability_for_every_emotion() -> None:
    for modality in Modality:
        assert set(RELIABILITY[modality]) == set(EMOTIONS)
        assert all(0 < value <= 1 for value in RELIABILITY[modality].values())


def test_a_voice_is_believed_most_in_anger_and_words_more_in_gladness() -> None:
    def weigh(emotion: Emotion, modality: Modality) -> float:
        return weight(said(emotion, 0.9, modality))

    assert weigh(Emotion.ANGER, Modality.VOICE) > weigh(Emotion.JOY, Modality.VOICE)
    assert weigh(Emotion.JOY, Modality.TEXT) > weigh(Emotion.ANGER, Modality.TEXT)
    assert weigh(Emotion.JOY, Modality.TEXT) > weigh(Emotion.JOY, Modality.VOICE)


def test_the_voice_decides_how_agitated_and_the_words_how_pleasant() -> None:
    voice = said(Emotion.ANGER, 0.6, Modality.VOICE)
    words = said(Emotion.JOY, 0.6, Modality.TEXT)
    fused = one(
        fuse([replace(voice, arousal=1.0, valence=-1.0), replace(words, arousal=0.0, valence=1.0)])
    )
    assert fused.arousal == pytest.approx(0.75)
    assert fused.valence == pytest.approx(0.5)


@pytest.mark.parametrize("words", [Emotion.NEUTRAL, Emotion.JOY])
@pytest.mark.parametrize("voice", [Emotion.ANGER, Emotion.FEAR, Emotion.SADNESS])
def test_polite_words_in_a_strained_voice_are_told_apart_from_the_reverse(
    voice: Emotion, words: Emotion
) -> None:
    strained, plain = said(voice, 0.9, Modality.VOICE), said(words, 0.9, Modality.TEXT)
    assert one(fuse([strained, plain])).contrast is Contrast.STRAINED_VOICE
    reverse = [said(words, 0.9, Modality.VOICE), said(voice, 0.9, Modality.TEXT)]
    assert one(fuse(reverse)).contrast is Contrast.STRAINED_WORDS


@pytest.mark.parametrize(("voice", "words"), [(0.9, 0.6), (0.55, 0.9), (0.55, 0.55)])
def test_who_merely_leans_to_the_other_side_does_not_disagree(voice: float, words: float) -> None:
    lean = [
        said(Emotion.ANGER, voice, Modality.VOICE),
        said(Emotion.ANGER, 1 - words, Modality.TEXT),
    ]
    assert not one(fuse(lean)).disagreement


def test_two_strained_readings_do_not_disagree_whatever_they_name() -> None:
    both = [said(Emotion.FEAR, 0.9, Modality.VOICE), said(Emotion.ANGER, 0.9, Modality.TEXT)]
    assert not one(fuse(both)).disagreement


def test_a_voice_that_abstained_contradicts_nobody() -> None:
    voice = replace(said(Emotion.ANGER, 0.9, Modality.VOICE), abstained=True)
    assert not one(fuse([voice, said(Emotion.JOY, 0.9, Modality.TEXT)])).disagreement
