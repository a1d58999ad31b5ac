"""Is it speech? Splits what voice activity let through into speech, tones, music and noise.

Deterministic, and pure but for the model file read at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS
from detectors.detector import DetectorUnavailableError
from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.sound_features import BLOCK_MS, FEATURES, sound_features

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SPEECH_GATE = MODELS / "speech-gate.npz"
"""The shipped weights; the card lies beside them."""

DILATIONS = (1, 2, 4)
"""Of the layers that look at neighbours: each block sees a good second on both sides."""

TAPS = 5
"""Neighbours a layer looks at, itself included."""

SPEECH_THRESHOLD = 0.5
"""From this probability on a block is speech."""

MIN_SPEECH_MS = 240
"""A shorter island of speech is a click, a breath, or an error."""

MIN_OTHER_MS = 600
"""Anything shorter between two stretches of speech is a pause, a breath, or an error."""

MIN_EDGE_MS = 300
"""Shorter at an end of the segment: the padding, or the fading of the last word."""


LONG_SEGMENT_MS = 6_000
"""Music and noise go on, words end: a shorter segment is speech more often, in proportion."""

MIN_OTHER_WEIGHT = 0.25
"""At least this much of what the model thinks of tone, music and noise counts."""


class SoundKind(StrEnum):
    """What a stretch of sound is. Where somebody speaks over something, it is speech."""

    SPEECH = "speech"
    TONE = "tone"
    MUSIC = "music"
    NOISE = "noise"


KINDS = tuple(SoundKind)
"""In the order of the model's outputs."""


@dataclass(frozen=True, slots=True)
class SoundSpan:
    """A stretch of one kind; ``span`` counts from the segment's first sample."""

    span: TimeSpan
    kind: SoundKind


class SpeechGate:
    """A small convolutional network over `sound_features`, and rules that smooth what it says."""

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._weights = {
            name: np.asarray(value, dtype=np.float32) for name, value in weights.items()
        }

    def split(self, pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
        """Split a segment where its kind changes.

        Args:
            pcm: ``int16[samples]`` at 8 kHz; any number of them, none included.

        Returns:
            Spans in order that cover the segment without overlap, at least one.
        """
        end_ms = pcm.size * 1_000 // SAMPLE_RATE
        if not pcm.size or pcm.min() == pcm.max():
            return (SoundSpan(TimeSpan(0, end_ms), SoundKind.NOISE),)
        probabilities = _weigh_by_length(self.probabilities(pcm), end_ms)
        return _build_spans(smooth_kinds(probabilities), end_ms)

    def probabilities(self, pcm: NDArray[np.int16]) -> Floats:
        """Probability of each kind, ``float32[blocks, 4]``: one row for each `BLOCK_MS`.

        Args:
            pcm: ``int16[samples]`` at 8 kHz, one sample or more.
        """
        logits = self._logits(sound_features(pcm))
        logits -= logits.max(axis=1, keepdims=True)
        scores = np.exp(logits)
        return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float32)

    def _logits(self, features: Floats) -> Floats:
        weights = self._weights
        hidden = np.maximum(features @ weights["in_w"] + weights["in_b"], 0)
        for layer, dilation in enumerate(DILATIONS):
            around = _neighbours(hidden, dilation)
            update = around @ weights[f"conv{layer}_w"] + weights[f"conv{layer}_b"]
            hidden = hidden + np.maximum(update, 0)
        return np.asarray(hidden @ weights["out_w"] + weights["out_b"], dtype=np.float32)


@cache
def load_speech_gate() -> SpeechGate:
    """Load the shipped gate, once a process.

    Raises:
        DetectorUnavailableError: its file is missing or is none.
    """
    return read_speech_gate(SPEECH_GATE)


def read_speech_gate(path: Path) -> SpeechGate:
    """Read a gate's weights.

    Raises:
        DetectorUnavailableError: the file is missing, no archive of arrays, or of other features.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            weights = {name: archive[name] for name in archive.files}
        features = weights["in_w"].shape[0]
    except (OSError, ValueError, KeyError) as error:
        message = f"{path}: no weights of a speech gate; make them with `callmood train gate`"
        raise DetectorUnavailableError(message) from error
    if features != FEATURES:
        message = f"{path}: made for {features} features, not {FEATURES}; train the gate again"
        raise DetectorUnavailableError(message)
    return SpeechGate(weights)


def _weigh_by_length(probabilities: Floats, duration_ms: int) -> Floats:
    """Take account of the segment's length: a child's drawn-out word is short, a tune is not."""
    weighted = probabilities.copy()
    weighted[:, 1:] *= min(1.0, max(MIN_OTHER_WEIGHT, duration_ms / LONG_SEGMENT_MS))
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True), dtype=np.float32)


def smooth_kinds(probabilities: Floats) -> list[tuple[SoundKind, int]]:
    """Decide runs of blocks: kind and number of blocks, in order.

    Args:
        probabilities: ``float32[blocks, 4]``, columns as `KINDS`, one row or more.
    """
    is_speech = probabilities[:, 0] >= SPEECH_THRESHOLD
    is_speech = _drop_short(is_speech, MIN_OTHER_MS, MIN_EDGE_MS, value=False)
    is_speech = _drop_short(is_speech, MIN_SPEECH_MS, MIN_SPEECH_MS, value=True)
    runs: list[tuple[SoundKind, int]] = []
    for start, end, speech in _runs(is_speech):
        if speech:
            runs.append((SoundKind.SPEECH, end - start))
        else:
            likely = int(probabilities[start:end, 1:].sum(axis=0).argmax())
            runs.append((KINDS[1 + likely], end - start))
    return runs


def _drop_short(
    flags: NDArray[np.bool_], min_ms: int, min_edge_ms: int, *, value: bool
) -> NDArray[np.bool_]:
    """Turn runs of ``value`` that are too short; one that is all there is stays."""
    result = flags.copy()
    for start, end, run_value in _runs(flags):
        is_whole = start == 0 and end == flags.size
        is_edge = start == 0 or end == flags.size
        limit_ms = min_edge_ms if is_edge else min_ms
        if run_value is value and not is_whole and (end - start) * BLOCK_MS < limit_ms:
            result[start:end] = not value
    return result


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int, bool]]:
    edges = [0, *(np.flatnonzero(flags[1:] != flags[:-1]) + 1).tolist(), flags.size]
    return [(start, end, bool(flags[start])) for start, end in pairwise(edges)]


def _build_spans(runs: list[tuple[SoundKind, int]], end_ms: int) -> tuple[SoundSpan, ...]:
    spans: list[SoundSpan] = []
    start_ms = blocks = 0
    for number, (kind, length) in enumerate(runs, start=1):
        blocks += length
        until_ms = end_ms if number == len(runs) else min(end_ms, blocks * BLOCK_MS)
        spans.append(SoundSpan(TimeSpan(start_ms, until_ms), kind))
        start_ms = until_ms
    return tuple(spans)


def _neighbours(hidden: Floats, dilation: int) -> Floats:
    """Each block beside its neighbours ``dilation`` apart, ``float32[blocks, TAPS * units]``."""
    reach = TAPS // 2 * dilation
    blocks, units = hidden.shape
    padded = np.zeros((blocks + 2 * reach, units), dtype=np.float32)  # np.pad takes far longer
    padded[reach : reach + blocks] = hidden
    return np.concatenate(
        [padded[at : at + blocks] for at in range(0, 2 * reach + 1, dilation)], axis=1
    )
