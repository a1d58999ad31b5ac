"""Running normalisation, as a call has it: an utterance, and the mean of the speaker's earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from detectors.training.voice.examples import Examples


@dataclass(frozen=True, slots=True)
class Moments:
    """Clips of several people, each heard after the same person's earlier ones.

    Attributes:
        clip: which, ``int64[n]``.
        view: over which line, ``int64[n]``.
        mean: of the features of the earlier clips over that line, ``float32[n, D]``.
        count: how many those were, ``float32[n]``.
    """

    clip: NDArray[np.int64]
    view: NDArray[np.int64]
    mean: NDArray[np.float32]
    count: NDArray[np.float32]

    def those(self, kept: NDArray[np.bool_]) -> Moments:
        """Keep some."""
        return Moments(self.clip[kept], self.view[kept], self.mean[kept], self.count[kept])


def in_drawn_order(
    examples: Examples, chosen: NDArray[np.int64], view: int, rng: np.random.Generator
) -> Moments:
    """Let each speaker say their ``chosen`` clips in a drawn order.

    A corpus lists them by emotion; in that order, or with all of a speaker's clips known from the
    start, the normalisation would know what no call knows.
    """
    people = examples.person[chosen]
    parts = [
        _of_one(examples, rng.permutation(chosen[people == person]), view)
        for person in np.unique(people)
    ]
    return together(parts)


def alone(examples: Examples, chosen: NDArray[np.int64], view: int) -> Moments:
    """Each of the ``chosen`` clips as its speaker's first."""
    nothing = np.zeros((chosen.size, examples.features.shape[2]), dtype=np.float32)
    count = np.zeros(chosen.size, dtype=np.float32)
    return Moments(chosen, np.full(chosen.size, view), nothing, count)


def together(parts: Iterable[Moments]) -> Moments:
    """Join several."""
    every = list(parts)
    return Moments(
        np.concatenate([part.clip for part in every]),
        np.concatenate([part.view for part in every]),
        np.concatenate([part.mean for part in every]),
        np.concatenate([part.count for part in every]),
    )


def _of_one(examples: Examples, order: NDArray[np.int64], view: int) -> Moments:
    features = examples.features[order, view]
    count = np.arange(order.size, dtype=np.float32)
    mean = np.zeros_like(features)
    mean[1:] = np.cumsum(features[:-1], axis=0) / count[1:, None]
    return Moments(order, np.full(order.size, view), mean, count)
