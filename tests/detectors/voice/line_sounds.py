"""What lines make of a voice: echoes, codecs, noise. For tests; every function is deterministic."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

from detectors.utterance import SAMPLE_RATE
from streams.ingest.replay.played_call import DEMO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

LEFT_IS_AGENT, RIGHT_IS_CUSTOMER = 0, 1


@cache
def demo_channel(name: str, column: int) -> Sound:
    """One side of a demo call, as floats in int16 units."""
    samples, rate = soundfile.read(DEMO / name / "call.flac", dtype="int16")
    assert rate == SAMPLE_RATE
    return samples[:, column].astype(np.float64)


def to_pcm(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.round(sound), -32_768, 32_767).astype(np.int16)


def echo(sound: Sound, *, delay_ms: float, gain_db: float) -> Sound:
    delay = int(delay_ms * SAMPLE_RATE / 1000)
    return np.concatenate([np.zeros(delay), sound])[: len(sound)] * 10 ** (gain_db / 20)


def noise(length: int, *, dbfs: float, seed: int = 0) -> Sound:
    return np.random.default_rng(seed).normal(0, 32_768 * 10 ** (dbfs / 20), length)


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    sections = butter(4, [low_hz, high_hz], "band", fs=SAMPLE_RATE, output="sos")
    filtered: Sound = sosfilt(sections, sound)
    return filtered


def drift(sound: Sound, *, ppm: float) -> Sound:
    return np.interp(np.arange(len(sound)) * (1 + ppm * 1e-6), np.arange(len(sound)), sound)


def coded(sound: Sound, subtype: str) -> Sound:
    """Through a codec and back."""
    file = io.BytesIO()
    options: dict[str, Any] = {"format": "AU" if subtype.startswith("G72") else "WAV"}
    soundfile.write(file, to_pcm(sound), SAMPLE_RATE, subtype=subtype, **options)
    file.seek(0)
    decoded = soundfile.read(file, dtype="int16")[0][: len(sound)].astype(np.float64)
    return np.pad(decoded, (0, len(sound) - len(decoded)))


def room(sound: Sound, *, delay_ms: float, gain_db: float, decay_ms: float = 40) -> Sound:
    """An echo with reverberation behind it."""
    length = int(4 * decay_ms * SAMPLE_RATE / 1000)
    tail = np.random.default_rng(1).normal(size=length)
    tail *= np.exp(-np.arange(length) * 1000 / SAMPLE_RATE / decay_ms)
    tail /= np.sqrt((tail**2).sum())
    return echo(np.convolve(sound, tail)[: len(sound)], delay_ms=delay_ms, gain_db=gain_db)
