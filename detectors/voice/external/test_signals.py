"""Made-up voices to try a model with: pitched, pulsed, with an envelope, always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan, Utterance

if TYPE_CHECKING:
    from numpy.typing import NDArray


def synthesise_voice(
    duration_ms: int = 2_000, *, pitch_hz: float = 140.0, level: float = 3_000.0
) -> NDArray[np.int16]:
    """Give a pulse train of a falling pitch with syllables at 4 Hz, ``int16[samples]``."""
    seconds = np.arange(duration_ms * SAMPLE_RATE // 1_000) / SAMPLE_RATE
    phase = 2 * np.pi * pitch_hz * (seconds - 0.03 * seconds**2)
    tone = sum(np.cos(k * phase) / k for k in range(1, 12))
    envelope = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * seconds)
    return np.asarray(np.clip(tone * envelope * level, -32_768, 32_767), dtype=np.int16)


def synthesise_noise(
    duration_ms: int = 1_000, *, level: float = 500.0, seed: int = 7
) -> NDArray[np.int16]:
    """Give white noise, ``int16[samples]``: the same for the same seed."""
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(duration_ms * SAMPLE_RATE // 1_000) * level
    return np.asarray(np.clip(samples, -32_768, 32_767), dtype=np.int16)


def make_utterance(pcm: NDArray[np.int16], speaker: Speaker = Speaker.CUSTOMER) -> Utterance:
    """Wrap sound as an utterance at the start of a call."""
    return Utterance("trial", speaker, TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE), pcm)
