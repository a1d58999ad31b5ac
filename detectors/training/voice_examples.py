"""Clips as the voice model sees them: feature vectors over many drawn telephone lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from detectors.labels import EMOTIONS, Emotion
from detectors.training.corpora import sound
from detectors.training.telephone import Codec, Line, drawn_line, gain_to, over

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.corpora import Clip
    from detectors.training.hearing import Statistics

CLEAN, MULAW = 0, 1
"""Views that exist of every clip: as it is, and over a bare mu-law line. The rest are drawn."""

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
        arousal: 0-1, ``float32[clips]``.
        person: equal for clips of one speaker, ``int64[clips]``.
        known: the labels its corpus carries, ``bool[clips, 8]``.
    """

    clips: Sequence[Clip]
    features: NDArray[np.float32]
    target: NDArray[np.int64]
    arousal: NDArray[np.float32]
    person: NDArray[np.int64]
    known: NDArray[np.bool_]


def heard(
    clips: Sequence[Clip],
    statistics: Statistics,
    *,
    views: int,
    seed: int,
    step: Callable[[], None],
) -> Examples:
    """Measure every clip in ``views`` ways; ``step`` is called after each clip.

    In one view a speaker has one line, so that their other clips can serve as a baseline.
    """
    people = {key: number for number, key in enumerate(dict.fromkeys(map(_person, clips)))}
    features = []
    lines: dict[tuple[int, int], tuple[Line, float]] = {}
    for index, clip in enumerate(clips):
        rng = np.random.default_rng([seed, index])
        pcm = sound(clip.path)
        person = people[_person(clip)]
        rows = [pcm, over(Line(codec=Codec.MULAW), pcm, gain=1.0, rng=rng)]
        for view in range(len(rows), views):
            if (person, view) not in lines:
                line = drawn_line(np.random.default_rng([seed, person, view]))
                lines[person, view] = line, gain_to(line.level_db, pcm)
            line, gain = lines[person, view]
            rows.append(over(line, pcm, gain=gain * 10 ** rng.uniform(-0.05, 0.05), rng=rng))
        features.append(_measured(rows, statistics))
        step()
    emotions = [clip.emotion for clip in clips]
    return Examples(
        clips=clips,
        features=np.stack(features),
        target=np.array([-1 if e is None else EMOTIONS.index(e) for e in emotions]),
        arousal=np.array([_arousal(clip) for clip in clips], dtype=np.float32),
        person=np.array([people[_person(clip)] for clip in clips]),
        known=_known(clips),
    )


def _person(clip: Clip) -> tuple[str, str]:
    return clip.corpus, clip.speaker


def _measured(rows: list[NDArray[np.int16]], statistics: Statistics) -> NDArray[np.float32]:
    samples = torch.from_numpy(np.stack(rows).astype(np.float32) / 32_768)
    lengths = torch.full((len(rows),), samples.shape[1])
    with torch.no_grad():
        return np.asarray(statistics(samples, lengths).numpy(), dtype=np.float32)


def _arousal(clip: Clip) -> float:
    if clip.arousal is not None:
        return clip.arousal
    if clip.emotion is not None:
        return AROUSAL[clip.emotion]
    return AROUSAL_LEVELS[clip.intensity]


def _known(clips: Sequence[Clip]) -> NDArray[np.bool_]:
    carried: dict[str, set[Emotion | None]] = {}
    for clip in clips:
        carried.setdefault(clip.corpus, set()).add(clip.emotion)
    return np.array([[e in carried[clip.corpus] for e in EMOTIONS] for clip in clips])
