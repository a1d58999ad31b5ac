"""Sounds that never teach the gate: other recipes, other things, kept for measuring.

What the gate makes of them shows what it makes of sounds that nobody thought of. They are not to
be looked at while a threshold or a recipe of training is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds.synthesis import (
    add_at,
    band_pass,
    coloured_noise,
    decay,
    fade,
    harmonics,
    normalise,
    sample_count,
    semitones,
    shape_spectrum,
    sine,
    smooth_track,
)
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.corpora.line_sounds.synthesis import Wave

PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16, 19, 21)
MORSE = {"s": "...", "o": "---", "e": ".", "t": "-", "r": ".-.", "n": "-.", "k": "-.-"}
VOWELS_HZ = ((730, 1_090, 2_440), (570, 840, 2_410), (390, 1_990, 2_550), (300, 870, 2_240))
"""Formants of a, o, i and u of men (Peterson and Barney, 1952)."""


def fm_note(pitch_hz: float, seconds: float, ratio: float, index: float) -> Wave:
    """Frequency modulation with a decaying index (Chowning, 1973): bells, electric pianos."""
    samples = sample_count(seconds)
    turn = 2 * np.pi * pitch_hz * np.arange(samples) / SAMPLE_RATE
    depth = index * decay(samples, 0.25)
    wave: Wave = np.sin(turn + depth * np.sin(ratio * turn)) * decay(samples, 0.4)
    return fade(wave, 0.002, 0.02)


def phone_melody(rng: np.random.Generator, seconds: float) -> Wave:
    """A polyphonic ringtone."""
    return _play(rng, seconds, rng.uniform(500, 900), 0.14, lambda f, s: fm_note(f, s, 1, 0.8))


def alarm_clock(rng: np.random.Generator, seconds: float) -> Wave:
    """Four short beeps and a pause."""
    pitch = rng.uniform(1_800, 3_200)
    return _repeat(rng, seconds, lambda: fade(sine(pitch, 500), 0.001, 0.001), (0.12,) * 3 + (0.6,))


def morse_code(rng: np.random.Generator, seconds: float) -> Wave:
    """Letters in Morse code."""
    pitch, unit = rng.uniform(450, 900), rng.uniform(0.05, 0.1)
    wave, at = np.zeros(sample_count(seconds)), 0.0
    while at < seconds:
        for sign in MORSE[rng.choice(list(MORSE))]:
            length_s = unit * (3 if sign == "-" else 1)
            add_at(wave, fade(sine(pitch, sample_count(length_s)), 0.005, 0.005), sample_count(at))
            at += length_s + unit
        at += 2 * unit
    return wave


def truck_reverse(rng: np.random.Generator, seconds: float) -> Wave:
    """A beeper of a vehicle that backs up, over its engine."""
    pitch = rng.uniform(900, 1_400)
    beeps = _repeat(rng, seconds, lambda: fade(sine(pitch, 4_000), 0.01, 0.01), (1.0,))
    return beeps + 0.3 * engine(rng, seconds)


def theremin(rng: np.random.Generator, seconds: float) -> Wave:
    """One pure tone that glides and trembles."""
    samples = sample_count(seconds)
    glide = rng.uniform(400, 900) * 2 ** (0.7 * smooth_track(rng, samples, 1))
    return sine(glide * (1 + 0.01 * sine(6, samples)), samples)


def electric_piano(rng: np.random.Generator, seconds: float) -> Wave:
    """Slow chords of tine and bar."""
    wave = np.zeros(sample_count(seconds))
    for at in np.arange(0, seconds, rng.uniform(0.6, 1.4)):
        root = rng.uniform(150, 300)
        for step in (0, 4, 7, 11):
            add_at(wave, fm_note(root * semitones(step), 1.5, 14, 0.3), sample_count(at))
            add_at(wave, fm_note(root * semitones(step), 1.5, 1, 1.2), sample_count(at))
    return wave


def accordion(rng: np.random.Generator, seconds: float) -> Wave:
    """Reeds tuned apart, in waltz time."""

    def reeds(pitch_hz: float, length_s: float) -> Wave:
        samples = sample_count(length_s)
        weights = 1 / np.arange(1, 16) ** 0.6
        pair = harmonics(pitch_hz, weights, samples) + harmonics(pitch_hz * 1.008, weights, samples)
        return fade(pair, 0.03, 0.03)

    return _play(rng, seconds, rng.uniform(200, 350), 0.3, reeds)


def zither(rng: np.random.Generator, seconds: float) -> Wave:
    """Plucked strings whose pitch is bent by the left hand, as on a gayageum."""

    def bent(pitch_hz: float, length_s: float) -> Wave:
        samples = sample_count(max(0.5, length_s))
        bend = 1 + 0.03 * np.sin(2 * np.pi * 5 * np.arange(samples) / SAMPLE_RATE)
        return harmonics(pitch_hz * bend, 1 / np.arange(1, 14), samples) * decay(samples, 0.2)

    return _play(rng, seconds, rng.uniform(150, 260), 0.35, bent)


def bagpipe(rng: np.random.Generator, seconds: float) -> Wave:
    """A drone below a reed melody without rests."""
    samples = sample_count(seconds)
    root = rng.uniform(200, 260)
    drone = harmonics(root / 2, np.ones(14), samples)
    chanter = _play(
        rng, seconds, root * 2, 0.2, lambda f, s: harmonics(f, np.ones(7), sample_count(s))
    )
    return normalise(drone) + normalise(chanter)


def hand_drums(rng: np.random.Generator, seconds: float) -> Wave:
    """Tuned skins: a pitch that drops, and slaps."""

    def stroke() -> Wave:
        samples = sample_count(0.3)
        pitch = rng.choice([90, 180, 300]) * (1 + 0.5 * decay(samples, 0.02))
        return sine(pitch, samples) * decay(samples, 0.06) + 0.2 * (
            rng.standard_normal(samples) * decay(samples, 0.005)
        )

    return _repeat(rng, seconds, stroke, (0.2, 0.2, 0.1, 0.1, 0.2))


def choir(rng: np.random.Generator, seconds: float) -> Wave:
    """Chords of many voices on vowels, without words."""
    samples = sample_count(seconds)
    wave = np.zeros(samples)
    root = rng.uniform(110, 200)
    for step in (0, 4, 7, 12, 12, 16):
        vibrato = (
            1 + 0.008 * sine(rng.uniform(4.5, 6), samples) + 0.004 * smooth_track(rng, samples, 3)
        )
        wave += harmonics(root * semitones(step) * vibrato, 1 / np.arange(1, 20) ** 0.7, samples)
    points = np.linspace(0, 4_000, 80)
    formants = VOWELS_HZ[int(rng.integers(len(VOWELS_HZ)))]
    gains = np.max([24 * np.exp(-(((points - f) / 150) ** 2)) for f in formants], axis=0)
    return shape_spectrum(wave, points, gains - 24)


def electronic_dance(rng: np.random.Generator, seconds: float) -> Wave:
    """A kick on each beat, a bass between, a filtered lead."""
    beat_s = 60 / rng.uniform(118, 132)
    samples = sample_count(beat_s)
    kick = sine(45 + 200 * decay(samples, 0.02), samples) * decay(samples, 0.08)
    bass_hz = rng.uniform(45, 60) * 2
    bass = harmonics(bass_hz, 1 / np.arange(1, 20), samples // 2) * decay(samples // 2, 0.1)
    bar = 2 * kick
    add_at(bar, bass, samples // 2)
    loop = np.resize(bar, sample_count(seconds))
    weights = np.ones(10)
    lead = _play(
        rng,
        seconds,
        bass_hz * 4,
        beat_s / 2,
        lambda f, s: harmonics(f, weights, sample_count(s * 0.7)),
    )
    return normalise(loop) + rng.uniform(0.3, 1) * normalise(lead)


def ocean(rng: np.random.Generator, seconds: float) -> Wave:
    """Waves that break."""
    samples = sample_count(seconds)
    swell = (0.5 + 0.5 * sine(rng.uniform(0.1, 0.3), samples, rng.uniform(0, 6))) ** 2
    return coloured_noise(rng, samples, 1) * (0.2 + swell)


def fire(rng: np.random.Generator, seconds: float) -> Wave:
    """Crackling wood over a rumble."""
    rumble = 0.1 * coloured_noise(rng, sample_count(seconds), 2)
    return rumble + _scatter(rng, seconds, 15, lambda: _burst(rng, 0.003, 0.5))


def helicopter(rng: np.random.Generator, seconds: float) -> Wave:
    """Rotor blades: pulses of noise at 10 to 25 Hz."""
    samples = sample_count(seconds)
    pulse = (0.5 + 0.5 * sine(rng.uniform(10, 25), samples)) ** 4
    return coloured_noise(rng, samples, 1.2) * (0.1 + pulse)


def engine(rng: np.random.Generator, seconds: float) -> Wave:
    """A motor that idles roughly."""
    samples = sample_count(seconds)
    speed = rng.uniform(20, 45) * (1 + 0.05 * smooth_track(rng, samples, 3))
    return normalise(harmonics(speed, np.ones(30), samples)) + 0.3 * coloured_noise(rng, samples, 2)


def typewriter(rng: np.random.Generator, seconds: float) -> Wave:
    """Type bars and a bell."""
    keys = _repeat(rng, seconds, lambda: _burst(rng, 0.01, 0.3), (0.13, 0.17, 0.12, 0.2))
    add_at(keys, 0.4 * fm_note(2_100, 0.8, 1.4, 1), sample_count(rng.uniform(0, seconds - 1)))
    return keys


def snore(rng: np.random.Generator, seconds: float) -> Wave:
    """Rough noise drawn in, with a flutter of 30 to 60 Hz."""

    def breath() -> Wave:
        samples = sample_count(rng.uniform(0.8, 1.4))
        flutter = (0.5 + 0.5 * sine(rng.uniform(30, 60), samples)) ** 3
        return band_pass(rng.standard_normal(samples), 200, 900) * flutter * np.hanning(samples)

    return _repeat(rng, seconds, breath, (2.4,))


def footsteps(rng: np.random.Generator, seconds: float) -> Wave:
    """Heels on a floor."""
    return _repeat(rng, seconds, lambda: _burst(rng, 0.02, 1.5), (rng.uniform(0.4, 0.65),))


def birds(rng: np.random.Generator, seconds: float) -> Wave:
    """Chirps above 2 kHz."""

    def chirp() -> Wave:
        samples = sample_count(rng.uniform(0.05, 0.2))
        sweep = rng.uniform(2_200, 3_300) + 500 * np.sin(
            np.linspace(0, rng.uniform(3, 20), samples)
        )
        return sine(sweep, samples) * np.hanning(samples)

    return _scatter(rng, seconds, 4, chirp) + 0.01 * rng.standard_normal(sample_count(seconds))


def crickets(rng: np.random.Generator, seconds: float) -> Wave:
    """A carrier near 3 kHz in trains of pulses."""
    samples = sample_count(seconds)
    trill = np.maximum(0, sine(rng.uniform(20, 40), samples)) * (
        sine(rng.uniform(1, 3), samples) > 0
    )
    return np.asarray(sine(rng.uniform(2_600, 3_500), samples) * trill)


def washing_machine(rng: np.random.Generator, seconds: float) -> Wave:
    """A drum that turns: hum, slosh and a knock a turn."""
    samples = sample_count(seconds)
    slosh = coloured_noise(rng, samples, 1) * (0.5 + 0.5 * sine(0.9, samples))
    knocks = _repeat(rng, seconds, lambda: _burst(rng, 0.03, 2), (1.1,))
    return slosh + 0.6 * normalise(harmonics(100, 1 / np.arange(1, 8), samples)) + knocks


def paper(rng: np.random.Generator, seconds: float) -> Wave:
    """Rustling paper or plastic: dense, uneven crackle."""
    samples = sample_count(seconds)
    grain = coloured_noise(rng, samples, -0.3) * np.abs(smooth_track(rng, samples, 150)) ** 3
    return np.asarray(grain * np.maximum(0.02, smooth_track(rng, samples, 2)))


def dishes(rng: np.random.Generator, seconds: float) -> Wave:
    """Glasses and plates: inharmonic bars, struck now and then."""

    def clink() -> Wave:
        root = rng.uniform(900, 2_400)
        samples = sample_count(0.4)
        bars = (
            sine(root * r, samples) * decay(samples, 0.05 / r)
            for r in (1, 1.47, 1.6, 2.09)
            if root * r < 3_900
        )
        return np.asarray(np.sum(list(bars), axis=0))

    return _scatter(rng, seconds, 2.5, clink) + 0.01 * coloured_noise(rng, sample_count(seconds), 1)


def water(rng: np.random.Generator, seconds: float) -> Wave:
    """Running water: bubbles whose pitch rises (Minnaert, 1933), over noise."""

    def bubble() -> Wave:
        samples = sample_count(0.06)
        return sine(rng.uniform(500, 1_800) * np.linspace(1, 1.3, samples), samples) * decay(
            samples, 0.01
        )

    return _scatter(rng, seconds, 40, bubble) + 0.3 * coloured_noise(
        rng, sample_count(seconds), 0.7
    )


def saw(rng: np.random.Generator, seconds: float) -> Wave:
    """A hand saw to and fro: coloured noise with a rhythm near speech's."""
    samples = sample_count(seconds)
    stroke = np.abs(sine(rng.uniform(0.8, 2.5), samples)) ** 0.7
    return band_pass(rng.standard_normal(samples), 900, 3_200) * stroke


