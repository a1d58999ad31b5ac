from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.fusion import fuse
from detectors.labels import EMOTIONS, NEGATIVE, Emotion
from detectors.mood import MOMENTS_WINDOW_MS, Mood, MoodLevel, MoodState, Trend, update_mood
from detectors.reading import Contrast, Modality, Reading
from detectors.trust import discount_unreliable
from detectors.utterance import TimeSpan


def reading(  # noqa: PLR0913
    at_s: float,
    strain: float,
    *,
    confidence: float = 0.7,
    modality: Modality = Modality.VOICE,
    abstained: bool = False,
    lasts_s: float = 2.0,
) -> Reading:
    start = int(at_s * 1000)
    return Reading(
        call_id="c",
        span=TimeSpan(start, start + int(lasts_s * 1000)),
        modality=modality,
        detector="test",
        version="1",
        scores={Emotion.NEUTRAL: 1 - strain, Emotion.ANGER: strain},
        confidence=confidence,
        abstained=abstained,
    )


def moods(*readings: Reading) -> list[Mood]:
    state, seen = MoodState(), []
    for one in readings:
        state = update_mood(state, one)
        if state.mood is not None:
            seen.append(state.mood)
    return seen


readings = st.lists(
    st.builds(
        reading,
        st.floats(0, 600),
        st.floats(0, 1),
        confidence=st.floats(0.01, 1),
        modality=st.sampled_from(Modality),
        abstained=st.booleans(),
    ),
    max_size=40,
)


@given(readings)
def test_scores_are_a_distribution_and_strain_its_negative_part(given_: list[Reading]) -> None:
    for mood in moods(*given_):
        assert abs(sum(mood.scores.values()) - 1) < 1e-6
        assert set(mood.scores) == set(EMOTIONS)
        assert abs(mood.strain - sum(mood.scores[one] for one in NEGATIVE)) < 1e-6


@given(readings)
def test_time_never_goes_back_and_every_mood_has_its_own_id(given_: list[Reading]) -> None:
    state, ids, at_ms = MoodState(), [], 0
    for one in given_:
        before, state = state, update_mood(state, one)
        if state.mood is not None and state.mood is not before.mood:
            ids.append(state.mood.mood_id)
            assert state.mood.at_ms >= at_ms
            at_ms = state.mood.at_ms
    assert len(set(ids)) == len(ids)


def test_a_reading_that_abstained_changes_nothing() -> None:
    state = update_mood(MoodState(), reading(0, 0.2))
    assert update_mood(state, reading(5, 1.0, abstained=True)) is state


def test_one_odd_moment_is_not_an_upset_customer() -> None:
    assert moods(reading(0, 1.0))[-1].level is not MoodLevel.UPSET


def test_sustained_strain_upsets_and_lasting_calm_calms() -> None:
    angry = [reading(second, 0.9) for second in range(0, 30, 5)]
    calm = [reading(second, 0.05) for second in range(30, 120, 5)]
    levels = [mood.level for mood in moods(*angry, *calm)]
    assert levels[5] is MoodLevel.UPSET
    assert levels[-1] is MoodLevel.CALM
    assert levels.count(MoodLevel.TENSE) >= 1


@given(st.lists(st.floats(0.47, 0.60), min_size=5, max_size=40))
def test_strain_between_the_thresholds_does_not_flicker(strains: list[float]) -> None:
    steady = [reading(5 * n, strain) for n, strain in enumerate(strains)]
    levels = [mood.level for mood in moods(*steady)]
    changes = sum(one is not other for one, other in itertools.pairwise(levels))
    assert changes <= 1


def test_the_words_refine_the_moment_of_the_voice_instead_of_making_a_second() -> None:
    voice, words = reading(0, 0.9), reading(0.5, 0.9, modality=Modality.TEXT)
    both = moods(voice, words)
    assert both[1].at_ms == 2_500
    alone = moods(voice, reading(10, 0.9))
    assert both[1].strain < alone[1].strain, "one moment read twice is not two moments"


def test_late_words_do_not_move_the_mood_back_in_time() -> None:
    late = moods(reading(0, 0.1), reading(20, 0.1), reading(1, 0.9, modality=Modality.TEXT))
    assert late[-1].at_ms == 22_000


def test_the_trend_rises_with_the_strain_and_eases_with_it() -> None:
    rising = moods(*(reading(5 * n, 0.1 + 0.15 * n) for n in range(6)))
    assert rising[-1].trend is Trend.RISING
    easing = moods(*(reading(5 * n, 0.9 if n < 4 else 0.1) for n in range(9)))
    assert easing[-1].trend is Trend.EASING


