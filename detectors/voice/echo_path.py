"""The way of a sound from one channel of a call into the other: its delay, and what it explains.

A line echo, an acoustic echo or a leak is a filtered, delayed, weaker copy of the other person's
voice. Its delay is where the generalised cross-correlation of the two channels peaks (Knapp and
Carter 1976; whitened, since a voice is not white). Its filter is the least-squares transfer
function of each block, bin by bin, and what that filter does not explain is what the channel has
of its own. Blocks are short, so that clocks may drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MAX_DELAY_MS: Final = 620
"""Longer than the 600 ms that satellite and mobile lines take at the most."""

MIN_DELAY_MS: Final = -20
"""Before the original, since the two channels of a recorder may not begin at one sample."""

HOP_MS: Final = 64
"""Between two frames of the comparison, each of which is twice as long."""

BLOCK_MS: Final = 2_048
"""One delay and one filter hold for so long: 50 ppm of drift are 0.8 samples by then."""

WHITENING_EXPONENT: Final = 0.8
"""The cross-spectrum is divided by this power of its size; 1 would be the phase transform."""

_FRAME: Final = 2 * HOP_MS * SAMPLE_RATE // 1000
_HOP: Final = _FRAME // 2
_BLOCK: Final = BLOCK_MS * SAMPLE_RATE // 1000
_AHEAD: Final = -MIN_DELAY_MS * SAMPLE_RATE // 1000
_BEHIND: Final = MAX_DELAY_MS * SAMPLE_RATE // 1000
_BAND: Final = slice(_FRAME * 200 // SAMPLE_RATE, _FRAME * 3_500 // SAMPLE_RATE)
_MAX_PATHS: Final = 3
_MIN_PATH_SHARE: Final = 0.2
_MIN_PATH_SHARPNESS: Final = 7.0
_PATH_WIDTH: Final = 240
_MIN_BLOCK: Final = 2 * _FRAME
_INDEPENDENT_SHARE: Final = 0.6
_SAME_PATH: Final = 0.25
"""A block whose rest is a smaller share of it than this follows the path of the block before."""
_WINDOW: Final = np.hanning(_FRAME + 1)[:-1].astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BlockMatch:
    """How one block of a channel follows the other channel.

    Attributes:
        first_sample: of the block, in its segment.
        sharpness: the peak of the correlation over its root mean square at all delays.
        lags: of the paths, the strongest first, in samples before the longest delay.
        total, echo, rest: power of each frame of the block, ``float32[frames]``: all of it, what
            the other channel explains, and what it does not.
        source: power of the other channel in the same frames, at that delay.
    """

    first_sample: int
    sharpness: float
    lags: tuple[int, ...]
    total: Floats
    echo: Floats
    rest: Floats
    source: Floats

    @property
    def gain(self) -> float:
        """Power of the echo over that of its source, less what any filter explains of any sound.

        A least-squares filter explains a share of independent sound too: about one over the
        number of frames that do not overlap, for each path.
        """
        by_chance = len(self.lags) / max(1.0, _INDEPENDENT_SHARE * len(self.total) - 1)
        echo = float(self.echo.sum()) - by_chance * float(self.rest.sum())
        return max(0.0, echo) / max(1.0, float(self.source.sum()))

    @property
    def delay(self) -> int:
        """Of the strongest path, in samples; negative: the copy comes first."""
        return _BEHIND - self.lags[0]


def match_blocks(segment: NDArray[np.int16], other: NDArray[np.int16]) -> list[BlockMatch]:
    """Compare a segment with the other channel, block by block.

    Args:
        segment: ``int16[n]`` at 8 kHz.
        other: ``int16[n + before + after]`` of the other channel, `samples_before` samples
            before the segment's first and `samples_after` behind its last.

    Returns:
        One match a block, oldest first.
    """
    starts = [*range(0, max(1, len(segment) - _MIN_BLOCK + 1), _BLOCK)]
    matches: list[BlockMatch] = []
    for start, end in zip(starts, [*starts[1:], len(segment)], strict=True):
        block = segment[start:end].astype(np.float32)
        source = other[start : end + _AHEAD + _BEHIND].astype(np.float32)
        matches.append(_match(start, block, source, matches[-1] if matches else None))
    return matches


def samples_before() -> int:
    """How many samples of the other channel before the segment `match_blocks` looks at."""
    return _BEHIND


def samples_after() -> int:
    """How many behind it."""
    return _AHEAD


def _match(
    first_sample: int, block: Floats, source: Floats, previous: BlockMatch | None
) -> BlockMatch:
    if previous is not None:
        # Most echoes stay where they are: to look there first spares the search.
        match = _cancel(first_sample, block, source, previous.lags, previous.sharpness)
        if match.rest.sum() < _SAME_PATH * match.total.sum():
            return match
    correlation = _correlate(block, source)
    spread = float(np.sqrt(np.mean(correlation**2))) or 1.0
    strength = (np.abs(correlation) / spread).astype(np.float32)
    lags = _find_peaks(strength)
    sharpness = float(strength[lags[0]])
    return _cancel(first_sample, block, source, lags, sharpness)


def _cancel(
    first_sample: int, block: Floats, source: Floats, lags: tuple[int, ...], sharpness: float
) -> BlockMatch:
    spectra = _spectra(block)
    paths = [_spectra(source[lag : lag + len(block)]) for lag in lags]
    rest = spectra - _explain(spectra, paths)
    return BlockMatch(
        first_sample=first_sample,
        sharpness=sharpness,
        lags=lags,
        total=_power(spectra),
        echo=_power(spectra - rest),
        rest=_power(rest),
        source=_power(paths[0]),
    )


def _correlate(block: Floats, source: Floats) -> Floats:
    """``float32[lags]``; lag 0 is the longest delay."""
    size = _fast_length(len(source))
    cross = np.conj(np.fft.rfft(block, size)) * np.fft.rfft(source, size)
    cross /= np.abs(cross) ** WHITENING_EXPONENT + np.float32(1e-6)
    correlation: Floats = np.fft.irfft(cross, size).astype(np.float32)
    return correlation[: len(source) - len(block) + 1]


def _fast_length(length: int) -> int:
    """The next length that is a small multiple of a power of two."""
    power = 1 << max(0, (length - 1).bit_length() - 2)
    return -(-length // power) * power


def _find_peaks(strength: Floats) -> tuple[int, ...]:
    """The strongest lag, and those of reflections that are as certain and not much weaker."""
    strength = strength.copy()
    least = max(_MIN_PATH_SHARPNESS, _MIN_PATH_SHARE * float(strength.max()))
    lags: list[int] = []
    while len(lags) < _MAX_PATHS:
        lag = int(strength.argmax())
        if lags and strength[lag] < least:
            break
        lags.append(lag)
        strength[max(0, lag - _PATH_WIDTH) : lag + _PATH_WIDTH] = 0
    return tuple(lags)


def _spectra(samples: Floats) -> NDArray[np.complex64]:
    """``complex64[frames, bins]`` of the telephone's band."""
    count = max(1, -(-(len(samples) - _FRAME) // _HOP) + 1)
    padded = np.zeros((count - 1) * _HOP + _FRAME, np.float32)
    padded[: len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    return np.fft.rfft(frames * _WINDOW, axis=1)[:, _BAND].astype(np.complex64)


def _explain(
    target: NDArray[np.complex64], sources: list[NDArray[np.complex64]]
) -> NDArray[np.complex64]:
    """The part of ``target`` that one filter for each source makes of them: least squares."""
    if len(sources) == 1:
        (source,) = sources
        power = _energy(source) + np.float32(1e-3)
        only: NDArray[np.complex64] = (np.conj(source) * target).sum(axis=0) / power
        return source * only
    stack = np.stack(sources, axis=2).transpose(1, 0, 2)  # bins, frames, paths
    adjoint = np.conj(stack.transpose(0, 2, 1))
    gram = adjoint @ stack
    ridge = np.float32(1e-4) * np.trace(gram, axis1=1, axis2=2).real + np.float32(1e-3)
    gram += ridge[:, None, None] * np.eye(len(sources), dtype=np.float32)
    filters = np.linalg.solve(gram, adjoint @ target.T[:, :, None])
    explained: NDArray[np.complex64] = (stack @ filters)[:, :, 0].T.astype(np.complex64)
    return explained


def _energy(spectra: NDArray[np.complex64]) -> Floats:
    energy: Floats = (spectra.real**2 + spectra.imag**2).sum(axis=0)
    return energy


def _power(spectra: NDArray[np.complex64]) -> Floats:
    power: Floats = (spectra.real**2 + spectra.imag**2).sum(axis=1)
    return power
