"""Signals of telephone networks and devices: call progress, keys, fax, modem, beeps.

Cadences and frequencies: ITU-T E.180 Supplement 2 (tones of the national networks), E.182;
Q.23/Q.24 (DTMF), Q.320 (MF-R1), T.30 (fax), V.21/V.23 (modems), Bellcore GR-674 (SIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds.synthesis import (
    add_at,
    fade,
    sample_count,
    semitones,
    sine,
    smooth_track,
)
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.corpora.line_sounds.synthesis import Wave


Note = tuple[tuple[float, ...], float, float]
"""Frequencies that sound together (Hz), and how long they sound and rest (s)."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """One signal of one network: frequencies that sound together, seconds on and off in turn."""

    frequencies_hz: tuple[float, ...]
    on_off_s: tuple[float, ...]
    modulation_hz: float = 0.0


RING_BACK = {
    "kr": Cadence((440, 480), (1.0, 2.0)),
    "us": Cadence((440, 480), (2.0, 4.0)),
    "jp": Cadence((400,), (1.0, 2.0), 16.0),
    "uk": Cadence((400, 450), (0.4, 0.2, 0.4, 2.0)),
    "de": Cadence((425,), (1.0, 4.0)),
    "fr": Cadence((440,), (1.5, 3.5)),
    "cn": Cadence((450,), (1.0, 4.0)),
    "in": Cadence((400,), (0.4, 0.2, 0.4, 2.0), 25.0),
    "es": Cadence((425,), (1.5, 3.0)),
    "ru": Cadence((425,), (0.8, 3.2)),
    "au": Cadence((400, 425), (0.4, 0.2, 0.4, 2.0)),
    "br": Cadence((425,), (1.0, 4.0)),
    "za": Cadence((400,), (0.4, 0.2, 0.4, 2.0), 33.0),
    "it": Cadence((425,), (1.0, 4.0)),
    "se": Cadence((425,), (1.0, 5.0)),
    "hk": Cadence((440, 480), (0.4, 0.2, 0.4, 3.0)),
    "sg": Cadence((425,), (0.4, 0.2, 0.4, 2.0), 24.0),
    "il": Cadence((400,), (1.0, 3.0)),
}
BUSY = {
    "kr": Cadence((480, 620), (0.5, 0.5)),
    "us": Cadence((480, 620), (0.5, 0.5)),
    "jp": Cadence((400,), (0.5, 0.5)),
    "uk": Cadence((400,), (0.375, 0.375)),
    "de": Cadence((425,), (0.48, 0.48)),
    "fr": Cadence((440,), (0.5, 0.5)),
    "cn": Cadence((450,), (0.35, 0.35)),
    "es": Cadence((425,), (0.2, 0.2)),
    "ru": Cadence((425,), (0.4, 0.4)),
    "br": Cadence((425,), (0.25, 0.25)),
    "us reorder": Cadence((480, 620), (0.25, 0.25)),
    "uk equipment": Cadence((400,), (0.4, 0.35, 0.225, 0.525)),
}
DIAL = {
    "us": Cadence((350, 440), (1.0, 0.0)),
    "jp": Cadence((400,), (1.0, 0.0)),
    "de": Cadence((425,), (1.0, 0.0)),
    "fr": Cadence((330, 440), (1.0, 0.0)),
    "it": Cadence((425,), (0.2, 0.2, 0.6, 1.0)),
    "in": Cadence((400,), (1.0, 0.0), 25.0),
    "us stutter": Cadence((350, 440), (0.1, 0.1)),
}
CALL_WAITING = {
    "us": Cadence((440,), (0.3, 9.7)),
    "kr": Cadence((350, 440), (0.25, 0.25, 0.25, 3.25)),
    "uk": Cadence((400,), (0.1, 2.5, 0.1, 4.0)),
    "de": Cadence((425,), (0.2, 0.2, 0.2, 5.0)),
    "howler": Cadence((1400, 2060, 2450, 2600), (0.1, 0.1)),
}
SPECIAL_HZ = ((913.8, 985.2), (1370.6, 1428.5), (1776.7,))
DTMF_LOW_HZ, DTMF_HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
MF_HZ = (700, 900, 1100, 1300, 1500, 1700)
_DRIFT = 0.006
"""Oscillators and sample clocks are off by up to some tenths of a percent."""


def call_progress(rng: np.random.Generator, seconds: float, table: dict[str, Cadence]) -> Wave:
    """Draw one network's signal, entered anywhere in its cadence."""
    cadence = table[list(table)[rng.integers(len(table))]]
    return render_cadence(rng, seconds, cadence)