def test_polite_words_in_an_angry_voice_are_told() -> None:
    fused = fuse([reading(0, 0.9), reading(0, 0.1, modality=Modality.TEXT)])
    assert fused is not None
    assert fused.disagreement


def test_nothing_is_fused_from_detectors_that_all_abstain() -> None:
    assert fuse([reading(0, 0.9, abstained=True)]) is None


def heard(at_s: float, label: Emotion, *, arousal: float | None, share: float = 0.95) -> Reading:
    scores = {Emotion.NEUTRAL: 1 - share, label: share}
    return replace(reading(at_s, 0.0, confidence=share), scores=scores, arousal=arousal)


@given(readings)
def test_arousal_and_valence_stay_between_what_was_read(given_: list[Reading]) -> None:
    felt = [
        replace(one, arousal=0.2 + 0.6 * (n % 2), valence=-0.5 + n % 2)
        for n, one in enumerate(given_)
    ]
    for mood in moods(*felt):
        assert mood.arousal is not None
        assert mood.valence is not None
        assert 0.2 - 1e-9 <= mood.arousal <= 0.8 + 1e-9
        assert -0.5 - 1e-9 <= mood.valence <= 0.5 + 1e-9


def test_arousal_that_nobody_estimates_stays_unknown_and_a_known_one_is_kept() -> None:
    assert moods(reading(0, 0.5))[-1].arousal is None
    known = replace(reading(0, 0.5), arousal=0.7)
    assert moods(known, reading(5, 0.5))[-1].arousal == 0.7


@given(st.lists(st.floats(0, 0.49), min_size=1, max_size=40), st.floats(0.5, 1))
def test_no_lone_strained_moment_however_sure_raises_the_level(
    strains: list[float], odd: float
) -> None:
    calm = [reading(5 * n, strain, confidence=0.4) for n, strain in enumerate(strains)]
    lone = reading(5 * len(strains), odd, confidence=1.0)
    levels = {mood.level for mood in moods(*calm, lone)}
    assert levels == {MoodLevel.CALM}


def test_strained_moments_far_apart_do_not_add_up_to_a_level() -> None:
    far = MOMENTS_WINDOW_MS / 1_000 + 1
    lone = [reading(far * n, 0.95, confidence=1.0) for n in range(8)]
    assert {mood.level for mood in moods(*lone)} == {MoodLevel.CALM}


def test_words_that_refine_a_strained_moment_are_not_a_second_one() -> None:
    both = [reading(0, 0.95), reading(0.5, 0.95, modality=Modality.TEXT)]
    assert moods(*both)[-1].level is MoodLevel.CALM
    assert moods(*both, reading(5, 0.95))[-1].level is not MoodLevel.CALM


@pytest.mark.parametrize("label", [Emotion.SADNESS, Emotion.FEAR, Emotion.DISGUST])
def test_a_voice_alone_does_not_raise_the_level_by_what_it_is_bad_at(label: Emotion) -> None:
    told = [heard(5 * n, label, arousal=0.7) for n in range(12)]
    assert {mood.level for mood in moods(*told)} == {MoodLevel.CALM}
    words = [replace(one, modality=Modality.TEXT) for one in told]
    assert moods(*words)[-1].level is MoodLevel.UPSET, "words are believed"


def test_anger_is_believed_of_an_agitated_voice_and_not_of_a_sluggish_one() -> None:
    def level(arousal: float | None) -> MoodLevel:
        told = [heard(5 * n, Emotion.ANGER, arousal=arousal) for n in range(8)]
        return moods(*told)[-1].level

    assert level(0.45) is MoodLevel.CALM
    assert level(0.65) is MoodLevel.UPSET
    assert level(None) is MoodLevel.UPSET, "a model without arousal is believed"


@given(st.floats(0, 1), st.floats(0, 1) | st.none(), st.sampled_from(EMOTIONS))
def test_what_is_not_believed_goes_to_neutral_and_nothing_is_lost(
    share: float, arousal: float | None, label: Emotion
) -> None:
    before = heard(0, label, arousal=arousal, share=share)
    after = discount_unreliable(before)
    assert sum(after.scores.values()) == pytest.approx(sum(before.scores.values()))
    assert after.scores[Emotion.NEUTRAL] >= before.scores[Emotion.NEUTRAL]
    assert after.confidence <= before.confidence
    text = replace(before, modality=Modality.TEXT)
    assert discount_unreliable(text) is text


def test_calm_words_in_an_angry_voice_are_told_by_the_mood() -> None:
    voice = heard(0, Emotion.ANGER, arousal=0.75)
    words = replace(heard(0, Emotion.JOY, arousal=None), modality=Modality.TEXT)
    assert moods(voice, words)[-1].contrast is Contrast.STRAINED_VOICE
    assert moods(voice)[-1].contrast is None
