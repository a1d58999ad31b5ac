"""Which audio reaches a voice model at all: the same for the shipped model and a site's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.detector import UnusableUtteranceError, refuse_agent
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.utterance import Utterance

MIN_SOUND_MS = 300
"""Shorter sounds ("uh", a cough) carry no tone that a model was ever shown."""
MAX_SOUND_MS = 15_000
"""Only the end of longer speech is read: the newest is what counts, and cost is bounded."""
SILENCE_RMS = 8.0
"""Root mean square of the loudest 20 ms, in 16-bit steps: one step of mu-law near zero."""

TRIM_THRESHOLD_DB = 35.0
TRIM_MARGIN_PACKETS = 5
"""Packets of 20 ms kept at each end: an utterance that was cut by endpointing keeps as much."""
BLOCK_SAMPLES = SAMPLE_RATE // 50
"""Samples that one position of the shipped model's encoder stands for (20 ms)."""
MIN_BLOCKS, MAX_BLOCKS = 10, 400
"""Its graph takes 0.2 s to 8 s."""

_FULL_SCALE = np.float32(1 / 32_768)
_PACKET = SAMPLE_RATE // 50


def preprocess(item: Utterance) -> NDArray[np.float32]:
    """Check an utterance and give its samples to a voice model.

    Returns:
        ``float32[samples]`` in -1..1 at 8 kHz, at most the last `MAX_SOUND_MS`.

    Raises:
        UnusableUtteranceError: it is an agent's, too short, silent, or not mono.
    """
    refuse_agent(item.speaker)
    pcm: NDArray[Any] = np.asarray(item.pcm)
    if pcm.ndim != 1 or pcm.dtype.kind not in "if":
        message = f"sound must be one row of numbers, not {pcm.dtype}{list(pcm.shape)}"
        raise UnusableUtteranceError(message)
    if pcm.size < MIN_SOUND_MS * SAMPLE_RATE // 1_000:
        duration = pcm.size * 1_000 // SAMPLE_RATE
        message = f"{duration} ms of sound are too short; {MIN_SOUND_MS} ms are needed"
        raise UnusableUtteranceError(message)
    samples = pcm[-MAX_SOUND_MS * SAMPLE_RATE // 1_000 :].astype(np.float32)
    samples = samples if pcm.dtype.kind == "f" else samples * _FULL_SCALE
    if not _peak_rms(samples) >= SILENCE_RMS * _FULL_SCALE:
        msg = "the sound is silent"
        raise UnusableUtteranceError(msg)
    return samples


def trim_silence(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut silence off both ends, except for `TRIM_MARGIN_PACKETS`.

    Args:
        samples: ``float32[n]`` in -1..1 at 8 kHz.

    Returns:
        The part from the first to the last packet within `TRIM_THRESHOLD_DB` of the loudest
        100 ms, with its margins.
    """
    count = samples.size // _PACKET
    power = (samples[: count * _PACKET].reshape(count, _PACKET) ** 2).mean(axis=1)
    smooth = np.convolve(power, np.full(5, 0.2), "same")
    speech_packets = np.flatnonzero(smooth >= smooth.max() * 10 ** (-TRIM_THRESHOLD_DB / 10))
    if not speech_packets.size:
        return samples
    start, end = (
        max(0, speech_packets[0] - TRIM_MARGIN_PACKETS),
        min(count, speech_packets[-1] + 1 + TRIM_MARGIN_PACKETS),
    )
    return samples[start * _PACKET : end * _PACKET]


def pad_to_blocks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring samples into the shape that the shipped model takes.

    Args:
        samples: ``float32[n]`` in -1..1 at 8 kHz.

    Returns:
        ``float32[m]``, m a multiple of `BLOCK_SAMPLES`: trimmed, at most the last 8 s, with zeros
        in front up to a whole block and at least `MIN_BLOCKS` blocks.
    """
    tail = trim_silence(samples)[-MAX_BLOCKS * BLOCK_SAMPLES :]
    padding = max(-tail.size % BLOCK_SAMPLES, MIN_BLOCKS * BLOCK_SAMPLES - tail.size)
    return np.pad(tail, (padding, 0)).astype(np.float32)


def _peak_rms(samples: NDArray[np.float32]) -> float:
    packets = samples[: samples.size // _PACKET * _PACKET].reshape(-1, _PACKET)
    return float(packets.std(axis=1).max())
