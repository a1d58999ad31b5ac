"""What tells speech from tones, music and noise: a vector for each 100 ms. Pure numpy.

Four short spectra (32 ms every 25 ms) carry shape, level, flatness and pitch; one long spectrum
(128 ms) shows how narrow the partials are and whether they stay where they were, which in music
and tones they do and in speech they do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BLOCK_SAMPLES = 800
BLOCK_MS = BLOCK_SAMPLES * 1_000 // SAMPLE_RATE
"""One vector for each of these; the last block may be shorter."""

_HOP = 200
_FRAME = 256
_FRAMES_PER_BLOCK = BLOCK_SAMPLES // _HOP
_LONG_FRAME = 1_024
_BANDS = 24
_FLOOR = 1e-9
"""-90 dB relative to full scale: below it is the rounding of 16 bits."""

_FIRST_BIN, _LAST_BIN = 4, 112
"""125 to 3,500 Hz in the short spectrum."""

_MIN_LAG, _MAX_LAG = 10, 110
"""Periods of 800 (a child that cries) and 73 Hz."""

_VOICED_BINS = 64
"""Up to 2 kHz, where voices are periodic and hiss is not yet loud."""

_LONG_FIRST, _ZONES, _GROUPS, _BINS = 10, 7, 4, 16
"""The long spectrum from 78 Hz on, in zones of 500 Hz made of groups of 125 Hz."""

_LONG_BINS = _ZONES * _GROUPS * _BINS
_PARTIAL_WIDTH = np.arange(-2, 3)
"""Bins around a partial's peak that hold its power under the window."""


def _short_bands() -> Floats:
    """Triangles, evenly spaced in mel (O'Shaughnessy, 1987), ``float32[129, bands]``."""
    mel = np.linspace(_hz_to_mel(80), _hz_to_mel(3_800), _BANDS + 2)
    edges = 700 * (10 ** (mel / 2_595) - 1)
    frequency = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)[:, None]
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(weights / weights.sum(axis=0), dtype=np.float32)


def _hz_to_mel(hz: float) -> float:
    return float(2_595 * np.log10(1 + hz / 700))


def _window(samples: int) -> Floats:
    window = np.hanning(samples + 1)[:-1]
    return np.asarray(window / np.sqrt((window**2).sum()), dtype=np.float32)


_MEL = _short_bands()
_SHORT_WINDOW = _window(_FRAME)
_LONG_WINDOW = _window(_LONG_FRAME)


def _lag_matrix() -> Floats:
    """From power spectra to autocorrelations over the window's own.

    Returns:
        ``float32[_VOICED_BINS, lags]``.
    """
    lags = np.arange(_MIN_LAG, _MAX_LAG + 1)
    cosines = np.cos(2 * np.pi * np.arange(_VOICED_BINS)[:, None] * lags / _FRAME)
    own_power = np.abs(np.fft.rfft(_SHORT_WINDOW))[:_VOICED_BINS] ** 2
    own = own_power @ cosines / own_power.sum()
    return np.asarray(cosines / own, dtype=np.float32)


_TO_LAGS = _lag_matrix()
_GROUP_MEAN = np.asarray(
    np.repeat(np.eye(_ZONES * _GROUPS), _BINS, axis=0) / _BINS, dtype=np.float32
)
_ZONE_MEAN = np.asarray(np.repeat(np.eye(_ZONES), _GROUPS, axis=0) / _GROUPS, dtype=np.float32)
_FRAME_FEATURES = _BANDS + 6
FEATURES = _FRAMES_PER_BLOCK * _FRAME_FEATURES + 2 * _ZONES + 7
"""Length of a block's vector."""


