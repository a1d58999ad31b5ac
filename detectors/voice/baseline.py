"""Running normalisation: how this customer has sounded so far in this call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SpeakerBaseline

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOATS = np.dtype("<f4")

MAX_UTTERANCES = 40
"""A new utterance never counts less than one in so many: one that was far off, such as a shout or
what the speech gate let through, fades from the mean instead of staying in it for good."""


def mean_features(baseline: SpeakerBaseline, size: int) -> tuple[int, NDArray[np.float32]]:
    """Decode a speaker baseline.

    A baseline of another size comes from another model (the worker was updated during the
    call); the call then starts afresh.

    Args:
        baseline: of the customer in this call.
        size: length of this model's feature vector.

    Returns:
        How many utterances it covers, and their mean, ``float32[size]``; (0, zeros) for none.
    """
    if baseline.count <= 0 or len(baseline.mean) != size * _FLOATS.itemsize:
        return 0, np.zeros(size, dtype=np.float32)
    return baseline.count, np.frombuffer(baseline.mean, dtype=_FLOATS).astype(np.float32)


def update_baseline(baseline: SpeakerBaseline, features: NDArray[np.float32]) -> SpeakerBaseline:
    """Add one utterance to the running mean, which forgets slowly (`MAX_UTTERANCES`).

    Args:
        baseline: of the customer in this call.
        features: of the utterance, ``float32[D]``.

    Returns:
        A new baseline with a count one higher; 1 if the old one is of another size.
    """
    count, mean = mean_features(baseline, features.size)
    updated_mean = mean + (features - mean) / min(count + 1, MAX_UTTERANCES)
    return SpeakerBaseline(count=count + 1, mean=updated_mean.astype(_FLOATS).tobytes())