def render_cadence(rng: np.random.Generator, seconds: float, cadence: Cadence) -> Wave:
    """One signal with slight drift, unequal levels and rounded edges."""
    samples = sample_count(seconds)
    tone = _mix(rng, samples, cadence.frequencies_hz)
    if cadence.modulation_hz:
        tone *= 0.5 + 0.5 * sine(cadence.modulation_hz, samples)
    gate = _cadence_gate(samples, cadence.on_off_s, rng.uniform(0, 0.3))
    return tone * gate


def random_beeps(rng: np.random.Generator, seconds: float) -> Wave:
    """Beeps of machines: any frequency, one to three together, any rhythm."""
    count = rng.integers(1, 4)
    frequencies = tuple(np.exp(rng.uniform(np.log(250), np.log(3_400), count)))
    on_s, off_s = rng.uniform(0.06, 2.5), rng.choice([0.0, rng.uniform(0.05, 3.0)])
    pattern = (on_s, off_s) * rng.integers(1, 4) + (on_s, rng.uniform(0.1, 3))
    modulation = rng.choice([0.0, 0.0, 0.0, rng.uniform(8, 60)])
    return render_cadence(rng, seconds, Cadence(frequencies, pattern, modulation))


def special_information(rng: np.random.Generator, seconds: float) -> Wave:
    """Three rising tones before an announcement, again and again."""
    length_s = (0.276, 0.38)[rng.integers(2)]
    tones = [float(rng.choice(pair)) for pair in SPECIAL_HZ]
    return _sequence(
        rng, seconds, [((tone,), length_s, 0.0) for tone in tones], rng.uniform(0.5, 2)
    )


def keypad(rng: np.random.Generator, seconds: float) -> Wave:
    """DTMF digits, by hand or by machine."""
    on_s, off_s = rng.uniform(0.05, 0.4), rng.uniform(0.04, 0.5)
    digits: list[Note] = [
        ((float(rng.choice(DTMF_LOW_HZ)), float(rng.choice(DTMF_HIGH_HZ))), on_s, off_s)
        for _ in range(int(rng.integers(3, 14)))
    ]
    return _sequence(rng, seconds, digits, rng.uniform(0.2, 1.5))


def trunk_digits(rng: np.random.Generator, seconds: float) -> Wave:
    """MF-R1 digits: two of six frequencies."""
    pairs = [tuple(map(float, rng.choice(MF_HZ, 2, replace=False))) for _ in range(10)]
    return _sequence(rng, seconds, [(pair, 0.07, 0.07) for pair in pairs], rng.uniform(0.2, 1))


def fax(rng: np.random.Generator, seconds: float) -> Wave:
    """CNG (1100 Hz), CED (2100 Hz, with phase reversals or not), or V.21 flags after CED."""
    kind = rng.integers(3)
    if kind == 0:
        return render_cadence(rng, seconds, Cadence((1100,), (0.5, 3.0)))
    answer = _mix(rng, sample_count(seconds), (2100,))
    if rng.random() < 0.5:
        reversal = np.arange(answer.size) // sample_count(0.45) % 2
        answer *= 1 - 2 * reversal
    if kind == 1:
        return answer
    keyed = _frequency_shift(rng, sample_count(seconds), (1650, 1850), 300)
    split = sample_count(rng.uniform(0.3, 0.7) * seconds)
    return np.concatenate([answer[:split], keyed[split:]])


