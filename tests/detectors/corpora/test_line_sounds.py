"""The sounds that teach and measure the gate are many, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.corpora.line_sounds import LINE_SOUNDS, UNSEEN_SOUNDS, tones, voices
from detectors.corpora.loudness import cut_silence, normalise_speech
from detectors.utterance import SAMPLE_RATE
from detectors.voice.external.test_signals import synthesise_voice
from detectors.voice.speech_gate import SoundKind

if TYPE_CHECKING:
    from detectors.corpora.line_sounds import LineSound

ALL = (*LINE_SOUNDS, *UNSEEN_SOUNDS)


def test_every_kind_has_several_sounds_also_among_those_that_never_teach() -> None:
    for sounds in (LINE_SOUNDS, UNSEEN_SOUNDS):
        counts = Counter(sound.kind for sound in sounds)
        assert SoundKind.SPEECH not in counts
        assert min(counts[kind] for kind in set(SoundKind) - {SoundKind.SPEECH}) >= 5
    assert len(tones.RING_BACK) >= 12


def test_no_sound_teaches_and_is_said_not_to() -> None:
    assert not {sound.name for sound in LINE_SOUNDS} & {sound.name for sound in UNSEEN_SOUNDS}
    assert len({sound.name for sound in ALL}) == len(ALL)


@pytest.mark.parametrize("sound", ALL, ids=lambda sound: sound.name)
def test_a_sound_is_as_long_as_asked_and_the_same_for_the_same_seed(sound: LineSound) -> None:
    first, again = (sound.make(np.random.default_rng(3), 6.0) for _ in range(2))
    assert abs(first.size - 6 * SAMPLE_RATE) <= 1
    assert np.isfinite(first).all()
    assert first.std() > 0
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("country", tones.RING_BACK)
def test_a_ring_back_tone_sounds_as_long_as_its_network_says(country: str) -> None:
    cadence = tones.RING_BACK[country]
    period_s = sum(cadence.on_off_s)
    wave = tones.render_cadence(np.random.default_rng(0), 4 * period_s, cadence)
    frames = np.abs(wave[: wave.size // 400 * 400]).reshape(-1, 400).max(axis=1)
    on_share = sum(cadence.on_off_s[::2]) / period_s
    assert (frames > 0.2 * frames.max()).mean() == pytest.approx(on_share, abs=0.06)


def test_a_voice_made_over_stays_a_finite_wave_of_its_length() -> None:
    speech = synthesise_voice(1_500).astype(np.float64)
    rng = np.random.default_rng(1)
    for wave, samples in (
        (voices.whisper(rng, speech), speech.size),
        (voices.revoice(rng, speech), speech.size),
        (voices.hold_vowel(rng, 1.0, speech), SAMPLE_RATE),
        (voices.laugh(rng, 1.0, speech), SAMPLE_RATE),
        (voices.cry(rng, 1.0, speech), SAMPLE_RATE),
        (voices.render_song(rng, 1.0, speech), SAMPLE_RATE),
        (voices.change_pace(speech, 1.25), round(speech.size / 1.25)),
    ):
        assert wave.size == samples
        assert np.isfinite(wave).all()
        assert wave.std() > 0


def test_a_faster_pace_raises_the_pitch() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    spectrum = np.abs(np.fft.rfft(voices.change_pace(tone, 1.5)))
    assert spectrum.argmax() * 1.5 == pytest.approx(600, abs=3)


def test_silence_is_cut_off_both_ends_and_the_level_is_one() -> None:
    speech = np.random.default_rng(2).standard_normal(4_000)
    padded = np.concatenate([np.zeros(2_000), 7 * speech, np.zeros(3_000)])
    cut = cut_silence(padded)
    assert cut.size == 4_000
    assert normalise_speech(cut).std() == pytest.approx(1, abs=0.1)
    assert not normalise_speech(np.zeros(800)).any()
