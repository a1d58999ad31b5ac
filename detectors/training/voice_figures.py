"""What cross-validation showed of the voice model, as items that can be measured and tabled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import EMOTIONS
from detectors.training.corpora import FOLDS
from detectors.training.crossing import EARLIER
from detectors.training.judged import Judged, Voice
from detectors.training.voice_calibration import calibrated, language_names
from detectors.voice.tone import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.corpora import Clip
    from detectors.training.crossing import Crossing
    from detectors.training.voice_calibration import Calibration
    from detectors.training.voice_examples import Examples


@dataclass(frozen=True, slots=True)
class Shown:
    """Readings of cross-validation with scores calibrated without their own fold.

    Attributes:
        scores: ``float64[n, 8]``.
        abstained: ``bool[n]``.
    """

    examples: Examples
    crossing: Crossing
    scores: NDArray[np.float64]
    abstained: NDArray[np.bool_]

    def judged(self, view: int, which: Callable[[Clip], bool], *, settled: bool) -> list[Judged]:
        """The readings over one line of some clips.

        ``settled``: those made when the speaker had been heard `EARLIER` times or more; else
        every clip as if it were its speaker's first.
        """
        moments = self.crossing.moments
        enough = moments.count >= EARLIER if settled else moments.count == 0
        rows = np.flatnonzero((moments.view == view) & enough)
        return [
            self._judged(row) for row in rows if which(self.examples.clips[moments.clip[row]])
        ]

    def _judged(self, row: np.int64) -> Judged:
        clip = self.examples.clips[self.crossing.moments.clip[row]]
        scores = self.scores[row]
        return Judged(
            key=str(clip.path),
            scores=scores.tolist(),
            confidence=float(scores.max()),
            abstained=bool(self.abstained[row]),
            truth=frozenset({str(EMOTIONS[self.examples.target[self.crossing.moments.clip[row]]])}),
            voice=Voice(f"{clip.corpus}/{clip.speaker}", clip.language, clip.sex),
        )


def shown(examples: Examples, crossing: Crossing) -> Shown:
    """Calibrate each fold's readings by what the other folds' readings showed."""
    scores = np.zeros_like(crossing.logits)
    abstained = np.zeros(len(crossing.logits), dtype=bool)
    names = language_names(examples, crossing)
    for fold in range(FOLDS):
        rows = crossing.fold == fold
        if rows.any():
            found = calibrated(examples, crossing, without=fold)
            scores[rows], abstained[rows] = _calibrated(found, crossing.logits[rows], names[rows])
    return Shown(examples, crossing, scores, abstained)


def shown_abroad(examples: Examples, crossing: Crossing, calibration: Calibration) -> Shown:
    """Calibrate readings of strange languages as the shipped model does."""
    names = np.full(len(crossing.logits), STRANGER)
    return Shown(examples, crossing, *_calibrated(calibration, crossing.logits, names))


def _calibrated(
    found: Calibration, logits: NDArray[np.float64], names: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    languages = [str(name) for name in names]
    scores = found.scores(logits, languages)
    return scores, scores.max(1) < found.of(languages, found.abstain_below)
