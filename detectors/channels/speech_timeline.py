"""When each speaker spoke, in steps of 50 ms: how much of a stretch was speech?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.utterance import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from detectors.utterance import TimeSpan

STEP_MS: Final = 50
_MARGIN: Final = 10_000 // STEP_MS


class SpeechTimeline:
    """Speech of both speakers, from the spans that the endpointers found."""

    def __init__(self, spans: Mapping[Speaker, Iterable[TimeSpan]]) -> None:
        by_speaker = {speaker: [*spans.get(speaker, ())] for speaker in Speaker}
        ends = [span.end_ms for each in by_speaker.values() for span in each]
        self._length = max(ends, default=0) // STEP_MS + 1
        self._sums = {speaker: self._accumulate(each) for speaker, each in by_speaker.items()}

    def _accumulate(self, spans: Iterable[TimeSpan]) -> NDArray[np.int64]:
        steps = np.zeros(self._length + 2 * _MARGIN, bool)
        for span in spans:
            steps[_MARGIN + span.start_ms // STEP_MS : _MARGIN + span.end_ms // STEP_MS] = True
        return np.concatenate([[0], np.cumsum(steps)])

    def speech_ms(self, speaker: Speaker) -> int:
        """All of it."""
        return int(self._sums[speaker][-1]) * STEP_MS

    def share(
        self, speaker: Speaker, spans: list[TimeSpan], offsets_ms: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """How much of each span was this speaker's speech, were the spans so much later.

        Args:
            speaker: whose speech.
            spans: of transcript lines.
            offsets_ms: ``int64[m]``, each at most 10 s either way.

        Returns:
            ``float64[len(spans), m]``, each 0 to 1.
        """
        sums = self._sums[speaker]
        starts = np.array([span.start_ms for span in spans]) // STEP_MS
        ends = np.maximum(np.array([span.end_ms for span in spans]) // STEP_MS, starts + 1)
        offsets = offsets_ms // STEP_MS + _MARGIN
        first, last = (
            np.clip(edge[:, None] + offsets, 0, len(sums) - 1) for edge in (starts, ends)
        )
        shares: NDArray[np.float64] = (sums[last] - sums[first]) / (ends - starts)[:, None]
        return shares
