"""Voices made over: sung, whispered, held, laughing, crying, higher or lower. Pure numpy.

A channel vocoder: the spectral envelope of real speech is laid, frame by frame, on another
excitation (Dudley, 1939); envelopes are cepstrally smoothed spectra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds.synthesis import (
    fade,
    harmonics,
    normalise,
    sample_count,
    semitones,
    sine,
    smooth_track,
)
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

_FRAME = 256
_HOP = 64
_WINDOW = np.hanning(_FRAME + 1)[:-1]
_QUEFRENCIES = 24
"""Cepstral coefficients of an envelope: 3 ms, shorter than the period of a 330 Hz voice."""


def render_song(rng: np.random.Generator, seconds: float, speech: Wave) -> Wave:
    """Sing the syllables of ``speech`` to notes: steady pitch, vibrato, vowels drawn out.

    Args:
        rng: draws melody, tempo and voice.
        seconds: length of the result.
        speech: ``float64[samples]`` of one speaker, a second or more.
    """
    samples = sample_count(seconds)
    envelopes = _envelopes(speech)
    pitch, positions = np.empty(samples), np.empty(samples)
    root = float(np.exp(rng.uniform(np.log(110), np.log(440))))
    step, at, place = 0, 0, rng.uniform(0, 0.5) * len(envelopes)
    while at < samples:
        length = min(sample_count(rng.choice([0.2, 0.35, 0.5, 0.7, 1.2])), samples - at)
        step = int(np.clip(step + rng.choice([-4, -2, -1, 0, 2, 3, 5]), -7, 12))
        pitch[at : at + length] = root * semitones(step)
        syllable = rng.uniform(0.12, 0.3) * SAMPLE_RATE / _HOP
        # Consonants pass at speed, the vowel behind them is held.
        course = np.interp(np.linspace(0, 1, length), [0, 0.25, 0.9, 1], [0, 0.55, 0.7, 1])
        positions[at : at + length] = place + syllable * course
        place, at = place + syllable, at + length
    glide = np.ones(240) / 240
    pitch = np.exp(np.convolve(np.log(np.pad(pitch, 120, mode="edge")), glide, "same")[120:-120])
    depth = rng.uniform(0, 0.025)
    pitch *= 1 + depth * sine(rng.uniform(4.5, 6.5), samples)
    return _speak(rng, envelopes, positions, _glottis(rng, pitch), breath=rng.uniform(0.02, 0.15))


def whisper(rng: np.random.Generator, speech: Wave) -> Wave:
    """The same words without, or nearly without, voice."""
    envelopes = _envelopes(speech)
    pitch = np.full(speech.size, rng.uniform(90, 220)) * (
        1 + 0.15 * smooth_track(rng, speech.size, 4)
    )
    positions = np.arange(speech.size) / _HOP
    return _speak(rng, envelopes, positions, _glottis(rng, pitch), breath=rng.uniform(0.85, 1))


def revoice(rng: np.random.Generator, speech: Wave) -> Wave:
    """The same words with another pitch, from an old man's to a small child's (600 Hz)."""
    envelopes = _envelopes(speech)
    positions = np.arange(speech.size) / _HOP
    base = float(np.exp(rng.uniform(np.log(80), np.log(600))))
    pitch = base * _living_pitch(rng, speech.size, spread=rng.uniform(0.03, 0.3))
    hissing = envelopes[:, 70:].mean(axis=1) > envelopes[:, 4:40].mean(axis=1)
    breath = np.interp(positions, np.arange(len(envelopes)), hissing.astype(float))
    breath = np.maximum(breath, rng.uniform(0.01, 0.15))
    return _speak(rng, envelopes, positions, _glottis(rng, pitch), breath=breath)


def hold_vowel(rng: np.random.Generator, seconds: float, speech: Wave) -> Wave:
    """A drawn-out "aah" or "mm": the voice of one loud moment, with a living pitch."""
    samples = sample_count(seconds)
    envelopes = _envelopes(speech)
    position = _loud_frame(rng, envelopes) + 4 * smooth_track(rng, samples, 2)
    pitch = np.exp(rng.uniform(np.log(80), np.log(600))) * _living_pitch(
        rng, samples, spread=rng.uniform(0.02, 0.2)
    )
    vowel = _speak(rng, envelopes, position, _glottis(rng, pitch), breath=rng.uniform(0.02, 0.2))
    swell = 1 + 0.3 * smooth_track(rng, samples, 3)
    return fade(vowel * swell, rng.uniform(0.02, 0.15), rng.uniform(0.05, 0.3))


def laugh(rng: np.random.Generator, seconds: float, speech: Wave) -> Wave:
    """Bouts of "ha-ha": four to six vowels a second, each with a breath before it."""
    samples = sample_count(seconds)
    envelopes = _envelopes(speech)
    rate, base = rng.uniform(3.8, 6.5), rng.uniform(130, 420)
    phase = np.arange(samples) / SAMPLE_RATE * rate * (1 + 0.05 * smooth_track(rng, samples, 1))
    within = phase % 1
    bout = np.minimum(1, 1.2 - 0.8 * (phase / 7 % 1))
    pitch = base * bout * (1.2 - 0.3 * within) * _living_pitch(rng, samples, 0.08)
    place = _loud_frame(rng, envelopes) + 3 * smooth_track(rng, samples, 4)
    voiced = _speak(rng, envelopes, place, _glottis(rng, pitch), breath=rng.uniform(0.1, 0.4))
    airy = _speak(rng, envelopes, place, np.zeros(samples), breath=1.0)
    open_phase = np.clip(np.sin(2 * np.pi * (within - 0.2)), 0, 1) ** 0.7
    return bout * (voiced * open_phase + rng.uniform(0.1, 0.4) * airy * (within < 0.3))


def cry(rng: np.random.Generator, seconds: float, speech: Wave) -> Wave:
    """Sobbing: long wavering high vowels, broken by gasps."""
    samples = sample_count(seconds)
    envelopes = _envelopes(speech)
    phase = np.arange(samples) / SAMPLE_RATE * rng.uniform(0.7, 1.6)
    within = phase % 1
    tremor = 1 + rng.uniform(0.02, 0.08) * sine(rng.uniform(6, 11), samples)
    arch = 1 + 0.35 * np.sin(np.pi * within)
    pitch = rng.uniform(200, 560) * arch * tremor * _living_pitch(rng, samples, 0.1)
    place = _loud_frame(rng, envelopes) + 5 * smooth_track(rng, samples, 3)
    wail = _speak(rng, envelopes, place, _glottis(rng, pitch), breath=rng.uniform(0.05, 0.4))
    gasp = _speak(rng, envelopes, place, np.zeros(samples), breath=1.0)
    sobs = np.clip(1.3 * np.sin(np.pi * within / 0.75), 0, 1) * (within < 0.75)
    return wail * sobs + rng.uniform(0.1, 0.5) * gasp * (within > 0.8)


def change_pace(wave: Wave, factor: float) -> Wave:
    """Play faster (and higher) or slower (and lower), as a tape does."""
    length = max(1, round(wave.size / factor))
    spectrum = np.fft.rfft(wave)
    kept = spectrum[: length // 2 + 1]
    return np.asarray(np.fft.irfft(kept, length) * length / wave.size)


def _envelopes(speech: Wave) -> NDArray[np.float64]:
    """Smoothed log magnitudes, ``float64[frames, 129]``, of `_FRAME` samples every `_HOP`."""
    padded = np.pad(speech, (_FRAME // 2, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    log_magnitude = np.log(np.abs(np.fft.rfft(frames * _WINDOW)) + 1e-4 * np.abs(speech).max())
    return _smooth(log_magnitude)


def _smooth(log_magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    cepstrum = np.fft.irfft(log_magnitude)
    cepstrum[:, _QUEFRENCIES : _FRAME - _QUEFRENCIES + 1] = 0
    smoothed: NDArray[np.float64] = np.fft.rfft(cepstrum).real
    return smoothed


def _speak(
    rng: np.random.Generator,
    envelopes: NDArray[np.float64],
    positions: Wave,
    voice: Wave,
    breath: Wave | float,
) -> Wave:
    """Lay envelopes on an excitation; ``positions`` are frame numbers, one for each sample."""
    excitation = (1 - breath) * voice + breath * rng.standard_normal(positions.size)
    padded = np.pad(excitation, (_FRAME // 2, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    spectra = np.fft.rfft(frames * _WINDOW)
    flat = spectra / np.exp(_smooth(np.log(np.abs(spectra) + 1e-4)))
    at = np.minimum(np.arange(len(flat)) * _HOP, positions.size - 1)
    places = np.clip(np.rint(positions[at]), 0, None).astype(int) % len(envelopes)
    pieces = np.fft.irfft(flat * np.exp(envelopes[places])) * _WINDOW
    wave = np.zeros(padded.size)
    for number, piece in enumerate(pieces):
        wave[number * _HOP : number * _HOP + _FRAME] += piece
    return normalise(wave[_FRAME // 2 : _FRAME // 2 + positions.size])


def _glottis(rng: np.random.Generator, pitch_hz: Wave) -> Wave:
    weights = 1 / np.arange(1, 30) ** rng.uniform(0, 0.5)
    jitter = 1 + rng.uniform(0.001, 0.01) * smooth_track(rng, pitch_hz.size, 60)
    limited = np.minimum(pitch_hz * jitter, 900.0)
    partials = max(2, int(3_700 / limited.max()))
    return normalise(harmonics(limited, weights[:partials], pitch_hz.size))


def _living_pitch(rng: np.random.Generator, samples: int, spread: float) -> Wave:
    tilt = np.linspace(0, rng.uniform(-0.2, 0.1), samples)
    return (
        1 + tilt + spread * smooth_track(rng, samples, 1.5) + 0.01 * smooth_track(rng, samples, 12)
    )


def _loud_frame(rng: np.random.Generator, envelopes: NDArray[np.float64]) -> float:
    loudness = envelopes[:, 3:60].mean(axis=1)
    loud = np.flatnonzero(loudness >= np.quantile(loudness, 0.8))
    return float(loud[rng.integers(loud.size)])
