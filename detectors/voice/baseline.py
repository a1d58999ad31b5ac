"""Running normalisation: how this customer has sounded so far in this call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SpeakerBaseline

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOATS = np.dtype("<f4")


def mean_features(baseline: SpeakerBaseline, size: int) -> tuple[int, NDArray[np.float32]]:
    """Give the baseline's count and mean, ``float32[size]``.

    A baseline of another size was made by another model (a worker was updated in mid-call):
    the call then starts afresh, as (0, zeros).
    """
    if baseline.count <= 0 or len(baseline.mean) != size * _FLOATS.itemsize:
        return 0, np.zeros(size, dtype=np.float32)
    return baseline.count, np.frombuffer(baseline.mean, dtype=_FLOATS).astype(np.float32)


def update_baseline(baseline: SpeakerBaseline, features: NDArray[np.float32]) -> SpeakerBaseline:
    """Take one more utterance's ``features float32[D]`` into the running mean."""
    count, mean = mean_features(baseline, features.size)
    updated_mean = mean + (features - mean) / (count + 1)
    return SpeakerBaseline(count=count + 1, mean=updated_mean.astype(_FLOATS).tobytes())
