"""The voice detector beyond the contract: level, baseline, reasons, codecs."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.utterance import SpeakerBaseline
from detectors.voice.baseline import mean_features, update_baseline
from detectors.voice.model import VoiceTone
from tests.detectors.sounds import synthesise_voice, utterance


@pytest.fixture(scope="module")
def tone() -> VoiceTone:
    return VoiceTone()


def test_a_quiet_recording_reads_like_a_loud_one(tone: VoiceTone) -> None:
    loud = tone.read(utterance(synthesise_voice(level=8_000)))
    quiet = tone.read(utterance(synthesise_voice(level=800)))
    assert quiet.scores == pytest.approx(loud.scores, abs=0.05)


def test_silence_around_speech_hardly_changes_the_reading(tone: VoiceTone) -> None:
    speech = synthesise_voice()
    padded = np.concatenate([np.zeros(8_000, np.int16), speech, np.zeros(8_000, np.int16)])
    # The first frames and the last hold part of the speech only.
    assert tone.read(utterance(padded)).scores == pytest.approx(
        tone.read(utterance(speech)).scores, abs=0.1
    )


@pytest.mark.parametrize("codec", Codec)
def test_telephone_codecs_keep_the_reading(tone: VoiceTone, codec: Codec) -> None:
    clean = tone.read(utterance())
    coded = tone.read(utterance(apply_codec(synthesise_voice(), codec)))
    assert coded.scores == pytest.approx(clean.scores, abs=0.25)


def test_each_reading_hands_on_the_baseline_with_itself_taken_in(tone: VoiceTone) -> None:
    first = tone.read(utterance())
    second = tone.read(utterance(synthesise_voice(pitch_hz=220), baseline=first.baseline))
    assert (first.baseline.count, second.baseline.count) == (1, 2)
    assert second.baseline.mean != first.baseline.mean


def test_a_customer_who_gets_louder_and_higher_is_named_so(tone: VoiceTone) -> None:
    calm = SpeakerBaseline()
    for pitch in (115, 120, 125):
        calm = tone.read(utterance(synthesise_voice(pitch_hz=pitch), baseline=calm)).baseline
    upset = tone.read(utterance(synthesise_voice(pitch_hz=200, level=8_500), baseline=calm))
    assert set(upset.reasons) == {"voice:louder", "voice:higher_pitch"}
    assert tone.read(utterance(synthesise_voice(pitch_hz=120), baseline=calm)).reasons == ()


def test_without_enough_past_nothing_is_called_louder(tone: VoiceTone) -> None:
    once = tone.read(utterance(synthesise_voice(level=500))).baseline
    assert tone.read(utterance(synthesise_voice(level=9_000), baseline=once)).reasons == ()


def test_a_baseline_of_another_model_starts_the_call_afresh(tone: VoiceTone) -> None:
    foreign = SpeakerBaseline(count=4, mean=b"\0" * 12)
    assert tone.read(utterance(baseline=foreign)).scores == tone.read(utterance()).scores
    assert tone.read(utterance(baseline=foreign)).baseline.count == 1


def test_only_the_end_of_very_long_speech_is_read(tone: VoiceTone) -> None:
    end = synthesise_voice(15_000)
    long = np.concatenate([synthesise_voice(9_000, pitch_hz=300), end])
    assert tone.read(utterance(long)).scores == tone.read(utterance(end)).scores


def test_floating_point_sound_in_unit_range_reads_like_integers(tone: VoiceTone) -> None:
    pcm = synthesise_voice()
    floating = (pcm / 32_768).astype(np.float32)
    assert tone.read(utterance(floating)).scores == pytest.approx(
        tone.read(utterance(pcm)).scores, abs=1e-5
    )


def test_the_running_mean_is_the_mean() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(5, 7)).astype(np.float32)
    baseline = SpeakerBaseline()
    for vector in vectors:
        baseline = update_baseline(baseline, vector)
    count, mean = mean_features(baseline, 7)
    assert count == 5
    assert mean == pytest.approx(vectors.mean(0), abs=1e-6)


def test_a_baseline_that_one_utterance_moved_too_far_recovers() -> None:
    usual, far = np.zeros(4, dtype=np.float32), np.full(4, 100, dtype=np.float32)
    baseline = SpeakerBaseline()
    for features in [*[usual] * 60, far, *[usual] * 100]:
        baseline = update_baseline(baseline, features)
    _, mean = mean_features(baseline, 4)
    assert np.all(mean < 100 / 161 / 2), "half of what a mean of all would still be off"
