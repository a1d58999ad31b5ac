"""The last seconds of a channel by their place in the call. What is missing is silence."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY_MS: Final = 14_000
"""The longest utterance, what ends it, and the longest echo before it (224 KB a channel)."""

_PER_MS: Final = SAMPLE_RATE // 1000


class RecentAudio:
    """A bounded buffer: what is older than `CAPACITY_MS` before the newest chunk is gone."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, NDArray[np.int16]]] = deque()

    def append(self, start_ms: int, pcm: NDArray[np.int16]) -> None:
        """Take ``int16[samples]`` that begin at ``start_ms`` of the call; they are copied."""
        self._chunks.append((start_ms * _PER_MS, np.array(pcm, np.int16)))
        oldest = start_ms * _PER_MS - CAPACITY_MS * _PER_MS
        while self._chunks[0][0] + len(self._chunks[0][1]) < oldest:
            self._chunks.popleft()

    def read(self, first: int, last: int) -> NDArray[np.int16]:
        """The samples from ``first`` to before ``last``, counted from the call's start."""
        pcm = np.zeros(last - first, np.int16)
        for start, chunk in self._chunks:
            begin, end = max(first, start), min(last, start + len(chunk))
            if begin < end:
                pcm[begin - first : end - first] = chunk[begin - start : end - start]
        return pcm