def sound_features(pcm: NDArray[np.int16]) -> Floats:
    """Describe each 100 ms of a sound.

    Args:
        pcm: ``int16[samples]`` at 8 kHz, one sample or more.

    Returns:
        ``float32[blocks, FEATURES]``, one row for each started `BLOCK_SAMPLES`.
    """
    blocks = -(-pcm.size // BLOCK_SAMPLES)
    margin = (_LONG_FRAME - BLOCK_SAMPLES) // 2
    sound = np.zeros(blocks * BLOCK_SAMPLES + 2 * margin, dtype=np.float32)
    sound[margin : margin + pcm.size] = pcm
    sound *= np.float32(1 / 32_768)
    short = _short_features(sound[margin - (_FRAME - _HOP) // 2 :], blocks * _FRAMES_PER_BLOCK)
    return np.hstack([short.reshape(blocks, -1), _long_features(sound, blocks)])


def _short_features(sound: Floats, frames: int) -> Floats:
    power = _power(sound, frames, _FRAME, _HOP, _SHORT_WINDOW)
    bands = np.log(power @ _MEL + _FLOOR)
    level = bands.mean(axis=1, keepdims=True)
    middle = power[:, _FIRST_BIN:_LAST_BIN]
    total = middle.sum(axis=1) + _FLOOR
    flatness = np.log(middle + _FLOOR).mean(axis=1) - np.log(total / middle.shape[1])
    peak = middle.max(axis=1)
    result = np.empty((frames, _FRAME_FEATURES), dtype=np.float32)
    result[:, :_BANDS] = (bands - level) * 0.5
    result[:, _BANDS] = level[:, 0] * 0.25 + 3
    result[:, _BANDS + 1] = flatness
    result[:, _BANDS + 2] = np.log(total) * 0.25 + 2
    result[:, _BANDS + 3] = 2 * peak / total
    result[:, _BANDS + 4 :] = _periodicity(power)
    return result


def _periodicity(power: Floats) -> Floats:
    """How periodic each frame is, and the period: ``float32[frames, 2]``.

    The peak of the autocorrelation over that of the window (Boersma, 1993).
    """
    voiced = power[:, :_VOICED_BINS]
    lags = voiced @ _TO_LAGS
    best = lags.argmax(axis=1)
    value = lags[np.arange(len(lags)), best] / (voiced.sum(axis=1) + _FLOOR)
    return np.stack([2 * value, np.log2((best + _MIN_LAG) * (1 / 40))], axis=1)


def _long_features(sound: Floats, blocks: int) -> Floats:
    power = _power(sound, blocks, _LONG_FRAME, BLOCK_SAMPLES, _LONG_WINDOW)
    middle = np.ascontiguousarray(power[:, _LONG_FIRST : _LONG_FIRST + _LONG_BINS])
    relief = np.log(middle + _FLOOR * 0.1)
    relief -= np.repeat(relief @ _GROUP_MEAN, _BINS, axis=1)
    peaks = _group_maxima(relief)
    relief *= 1 / (np.sqrt(np.einsum("ij,ij->i", relief, relief) / _LONG_BINS) + 1e-3)[:, None]
    result = np.zeros((blocks, 2 * _ZONES + 7), dtype=np.float32)
    result[:, :_ZONES] = peaks @ _ZONE_MEAN - 2
    result[:, _ZONES : 2 * _ZONES] = peaks.reshape(blocks, _ZONES, _GROUPS).max(axis=2) - 3
    for step in (1, 2, 3):
        likeness = np.einsum("ij,ij->i", relief[step:], relief[:-step]) / _LONG_BINS
        result[step:, 2 * _ZONES + step - 1] = likeness
    result[:, 2 * _ZONES + 3 :] = _loudest_partials(middle)
    return result


def _group_maxima(relief: Floats) -> Floats:
    """Maxima of each `_BINS` neighbours, by halving, which is faster than reducing short rows."""
    maxima = relief
    for _ in range(_BINS.bit_length() - 1):
        maxima = np.maximum(maxima[:, ::2], maxima[:, 1::2])
    return maxima


def _loudest_partials(power: Floats) -> Floats:
    """Shares of the two loudest partials, the first one's place and its step since before."""
    total = power.sum(axis=1) + _FLOOR
    rest = power.copy()
    first, loudest = _take_loudest(rest)
    _, second = _take_loudest(rest)
    place = np.log2((first + _LONG_FIRST) * (1 / 100)).astype(np.float32)
    step = np.abs(np.diff(place, prepend=place[:1]))
    return np.stack([2 * loudest / total, 2 * second / total, place, np.minimum(step, 1)], axis=1)


def _take_loudest(power: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Find each row's loudest bin and the power around it, and remove that from ``power``."""
    rows = np.arange(len(power))[:, None]
    first = power.argmax(axis=1)
    around = np.clip(first[:, None] + _PARTIAL_WIDTH, 0, power.shape[1] - 1)
    taken = power[rows, around].sum(axis=1)
    power[rows, around] = 0
    return first, taken


def _power(sound: Floats, frames: int, size: int, hop: int, window: Floats) -> Floats:
    stride = sound.strides[0]
    view = np.lib.stride_tricks.as_strided(sound, (frames, size), (hop * stride, stride))
    spectrum = np.fft.rfft(view * window)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)
