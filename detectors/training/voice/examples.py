"""Clips as the voice model hears them: feature vectors over many drawn telephone lines."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import soxr

from detectors.corpora.corpora import load_sound
from detectors.corpora.telephone_channel import (
    Codec,
    apply_codec,
    draw_channel,
    gain_for_level,
    transmit,
)
from detectors.labels import EMOTIONS, Emotion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.training.voice.feature_graph import FeatureGraph

CLEAN, MULAW, ALAW = 0, 1, 2
"""Views that exist of every clip: as it is, and over bare G.711 lines. The rest are drawn."""
BARE_CODECS = (Codec.NONE, Codec.MULAW, Codec.ALAW)
SPEEDS = (1.0, 1.0, 1.0, 1.0, 0.89, 0.94, 1.06, 1.12)
"""Speed at which each view plays: a person a little slower and deeper, or quicker and higher, is
another person (Ko et al., 2015, "Audio augmentation for speech recognition")."""
VIEWS = len(SPEEDS)
_CACHE_VERSION = 1
"""Changes with the code of this file that decides a feature."""

AROUSAL = {
    Emotion.NEUTRAL: 0.35,
    Emotion.JOY: 0.70,
    Emotion.ANGER: 0.90,
    Emotion.SADNESS: 0.25,
    Emotion.FEAR: 0.70,
    Emotion.DISGUST: 0.55,
    Emotion.SURPRISE: 0.75,
    Emotion.BOREDOM: 0.15,
}
"""Where acted emotions lie on the arousal axis, 0-1, after Russell's circumplex (1980)."""
AROUSAL_LEVELS = {"low": 0.15, "normal": 0.45, "high": 0.85}
"""The same for BAVED's three levels."""


@dataclass(frozen=True, slots=True)
class Examples:
    """All clips in all views.

    Attributes:
        features: ``float32[clips, views, D]``.
        target: column in `EMOTIONS`, or -1 without an emotion, ``int64[clips]``.
        arousal: 0-1, ``float32[clips]``; NaN where not known.
        person: equal for clips of one speaker, ``int64[clips]``.
        corpus_labels: the labels its corpus carries, ``bool[clips, 8]``.
    """

    clips: Sequence[Clip]
    features: NDArray[np.float32]
    target: NDArray[np.int64]
    arousal: NDArray[np.float32]
    person: NDArray[np.int64]
    corpus_labels: NDArray[np.bool_]


def build_examples(  # noqa: PLR0913 - what a measurement depends on
    clips: Sequence[Clip],
    extractor: FeatureGraph,
    *,
    views: int,
    seed: int,
    cache: Path,
    step: Callable[[], None],
) -> Examples:
    """Measure every clip in ``views`` ways; ``step`` is called after each clip.

    In one view a speaker has one line, so that their other clips can serve as a baseline. What
    was measured is kept below ``cache``, under a name made from everything it depends on.
    """
    person_ids = {key: number for number, key in enumerate(dict.fromkeys(map(_person, clips)))}
    gains = _speaker_gains(clips)
    features = []
    for clip in clips:
        features.append(
            _load_or_extract(clip, extractor, (views, seed, gains[_person(clip)]), cache)
        )
        step()
    emotions = [clip.emotion for clip in clips]
    return Examples(
        clips=clips,
        features=np.stack(features),
        target=np.array([-1 if e is None else EMOTIONS.index(e) for e in emotions]),
        arousal=np.array([_arousal_target(clip) for clip in clips], dtype=np.float32),
        person=np.array([person_ids[_person(clip)] for clip in clips]),
        corpus_labels=_corpus_labels(clips),
    )


def _person(clip: Clip) -> tuple[str, str]:
    return clip.corpus, clip.speaker


def _speaker_gains(clips: Sequence[Clip]) -> Mapping[tuple[str, str], float]:
    """Gain that brings each speaker's first clip to full scale: all of theirs get the same."""
    first_clips: dict[tuple[str, str], Clip] = {}
    for clip in sorted(clips, key=lambda clip: str(clip.path)):
        first_clips.setdefault(_person(clip), clip)
    return {
        person: gain_for_level(0.0, load_sound(clip.path)) for person, clip in first_clips.items()
    }


def _load_or_extract(
    clip: Clip, extractor: FeatureGraph, view_settings: tuple[int, int, float], cache: Path
) -> NDArray[np.float32]:
    pcm = load_sound(clip.path)
    digest = hashlib.sha256(pcm.tobytes())
    digest.update(repr((_CACHE_VERSION, extractor.digest, _person(clip), view_settings)).encode())
    path = cache / f"{digest.hexdigest()}.npy"
    try:
        return np.asarray(np.load(path), dtype=np.float32)
    except (OSError, ValueError, EOFError):
        features = _extract(pcm, clip, extractor, view_settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, features)
        return features


def _extract(
    pcm: NDArray[np.int16],
    clip: Clip,
    extractor: FeatureGraph,
    view_settings: tuple[int, int, float],
) -> NDArray[np.float32]:
    views, seed, full_scale_gain = view_settings  # views: at least the bare ones
    person = crc32("/".join(_person(clip)).encode())
    rng = np.random.default_rng([seed, person, crc32(pcm.tobytes())])
    rows = [apply_codec(pcm, codec) for codec in BARE_CODECS]
    for view in range(len(rows), views):
        channel = draw_channel(np.random.default_rng([seed, person, view]))
        gain = full_scale_gain * 10 ** (channel.level_db / 20 + rng.uniform(-0.05, 0.05))
        rows.append(transmit(channel, _change_speed(pcm, SPEEDS[view % VIEWS]), gain=gain, rng=rng))
    return np.stack(
        [extractor.extract(row.astype(np.float32) / np.float32(32_768)) for row in rows]
    )


def _change_speed(pcm: NDArray[np.int16], speed: float) -> NDArray[np.int16]:
    if speed == 1.0:
        return pcm
    resampled = soxr.resample(pcm.astype(np.float32), speed, 1.0)
    return np.asarray(np.clip(np.rint(resampled), -32_768, 32_767), dtype=np.int16)


def _arousal_target(clip: Clip) -> float:
    if clip.arousal is not None:
        return clip.arousal
    if clip.emotion is not None:
        return AROUSAL[clip.emotion]
    return AROUSAL_LEVELS.get(clip.intensity, math.nan)


def _corpus_labels(clips: Sequence[Clip]) -> NDArray[np.bool_]:
    emotions_by_corpus: dict[str, set[Emotion | None]] = {}
    for clip in clips:
        emotions_by_corpus.setdefault(clip.corpus, set()).add(clip.emotion)
    return np.array([[e in emotions_by_corpus[clip.corpus] for e in EMOTIONS] for clip in clips])
