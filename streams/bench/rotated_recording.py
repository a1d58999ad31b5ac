"""Many different calls out of one recording: each starts at another place of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, Span, TranscriptLine

if TYPE_CHECKING:
    from streams.ingest.replay.played_call import PlayedCall

_STRIDE_MS = 7_919
"""A prime: no two of many calls are in step."""


def rotated(call: PlayedCall, number: int, *, seconds: int) -> PlayedCall:
    """``seconds`` of the recording, beginning at a place of its own, over and over."""
    whole = call.recording.samples
    whole_ms = len(whole) * 1000 // SAMPLE_RATE
    shift_ms = number * _STRIDE_MS % whole_ms
    wanted = seconds * SAMPLE_RATE
    start = shift_ms * SAMPLE_RATE // 1000
    samples = np.take(whole, np.arange(start, start + wanted), axis=0, mode="wrap")
    lines = [
        _moved(line, again - shift_ms)
        for again in range(0, shift_ms + seconds * 1000, whole_ms)
        for line in call.lines
        if line.span.start_ms + again >= shift_ms
        and line.span.end_ms + again <= shift_ms + seconds * 1000
    ]
    return replace(
        call, recording=replace(call.recording, samples=samples), lines=tuple(lines), problems=()
    )


def _moved(line: TranscriptLine, by_ms: int) -> TranscriptLine:
    return replace(line, span=Span(line.span.start_ms + by_ms, line.span.end_ms + by_ms))