def radio_static(rng: np.random.Generator, seconds: float) -> Wave:
    """A radio between stations: noise, whistles of carriers, crackle."""
    samples = sample_count(seconds)
    whistle = sine(rng.uniform(600, 1_500) * 2 ** smooth_track(rng, samples, 0.7), samples)
    level = np.maximum(0, smooth_track(rng, samples, 1))
    return coloured_noise(rng, samples, 0.3) + level * whistle + fire(rng, seconds)


def sniff(rng: np.random.Generator, seconds: float) -> Wave:
    """A nose drawn up, again and again."""

    def draw() -> Wave:
        samples = sample_count(rng.uniform(0.2, 0.5))
        rise = np.linspace(0, 1, samples) ** 2 * np.linspace(1, 0.3, samples)
        return band_pass(rng.standard_normal(samples), 700, 3_000) * rise

    return _repeat(rng, seconds, draw, (0.8, 1.4))


def _play(
    rng: np.random.Generator,
    seconds: float,
    root_hz: float,
    step_s: float,
    note: Callable[[float, float], Wave],
) -> Wave:
    wave = np.zeros(sample_count(seconds))
    place = 3
    for at in np.arange(0, seconds, step_s):
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(PENTATONIC) - 1))
        length_s = step_s * rng.choice([1, 1, 2])
        add_at(wave, note(root_hz * semitones(PENTATONIC[place]), length_s), sample_count(at))
    return wave


def _repeat(
    rng: np.random.Generator, seconds: float, make: Callable[[], Wave], steps_s: tuple[float, ...]
) -> Wave:
    wave, at = np.zeros(sample_count(seconds)), rng.uniform(0, 0.3)
    while at < seconds:
        for step_s in steps_s:
            add_at(wave, rng.uniform(0.7, 1) * make(), sample_count(at))
            at += step_s * rng.uniform(0.97, 1.03)
    return wave


def _scatter(
    rng: np.random.Generator, seconds: float, rate: float, make: Callable[[], Wave]
) -> Wave:
    wave = np.zeros(sample_count(seconds))
    for at in rng.uniform(0, seconds, rng.poisson(rate * seconds) + 1):
        add_at(wave, rng.exponential(1) * make(), sample_count(at))
    return wave


def _burst(rng: np.random.Generator, half_life_s: float, exponent: float) -> Wave:
    samples = sample_count(8 * half_life_s)
    return coloured_noise(rng, samples, exponent) * decay(samples, half_life_s)
