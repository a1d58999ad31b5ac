"""How a yardstick hears a clip: alone, or after earlier ones of its speaker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip

EARLIER = 2
"""Utterances of a speaker that only feed the mean: the third is the first that counts."""
ORDERS = 5


class View(Protocol):
    """What a model is given of the clips."""

    def of(self, clips: Sequence[Clip], chosen: list[int]) -> tuple[list[int], NDArray[np.float64]]:
        """Give indices of clips, and their features ``[given, D]``."""
        ...


def speaker(clip: Clip) -> str:
    """Who speaks; corpora number their speakers alike."""
    return f"{clip.corpus}/{clip.speaker}"


@dataclass(frozen=True, slots=True)
class Alone:
    """Each clip as if it were the first of its call."""

    features: NDArray[np.float64]

    def of(self, clips: Sequence[Clip], chosen: list[int]) -> tuple[list[int], NDArray[np.float64]]:
        """Give the chosen clips, and their features ``[chosen, D]``."""
        del clips
        return chosen, self.features[chosen]


@dataclass(frozen=True, slots=True)
class Running:
    """Each clip less the mean of its speaker's earlier ones, as a call can have them.

    In `ORDERS` drawn orders; the first `EARLIER` of a speaker only feed the mean.
    """

    features: NDArray[np.float64]

    def of(self, clips: Sequence[Clip], chosen: list[int]) -> tuple[list[int], NDArray[np.float64]]:
        """Give clips, each up to `ORDERS` times, and their features ``[given, D]``."""
        theirs: dict[str, list[int]] = {}
        for i in chosen:
            theirs.setdefault(speaker(clips[i]), []).append(i)
        given: list[int] = []
        rows: list[NDArray[np.float64]] = []
        for order in range(ORDERS):
            for name, listed in theirs.items():
                rng = np.random.default_rng([order, crc32(name.encode())])
                heard = [listed[k] for k in rng.permutation(len(listed))]
                sums = np.cumsum(self.features[heard], axis=0)
                for place in range(EARLIER, len(heard)):
                    given.append(heard[place])
                    rows.append(self.features[heard[place]] - sums[place - 1] / place)
        return given, np.array(rows)
