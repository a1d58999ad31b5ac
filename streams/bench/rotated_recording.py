"""Many different calls out of one recording: each starts at another place of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, TimeSpan, TranscriptLine

if TYPE_CHECKING:
    from streams.ingest.replay.played_call import ReplayCall

_STRIDE_MS = 7_919
"""A prime: no two of many calls are in step."""


def rotate(call: ReplayCall, number: int, *, seconds: int) -> ReplayCall:
    """``seconds`` of the recording, beginning at a place of its own, over and over."""
    recording = call.recording.samples
    recording_ms = len(recording) * 1000 // SAMPLE_RATE
    shift_ms = number * _STRIDE_MS % recording_ms
    sample_count = seconds * SAMPLE_RATE
    start = shift_ms * SAMPLE_RATE // 1000
    samples = np.take(recording, np.arange(start, start + sample_count), axis=0, mode="wrap")
    lines = [
        _shift(line, repeat_ms - shift_ms)
        for repeat_ms in range(0, shift_ms + seconds * 1000, recording_ms)
        for line in call.lines
        if line.span.start_ms + repeat_ms >= shift_ms
        and line.span.end_ms + repeat_ms <= shift_ms + seconds * 1000
    ]
    return replace(
        call, recording=replace(call.recording, samples=samples), lines=tuple(lines), problems=()
    )


def _shift(line: TranscriptLine, by_ms: int) -> TranscriptLine:
    return replace(line, span=TimeSpan(line.span.start_ms + by_ms, line.span.end_ms + by_ms))
