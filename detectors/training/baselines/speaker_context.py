"""How a baseline hears a clip: alone, or after earlier ones of its speaker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip

WARM_UP_CLIPS = 2
"""Utterances of a speaker that only feed the mean: the third is the first that counts."""
DRAWN_ORDERS = 5


class ClipView(Protocol):
    """How a model sees clips: each alone, or after the speaker's earlier ones."""

    def select_features(
        self, clips: Sequence[Clip], chosen: list[int]
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Give indices of clips, and their features ``[given, D]``."""
        ...


def speaker_key(clip: Clip) -> str:
    """Name a speaker uniquely: corpora number their speakers alike."""
    return f"{clip.corpus}/{clip.speaker}"


@dataclass(frozen=True, slots=True)
class IsolatedView:
    """Each clip as if it were the first of its call."""

    features: NDArray[np.float64]

    def select_features(
        self, clips: Sequence[Clip], chosen: list[int]
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Give the chosen clips, and their features ``[chosen, D]``."""
        del clips
        return chosen, self.features[chosen]


@dataclass(frozen=True, slots=True)
class RunningView:
    """Each clip less the mean of its speaker's earlier ones, as a call can have them.

    In `DRAWN_ORDERS` drawn orders; the first `WARM_UP_CLIPS` of a speaker only feed the mean.
    """

    features: NDArray[np.float64]

    def select_features(
        self, clips: Sequence[Clip], chosen: list[int]
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Give clips, each up to `DRAWN_ORDERS` times, and their features ``[given, D]``."""
        clips_by_speaker: dict[str, list[int]] = {}
        for i in chosen:
            clips_by_speaker.setdefault(speaker_key(clips[i]), []).append(i)
        indices: list[int] = []
        rows: list[NDArray[np.float64]] = []
        for order in range(DRAWN_ORDERS):
            for name, speaker_clips in clips_by_speaker.items():
                rng = np.random.default_rng([order, crc32(name.encode())])
                clip_order = [speaker_clips[k] for k in rng.permutation(len(speaker_clips))]
                sums = np.cumsum(self.features[clip_order], axis=0)
                for position in range(WARM_UP_CLIPS, len(clip_order)):
                    indices.append(clip_order[position])
                    rows.append(self.features[clip_order[position]] - sums[position - 1] / position)
        return indices, np.array(rows)
