"""How loud speech in a clip is, and where it begins and ends. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

LOUDNESS_FRAME = 200
"""Samples (25 ms) over which loudness is judged."""

_SILENCE_RATIO = 10**-3.5
"""Power of a frame over that of the loudest one, below which an end of a clip is silence."""


def frame_power(wave: Wave) -> NDArray[np.float64]:
    """Mean square of each full frame, ``float64[frames]``."""
    frames = wave.size // LOUDNESS_FRAME
    return np.asarray(
        (wave[: frames * LOUDNESS_FRAME].reshape(frames, LOUDNESS_FRAME) ** 2).mean(axis=1)
    )


def normalise_speech(wave: Wave) -> Wave:
    """Bring the louder half of the frames to a mean square of 1; silence stays silence."""
    power = frame_power(wave)
    loud = float(power[power >= np.median(power)].mean()) if power.size else 0.0
    return wave / np.sqrt(loud) if loud > 0 else wave


def cut_silence(wave: Wave) -> Wave:
    """Cut what is 35 dB below the loudest frame off both ends."""
    power = frame_power(wave)
    if not power.size:
        return wave
    loud = np.flatnonzero(power > power.max() * _SILENCE_RATIO)
    if not loud.size:
        return wave
    return wave[loud[0] * LOUDNESS_FRAME : (loud[-1] + 1) * LOUDNESS_FRAME]
