"""Where the speech in a segment begins and ends, by its level.

Voice activity detection starts and stops a little earlier or later with what it heard before: a
ring tone a minute ago moves it. The level does not depend on the past, so the same speech gets
the same span, and the same reading, whatever came before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.endpointing import FRAME_MS, FRAME_SAMPLES, SpeechSegment

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE_DB: Final = 35.0
"""Below the loudest 100 ms of the segment by this much, it has not begun or is over."""

MARGIN_MS: Final = 100
"""Kept at both ends: soft consonants are quieter than that."""

_SMOOTHED_FRAMES: Final = 5


def trim_edges(segment: SpeechSegment) -> SpeechSegment:
    """Cut off what is far below the level of a segment's speech, except for `MARGIN_MS`.

    Args:
        segment: speech, of any length.

    Returns:
        The part of it that holds the speech; the segment itself where that is all of it.
    """
    frames = len(segment.pcm) // FRAME_SAMPLES
    if frames <= _SMOOTHED_FRAMES:
        return segment
    loud = _find_loud_frames(segment.pcm[: frames * FRAME_SAMPLES])
    if not loud.size:
        return segment
    margin = MARGIN_MS // FRAME_MS
    first = max(0, int(loud[0]) - margin)
    last = min(frames, int(loud[-1]) + 1 + margin)
    return _cut(segment, first, None if last == frames else last)


def _find_loud_frames(pcm: NDArray[np.int16]) -> NDArray[np.intp]:
    power = (pcm.reshape(-1, FRAME_SAMPLES).astype(np.float32) ** 2).mean(axis=1)
    window = np.full(_SMOOTHED_FRAMES, 1 / _SMOOTHED_FRAMES, dtype=np.float32)
    loudest = np.convolve(power, window, "same").max()
    return np.flatnonzero(power > loudest * 10 ** (-EDGE_DB / 10))


def _cut(segment: SpeechSegment, first: int, last: int | None) -> SpeechSegment:
    if first == 0 and last is None:
        return segment
    start_ms = segment.span.start_ms + first * FRAME_MS
    pcm = segment.pcm[first * FRAME_SAMPLES : None if last is None else last * FRAME_SAMPLES]
    end_ms = segment.span.end_ms if last is None else start_ms + len(pcm) * 1_000 // SAMPLE_RATE
    return SpeechSegment(TimeSpan(start_ms, end_ms), pcm)
