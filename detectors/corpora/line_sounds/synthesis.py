"""Building blocks of made-up sounds: waves, envelopes, coloured noise, filters. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Wave = NDArray[np.float64]

NYQUIST_HZ = SAMPLE_RATE / 2


def sample_count(seconds: float) -> int:
    """How many samples last that long."""
    return max(1, round(seconds * SAMPLE_RATE))


def time_axis(seconds: float) -> Wave:
    """``float64[samples]``: seconds since the start."""
    return np.arange(sample_count(seconds)) / SAMPLE_RATE


def sine(frequencies_hz: Wave | float, samples: int, phase: float = 0.0) -> Wave:
    """A sine whose frequency may change: a number, or ``float64[samples]`` in Hz."""
    steps = np.broadcast_to(np.asarray(frequencies_hz, dtype=np.float64), (samples,))
    wave: Wave = np.sin(phase + 2 * np.pi * np.cumsum(steps) / SAMPLE_RATE)
    return wave


def harmonics(f0_hz: Wave | float, weights: Wave, samples: int, stretch: float = 0.0) -> Wave:
    """Sum partials of one note; those above 3.8 kHz are left out.

    Args:
        f0_hz: fundamental, a number or ``float64[samples]``.
        weights: amplitude of each partial, the fundamental first.
        samples: length.
        stretch: inharmonicity B of a stiff string, partial n at n f0 sqrt(1 + B n^2)
            (Fletcher and Rossing, The Physics of Musical Instruments, 12.3).
    """
    track = np.broadcast_to(np.asarray(f0_hz, dtype=np.float64), (samples,))
    wave = np.zeros(samples)
    for number, weight in enumerate(weights, start=1):
        partial = track * number * np.sqrt(1 + stretch * number**2)
        if partial.max() < 0.95 * NYQUIST_HZ:
            wave += weight * sine(partial, samples, phase=number)
    return wave


def coloured_noise(rng: np.random.Generator, samples: int, exponent: float) -> Wave:
    """Noise with power falling as 1/f^exponent: 0 white, 1 pink, 2 brown; deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 20.0)
    return normalise(np.fft.irfft(spectrum * frequency ** (-exponent / 2), samples))


def shape_spectrum(wave: Wave, points_hz: Wave, gains_db: Wave) -> Wave:
    """Filter with a gain that is linear in dB between ``points_hz``; as long as ``wave``."""
    spectrum = np.fft.rfft(wave)
    frequency = np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE)
    gain = 10 ** (np.interp(frequency, points_hz, gains_db) / 20)
    shaped: Wave = np.fft.irfft(spectrum * gain, wave.size)
    return shaped


def band_pass(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    """Keep a band, falling by about 40 dB within a third of an octave on both sides."""
    points = np.array([0.0, low_hz / 1.26, low_hz, high_hz, high_hz * 1.26, 1e5])
    return shape_spectrum(wave, points, np.array([-60.0, -40.0, 0.0, 0.0, -40.0, -60.0]))


def smooth_track(rng: np.random.Generator, samples: int, rate_hz: float) -> Wave:
    """A slow random course in about -1..1 that turns ``rate_hz`` times a second."""
    knots = max(3, int(samples / SAMPLE_RATE * rate_hz) + 2)
    course = np.interp(
        np.linspace(0, knots - 1, samples), np.arange(knots), rng.standard_normal(knots)
    )
    return np.asarray(np.tanh(course))


def fade(wave: Wave, attack_s: float, release_s: float) -> Wave:
    """Ramp both ends, at most half of ``wave`` each."""
    attack = min(sample_count(attack_s), max(1, wave.size // 2))
    release = min(sample_count(release_s), max(1, wave.size // 2))
    ramped = wave.copy()
    ramped[:attack] *= np.linspace(0, 1, attack)
    ramped[-release:] *= np.linspace(1, 0, release)
    return ramped


def decay(samples: int, half_life_s: float) -> Wave:
    """An exponential envelope that starts at 1."""
    return np.asarray(0.5 ** (np.arange(samples) / SAMPLE_RATE / half_life_s))


def add_at(target: Wave, piece: Wave, start: int) -> None:
    """Add ``piece`` to ``target`` from sample ``start`` on; what does not fit is left out."""
    end = min(target.size, start + piece.size)
    if 0 <= start < end:
        target[start:end] += piece[: end - start]


def normalise(wave: Wave) -> Wave:
    """Bring the deviation to 1; silence stays silence."""
    deviation = float(np.sqrt(np.mean(wave**2))) if wave.size else 0.0
    return wave / deviation if deviation > 0 else wave


def semitones(count: float) -> float:
    """The frequency ratio of an interval in equal temperament."""
    return float(2 ** (count / 12))
