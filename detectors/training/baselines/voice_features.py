"""Plain features of a clip for the baselines: log-mel statistics, and openSMILE's eGeMAPS."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import load_sound
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip

    FeatureExtractor = Callable[[NDArray[np.float32]], NDArray[np.float64]]
    """Samples in -1..1 at `SAMPLE_RATE` -> one row of numbers."""

FULL_SCALE = 32_768.0
WINDOW_SAMPLES, HOP_SAMPLES, FFT_POINTS = 200, 80, 256
"""Samples (25 and 10 ms) and points of the spectrum, as speech recognisers have them."""
MEL_BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 80.0, 3_800.0
SPEECH_LOG_RANGE = np.log(10) * 3.5
"""Frames within 35 dB of the loudest count: RAVDESS is silent for two of its three seconds."""


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Features by the content of what they are of, one file each below ``folder``.

    A measure that changes needs another ``name``.
    """

    folder: Path
    name: str

    def get_or_extract(
        self, pcm: NDArray[np.int16], extract: FeatureExtractor
    ) -> NDArray[np.float64]:
        """Give the features of ``pcm int16[samples]``, measured at most once."""
        path = self.folder / self.name / f"{hashlib.sha256(pcm.tobytes()).hexdigest()}.npy"
        if path.exists():
            return np.asarray(np.load(path), dtype=np.float64)
        features = extract(pcm.astype(np.float32) / np.float32(FULL_SCALE))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, features)
        return features


def extract_features(
    clips: Sequence[Clip], extract: FeatureExtractor, cache: FeatureCache, step: Callable[[], None]
) -> NDArray[np.float64]:
    """Measure every clip as it arrives over a mu-law line, ``float64[clips, D]``."""
    rows = []
    for clip in clips:
        rows.append(cache.get_or_extract(apply_codec(load_sound(clip.path), Codec.MULAW), extract))
        step()
    return np.stack(rows)


def log_mel_statistics(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean, deviation and 10th and 90th percentile of each band, and how fast it changes.

    Of speech frames, relative to their mean level: ``float64[5 * BANDS]``.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW_SAMPLES), FFT_POINTS)) ** 2
    log_power = np.log(power.sum(1) + 1e-10)
    mel = np.log(power @ mel_filterbank() + 1e-7)[log_power > log_power.max() - SPEECH_LOG_RANGE]
    mel = mel - mel.mean()
    change = np.abs(np.diff(mel, axis=0)).mean(0) if len(mel) > 1 else np.zeros(MEL_BANDS)
    low, high = np.percentile(mel, [10, 90], axis=0)
    return np.concatenate([mel.mean(0), mel.std(0), low, high, change]).astype(np.float64)


def mel_filterbank() -> NDArray[np.float64]:
    """Triangles of equal width in mel (O'Shaughnessy, 1987), ``float64[BINS // 2 + 1, BANDS]``."""
    low, high = (2_595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, MEL_BANDS + 2) / 2_595) - 1)
    frequencies = np.fft.rfftfreq(FFT_POINTS, 1 / SAMPLE_RATE)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def load_egemaps() -> FeatureExtractor:
    """OpenSMILE's eGeMAPSv02 functionals (Eyben et al., 2016), 88 numbers.

    Raises:
        ModuleNotFoundError: opensmile is not installed; it is no dependency of ours.
    """
    import opensmile  # noqa: PLC0415 - licensed for research only, so never needed to import us

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )

    def extract(samples: NDArray[np.float32]) -> NDArray[np.float64]:
        row = np.asarray(smile.process_signal(samples, SAMPLE_RATE), dtype=np.float64)[0]
        return np.asarray(np.nan_to_num(row))

    return extract