def modem(rng: np.random.Generator, seconds: float) -> Wave:
    """Frequency-shift keying of one direction or both, or a phase-keyed carrier."""
    samples = sample_count(seconds)
    kind = rng.integers(3)
    if kind == 0:
        return _frequency_shift(rng, samples, (1300, 2100), 1200)
    if kind == 1:
        low = _frequency_shift(rng, samples, (980, 1180), 300)
        return low + rng.uniform(0.2, 1) * _frequency_shift(rng, samples, (1650, 1850), 300)
    symbols = np.repeat(rng.integers(0, 4, samples // 13 + 1), 13)[:samples]
    return np.sin(2 * np.pi * 1_800 * np.arange(samples) / SAMPLE_RATE + symbols * np.pi / 2)


def siren(rng: np.random.Generator, seconds: float) -> Wave:
    """Two-tone horn, wail or yelp."""
    samples = sample_count(seconds)
    low = rng.uniform(350, 800)
    high = low * rng.uniform(1.25, 2.5)
    phase = np.arange(samples) / SAMPLE_RATE * rng.choice([0.2, 0.5, 1.0, 3.0])
    swing = (phase % 1 < 0.5) if rng.random() < 0.5 else 0.5 - 0.5 * np.cos(2 * np.pi * phase)
    track = low + (high - low) * swing
    return sine(track, samples) + rng.uniform(0, 0.5) * sine(3 * track * (track < 1_200), samples)


def chime(rng: np.random.Generator, seconds: float) -> Wave:
    """Ringtones and arpeggios of electronic phones: short pure notes, quickly after another."""
    root = rng.uniform(400, 1_200)
    steps = rng.choice([0, 4, 7, 12, 16, 2, 5, 9], int(rng.integers(2, 9)))
    length_s = rng.uniform(0.05, 0.25)
    notes = [((root * semitones(step),), length_s, 0.0) for step in steps]
    return _sequence(rng, seconds, notes, rng.choice([0.0, rng.uniform(0.1, 1.5)]))


def _mix(rng: np.random.Generator, samples: int, frequencies: tuple[float, ...]) -> Wave:
    wave = np.zeros(samples)
    for frequency in frequencies:
        drift = 1 + _DRIFT * rng.uniform(-1, 1) + 0.001 * smooth_track(rng, samples, 0.5)
        wave += rng.uniform(0.6, 1) * sine(frequency * drift, samples, rng.uniform(0, 6))
    distortion = float(rng.choice([0.0, 0.0, rng.uniform(0.01, 0.15)]))
    return wave + distortion * wave**2 - distortion * wave**3


def _cadence_gate(samples: int, on_off_s: tuple[float, ...], start_share: float) -> Wave:
    period = np.concatenate(
        [
            fade(np.ones(sample_count(length)), 0.004, 0.004) * (index % 2 == 0)
            for index, length in enumerate(on_off_s)
            if length > 0
        ]
    )
    if len([length for length in on_off_s if length > 0]) == 1:
        return np.ones(samples)
    start = int(start_share * period.size)
    return np.resize(np.roll(period, -start), samples)


def _sequence(
    rng: np.random.Generator,
    seconds: float,
    notes: Sequence[Note],
    pause_s: float,
) -> Wave:
    wave = np.zeros(sample_count(seconds))
    at = 0
    while at < wave.size:
        for frequencies, on_s, off_s in notes:
            add_at(wave, fade(_mix(rng, sample_count(on_s), frequencies), 0.003, 0.003), at)
            at += sample_count(on_s) + round(off_s * SAMPLE_RATE)
        at += round(pause_s * SAMPLE_RATE)
    return wave


def _frequency_shift(
    rng: np.random.Generator, samples: int, frequencies: tuple[float, float], baud: int
) -> Wave:
    length = SAMPLE_RATE / baud
    bits = rng.integers(0, 2, int(samples / length) + 2)
    if rng.random() < 0.3:
        bits = np.resize(np.array([0, 1, 1, 1, 1, 1, 1, 0]), bits.size)
    symbol = (np.arange(samples) / length).astype(int)
    return sine(np.where(bits[symbol] == 1, *frequencies).astype(float), samples)
