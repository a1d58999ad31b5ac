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
class RunningBaselines:
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

    def select(self, mask: NDArray[np.bool_]) -> RunningBaselines:
        """Select rows by ``mask bool[n]``."""
        return RunningBaselines(self.clip[mask], self.view[mask], self.mean[mask], self.count[mask])


def build_with_history(
    examples: Examples, chosen: NDArray[np.int64], view: int, rng: np.random.Generator
) -> RunningBaselines:
    """Build baselines as in a call: each speaker says their clips in a random order.

    A corpus lists clips by emotion. In that order, or with all of a speaker's clips known from
    the start, the normalisation would know more than it can in a call.

    Args:
        examples: features of all clips.
        chosen: indices of the clips, ``int64[n]``.
        view: the telephone line they are heard over.
        rng: draws the orders.

    Returns:
        One row per chosen clip; a speaker's first has a count of 0.
    """
    persons = examples.person[chosen]
    parts = [
        _build_for_speaker(examples, rng.permutation(chosen[persons == person]), view)
        for person in np.unique(persons)
    ]
    return concatenate_baselines(parts)


def build_without_history(
    examples: Examples, chosen: NDArray[np.int64], view: int
) -> RunningBaselines:
    """Build empty baselines: each of the ``chosen int64[n]`` clips as its speaker's first."""
    zero_mean = np.zeros((chosen.size, examples.features.shape[2]), dtype=np.float32)
    count = np.zeros(chosen.size, dtype=np.float32)
    return RunningBaselines(chosen, np.full(chosen.size, view), zero_mean, count)


def concatenate_baselines(parts: Iterable[RunningBaselines]) -> RunningBaselines:
    """Concatenate the rows of several."""
    part_list = list(parts)
    return RunningBaselines(
        np.concatenate([part.clip for part in part_list]),
        np.concatenate([part.view for part in part_list]),
        np.concatenate([part.mean for part in part_list]),
        np.concatenate([part.count for part in part_list]),
    )


def _build_for_speaker(examples: Examples, order: NDArray[np.int64], view: int) -> RunningBaselines:
    features = examples.features[order, view]
    count = np.arange(order.size, dtype=np.float32)
    mean = np.zeros_like(features)
    mean[1:] = np.cumsum(features[:-1], axis=0) / count[1:, None]
    return RunningBaselines(order, np.full(order.size, view), mean, count)
