"""Music as callers on hold hear it: single instruments, bands and drums, all made from rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds.synthesis import (
    add_at,
    band_pass,
    decay,
    fade,
    harmonics,
    normalise,
    sample_count,
    semitones,
    sine,
)
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.corpora.line_sounds.synthesis import Wave

    Instrument = Callable[[np.random.Generator, float, float], Wave]
    """Plays one note: generator, Hz, seconds."""

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 4), (1, 4, 0, 0))
"""Degrees of the scale that chords are built on."""


def pluck(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """A string by Karplus and Strong (Computer Music Journal 7(2), 1983), spectrally.

    Partials start at random levels and decay the faster the higher they are.
    """
    samples = sample_count(seconds)
    wave = np.zeros(samples)
    half_life = rng.uniform(0.15, 0.6)
    for number in range(1, int(3_600 / pitch_hz) + 1):
        level = abs(rng.standard_normal()) / number ** rng.uniform(0.2, 0.9)
        wave += level * decay(samples, half_life / number**0.7) * sine(number * pitch_hz, samples)
    return fade(wave, 0.002, 0.02)


def struck_string(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """A piano-like note: stretched partials, two slopes of decay, a soft hammer."""
    samples = sample_count(seconds)
    weights = 1 / np.arange(1, 13) ** rng.uniform(0.9, 1.8)
    wave = harmonics(pitch_hz, weights, samples, stretch=rng.uniform(1e-4, 8e-4))
    envelope = 0.7 * decay(samples, 0.12) + 0.3 * decay(samples, rng.uniform(0.5, 1.5))
    return fade(wave * envelope, 0.004, 0.05)


def bowed_string(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """Several players of one part: slow attack, vibrato, slight detuning."""
    samples = sample_count(seconds)
    wave = np.zeros(samples)
    weights = 1 / np.arange(1, 12) ** rng.uniform(0.7, 1.4)
    for _ in range(int(rng.integers(1, 4))):
        vibrato = 1 + rng.uniform(0.002, 0.01) * sine(rng.uniform(4.5, 6.5), samples)
        wave += harmonics(pitch_hz * vibrato * rng.uniform(0.997, 1.003), weights, samples)
    return fade(wave, rng.uniform(0.05, 0.3), 0.15)


def organ(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """Drawbars: a few exact partials at steady level."""
    weights = rng.uniform(0, 1, 8) * (rng.random(8) < 0.7)
    weights[0] = 1
    return fade(harmonics(pitch_hz, weights, sample_count(seconds)), 0.01, 0.03)


def flute(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """A flute or a whistle: nearly a sine, vibrato, breath around the pitch."""
    samples = sample_count(seconds)
    vibrato = 1 + rng.uniform(0, 0.012) * sine(rng.uniform(4, 6.5), samples)
    tone = harmonics(pitch_hz * vibrato, np.array([1, rng.uniform(0, 0.4), 0.05]), samples)
    breath = band_pass(rng.standard_normal(samples), pitch_hz, 3 * pitch_hz)
    return fade(tone + rng.uniform(0.01, 0.1) * breath, rng.uniform(0.02, 0.1), 0.05)


def brass(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """Partials that come in later the higher they are (Risset, 1965)."""
    samples = sample_count(seconds)
    wave, delay_s = np.zeros(samples), rng.uniform(0.005, 0.02)
    for number in range(1, 11):
        level = np.minimum(1, np.arange(samples) / sample_count(delay_s * number))
        wave += level / number**0.6 * sine(number * pitch_hz, samples, number)
    return fade(wave, 0.01, 0.05)


def music_box(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """Struck bars: partials at the ratios of a free bar, long decay."""
    samples = sample_count(seconds)
    ratios = (1.0, 2.76, 5.4, rng.uniform(3, 4))
    wave = np.zeros(samples)
    for number, ratio in enumerate(ratios, start=1):
        if ratio * pitch_hz < 3_900:
            partial = sine(ratio * pitch_hz, samples)
            wave += partial * decay(samples, 0.5 / number) / number
    return fade(wave, 0.001, 0.03)


def chip(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """A pulse wave of an early sound chip."""
    duty = rng.choice([0.125, 0.25, 0.5])
    numbers = np.arange(1, 25)
    weights = np.sin(np.pi * numbers * duty) / numbers
    return fade(harmonics(pitch_hz, weights, sample_count(seconds)), 0.001, 0.005)


def synth_pad(rng: np.random.Generator, pitch_hz: float, seconds: float) -> Wave:
    """Two detuned saws under a moving filter."""
    samples = sample_count(seconds)
    detune = rng.uniform(1.001, 1.01)
    weights = np.exp(-np.arange(14) * rng.uniform(0.1, 0.6)) / np.arange(1, 15)
    wave = harmonics(pitch_hz, weights, samples) + harmonics(pitch_hz * detune, weights, samples)
    return fade(wave, rng.uniform(0.02, 0.4), 0.2)


INSTRUMENTS: dict[str, Instrument] = {
    "plucked string": pluck,
    "piano": struck_string,
    "strings": bowed_string,
    "organ": organ,
    "flute": flute,
    "brass": brass,
    "music box": music_box,
    "chip tune": chip,
    "synthesiser": synth_pad,
}


def solo(rng: np.random.Generator, seconds: float, instrument: Instrument) -> Wave:
    """A melody, an arpeggio or chords on one instrument, tempo and key drawn."""
    wave = np.zeros(sample_count(seconds))
    style = rng.integers(3)
    if style != 1:
        _play_melody(rng, wave, instrument, _draw_key(rng))
    if style != 0:
        _play_chords(rng, wave, instrument, _draw_key(rng))
    return wave


def band(rng: np.random.Generator, seconds: float) -> Wave:
    """Pop: drums, bass, chords and a lead, each at its own level; parts may rest."""
    wave = np.zeros(sample_count(seconds))
    beat_s = 60 / rng.uniform(70, 150)
    key = _draw_key(rng)
    lead, backing = (list(INSTRUMENTS.values())[i] for i in rng.integers(0, len(INSTRUMENTS), 2))
    wave += rng.uniform(0.3, 1.2) * normalise(drums(rng, seconds, beat_s))
    chords = np.zeros_like(wave)
    _play_chords(rng, chords, backing, key, beat_s)
    wave += rng.uniform(0.3, 1.2) * normalise(chords)
    if rng.random() < 0.7:
        melody = np.zeros_like(wave)
        _play_melody(rng, melody, lead, key, beat_s)
        wave += rng.uniform(0.3, 1.2) * normalise(melody)
    return wave


def drums(rng: np.random.Generator, seconds: float, beat_s: float | None = None) -> Wave:
    """A loop of bass drum, snare and hi-hat in eighths."""
    wave = np.zeros(sample_count(seconds))
    step = sample_count((beat_s or 60 / rng.uniform(70, 150)) / 2)
    patterns = [rng.random(8) < share for share in (0.35, 0.25, 0.8)]
    patterns[0][0] = patterns[1][4] = True
    levels = rng.uniform(0.3, 1, 3)
    for number, at in enumerate(range(0, wave.size, step)):
        for drum, (pattern, level) in enumerate(zip(patterns, levels, strict=True)):
            if pattern[number % 8]:
                add_at(wave, level * _hit(rng, drum), at)
    return wave


def percussion(rng: np.random.Generator, seconds: float) -> Wave:
    """Skins, wood and bells of any tuning, in any rhythm: each a few damped partials."""
    wave = np.zeros(sample_count(seconds))
    voices = []
    for _ in range(int(rng.integers(1, 5))):
        samples = sample_count(0.35)
        pitch = np.exp(rng.uniform(np.log(60), np.log(1_500)))
        drop = 1 + rng.uniform(0, 1) * decay(samples, rng.uniform(0.01, 0.05))
        stroke = rng.uniform(0, 0.5) * rng.standard_normal(samples) * decay(samples, 0.006)
        for ratio in (1.0, *rng.uniform(1.3, 4, int(rng.integers(0, 4)))):
            if ratio * pitch < 1_900:
                partial = sine(pitch * ratio * drop, samples)
                stroke += partial * decay(samples, rng.uniform(0.02, 0.15))
        voices.append(fade(stroke, 0.001, 0.02))
    step_s, at = rng.uniform(0.09, 0.4), 0.0
    while at < seconds:
        if rng.random() < 0.8:
            add_at(wave, rng.uniform(0.4, 1) * voices[rng.integers(len(voices))], sample_count(at))
        at += step_s * rng.choice([1, 1, 1, 2])
    return wave


def guitar_strum(rng: np.random.Generator, seconds: float) -> Wave:
    """Chords whose strings sound one after the other, down and up."""
    wave = np.zeros(sample_count(seconds))
    key = _draw_key(rng, low_hz=80, high_hz=160)
    step = sample_count(60 / rng.uniform(70, 140) / 2)
    progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    for number, at in enumerate(range(0, wave.size, step)):
        if number % 8 == 0 or rng.random() < 0.6:
            chord = _chord(key, progression[number // 8 % len(progression)])
            strings = [*chord, *(2 * pitch for pitch in chord)]
            for order, pitch in enumerate(strings if number % 2 == 0 else strings[::-1]):
                note = pluck(rng, pitch, 0.9)
                add_at(wave, rng.uniform(0.5, 1) * note, at + order * sample_count(0.012))
    return wave


def _draw_key(rng: np.random.Generator, low_hz: float = 110, high_hz: float = 440) -> list[float]:
    """Three octaves of a scale, in Hz."""
    root = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz)))
    scale = SCALES[rng.integers(len(SCALES))]
    return [root * semitones(step + 12 * octave) for octave in range(3) for step in scale]


def _chord(key: list[float], degree: int) -> list[float]:
    return [key[degree + step] for step in (0, 2, 4)]


def _play_melody(
    rng: np.random.Generator,
    wave: Wave,
    instrument: Instrument,
    key: list[float],
    beat_s: float | None = None,
) -> None:
    beat_s = beat_s or 60 / rng.uniform(60, 170)
    legato, rests = rng.uniform(0.6, 1.6), rng.choice([0.0, 0.1, 0.3])
    place, at = int(rng.integers(len(key) // 2)), 0
    while at < wave.size:
        length_s = beat_s * rng.choice([0.25, 0.5, 0.5, 1.0, 1.0, 2.0])
        place = int(np.clip(place + rng.integers(-3, 4), 0, len(key) - 1))
        if rng.random() >= rests:
            note = instrument(rng, min(key[place], 1_900.0), max(0.06, length_s * legato))
            add_at(wave, rng.uniform(0.6, 1) * note, at)
        at += sample_count(length_s)


def _play_chords(
    rng: np.random.Generator,
    wave: Wave,
    instrument: Instrument,
    key: list[float],
    beat_s: float | None = None,
) -> None:
    beat_s = beat_s or 60 / rng.uniform(60, 150)
    broken = rng.random() < 0.4
    progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    for bar, at in enumerate(range(0, wave.size, sample_count(4 * beat_s))):
        chord = _chord(key, progression[bar % len(progression)])
        for order, pitch in enumerate(chord * (2 if broken else 1)):
            start = at + order * sample_count(beat_s / 2) * broken
            note = instrument(rng, pitch, beat_s * (0.9 if broken else 3.8))
            add_at(wave, note, start)


def _hit(rng: np.random.Generator, drum: int) -> Wave:
    samples = sample_count(0.25)
    envelope_s = (0.06, 0.05, 0.02)[drum]
    if drum == 0:
        falling = 50 + 150 * np.exp(-np.arange(samples) / SAMPLE_RATE / 0.03)
        return 2.5 * sine(falling, samples) * decay(samples, envelope_s)
    noise = rng.standard_normal(samples) * decay(samples, envelope_s)
    if drum == 1:
        return 0.6 * noise + sine(190.0, samples) * decay(samples, 0.04)
    return 0.5 * band_pass(noise, 2_200, 3_900)
