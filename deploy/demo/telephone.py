"""What a telephone makes of a voice: level, band, noise, G.711."""

from __future__ import annotations

import io
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from detectors.utterance import SAMPLE_RATE

Sound: TypeAlias = NDArray[np.float64]
"""``float64[n]`` at `SAMPLE_RATE`, full scale is 1."""

BAND_HZ = (250.0, 3_500.0)
"""The telephone's band is 300-3,400 Hz (ITU-T G.712); our filter's slopes lie outside it."""

NOISE_DB = -72.0
CEILING = 0.9
TRIM_RATIO = 0.01
_TAPS = 129


def trim_silence(sound: Sound) -> Sound:
    """Cut what is quieter than 1 % of the peak at both ends, so that times are those of speech."""
    loud = np.flatnonzero(np.abs(sound) > TRIM_RATIO * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def apply_vocal_effort(sound: Sound, effort: float) -> Sound:
    """Raise the highs as vocal effort does: ``y[n] = x[n] - effort * x[n-1]``."""
    return sound - effort * np.concatenate([[0.0], sound[:-1]])


def set_level(sound: Sound, level_db: float) -> Sound:
    """Set the RMS level (dB of full scale). Peaks bend below `CEILING` instead of clipping."""
    rms = float(np.sqrt(np.mean(sound**2)))
    return CEILING * np.tanh(sound * 10 ** (level_db / 20) / rms / CEILING)


def apply_telephone_channel(sound: Sound, noise: np.random.Generator) -> NDArray[np.int16]:
    """Band-pass, line noise, and once through G.711 mu-law: ``int16[n]``."""
    noisy = sound + noise.normal(0.0, 10 ** (NOISE_DB / 20), len(sound))
    band = np.convolve(noisy, _design_band_pass(), mode="same")
    wire = io.BytesIO()
    soundfile.write(wire, band, SAMPLE_RATE, format="WAV", subtype="ULAW")
    wire.seek(0)
    decoded: NDArray[np.int16] = soundfile.read(wire, dtype="int16")[0]
    return decoded


def _design_band_pass() -> Sound:
    """A windowed-sinc band-pass of `_TAPS` coefficients."""
    at = np.arange(_TAPS) - _TAPS // 2
    low, high = (2 * edge / SAMPLE_RATE for edge in BAND_HZ)
    taps: Sound = (high * np.sinc(high * at) - low * np.sinc(low * at)) * np.hamming(_TAPS)
    return taps
