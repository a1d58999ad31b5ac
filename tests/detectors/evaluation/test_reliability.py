"""How far a detector is right: a coin is 0, never wrong is 1."""

from __future__ import annotations

import pytest

from detectors.evaluation.reliability import LabelledReadings, compute_reliability
from detectors.fusion import RELIABILITY
from detectors.labels import EMOTIONS, Emotion
from detectors.reading import Modality, Reading
from detectors.utterance import TimeSpan


def judged(*pairs: tuple[float, Emotion]) -> LabelledReadings:
    """Readings of so much anger, and what was really there."""
    return [
        (
            Reading(
                call_id="c",
                span=TimeSpan(0, 1_000),
                modality=Modality.VOICE,
                detector="test",
                version="1",
                scores={Emotion.ANGER: anger, Emotion.NEUTRAL: 1 - anger},
                confidence=0.5,
            ),
            truth,
        )
        for anger, truth in pairs
    ]


RIGHT = judged((0.9, Emotion.ANGER), (0.8, Emotion.ANGER), (0.3, Emotion.NEUTRAL))
WRONG = judged((0.1, Emotion.ANGER), (0.9, Emotion.NEUTRAL))
COIN = judged((0.5, Emotion.ANGER), (0.5, Emotion.NEUTRAL))


def test_never_wrong_is_one_and_a_coin_or_worse_is_nothing() -> None:
    assert compute_reliability({"x": RIGHT})[Emotion.ANGER] == pytest.approx(1)
    assert compute_reliability({"x": COIN})[Emotion.ANGER] == pytest.approx(0)
    assert compute_reliability({"x": WRONG})[Emotion.ANGER] == 0


def test_corpora_count_alike_however_long_they_are() -> None:
    both = {"long": RIGHT * 50, "short": COIN}
    assert compute_reliability(both)[Emotion.ANGER] == pytest.approx(0.5)


def test_an_emotion_that_no_corpus_has_is_missing_rather_than_nought() -> None:
    assert set(compute_reliability({"x": RIGHT})) == {Emotion.ANGER, Emotion.NEUTRAL}


def test_the_table_is_ordered_as_the_emotions_are() -> None:
    for modality in Modality:
        assert tuple(RELIABILITY[modality]) == EMOTIONS
