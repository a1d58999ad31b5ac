"""What cross-validation showed of the voice model, as items that can be measured and tabled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.corpora.corpora import FOLDS
from detectors.evaluation.bootstrap import Interval, interval, point
from detectors.evaluation.scored_item import Judged, Voice
from detectors.evaluation.weighted_metrics import auc
from detectors.labels import EMOTIONS
from detectors.training.voice.calibration import calibrated, calibrated_abroad, language_names
from detectors.training.voice.cross_validation import EARLIER
from detectors.training.voice.examples import MULAW
from detectors.voice.model import STRANGER

LOW, HIGH = 0.3, 0.7
"""Arousal below and above which a clip counts as low or high, 0-1."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.training.voice.calibration import Calibration
    from detectors.training.voice.cross_validation import Crossing
    from detectors.training.voice.examples import Examples


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
        felt = self.examples.target[moments.clip] >= 0
        rows = np.flatnonzero((moments.view == view) & enough & felt)
        return [self._judged(row) for row in rows if which(self.examples.clips[moments.clip[row]])]

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
    fitted = {fold: calibrated(examples, crossing, None, without=fold) for fold in range(FOLDS)}
    return _shown(examples, crossing, crossing.fold, fitted, strange=False)


def shown_abroad(examples: Examples, abroad: Crossing) -> Shown:
    """Calibrate each language's readings by what the other languages' readings showed."""
    names = language_names(examples, abroad)
    fitted = {
        name: calibrated_abroad(examples, abroad, without=str(name)) for name in sorted(set(names))
    }
    return _shown(examples, abroad, names, fitted, strange=True)


def arousal_auc(shown: Shown) -> tuple[int, float, Interval] | None:
    """How well arousal tells clips rated high from clips rated low, where emotion is not known.

    Each clip as its speaker's first, over mu-law, by a head that was new to the speaker: how many
    clips, the area under the ROC curve, and its interval by speaker. ``None`` without such clips.
    """
    moments, examples = shown.crossing.moments, shown.examples
    rated = examples.arousal[moments.clip]
    strange = (rated < LOW) | (rated > HIGH)
    unfelt = examples.target[moments.clip] < 0
    rows = np.flatnonzero((moments.view == MULAW) & (moments.count == 0) & unfelt & strange)
    if not rows.size:
        return None
    figure = auc(shown.crossing.plain[rows, -1], rated[rows] > HIGH)
    units = [examples.clips[i].speaker for i in moments.clip[rows]]
    return rows.size, point(rows.size, figure), interval(units, figure)


def _shown(
    examples: Examples,
    crossing: Crossing,
    part: NDArray[np.generic],
    fitted: Mapping[Any, Calibration],
    *,
    strange: bool,
) -> Shown:
    scores = np.zeros((crossing.fold.size, len(EMOTIONS)))
    abstained = np.zeros(crossing.fold.size, dtype=bool)
    names = language_names(examples, crossing)
    for key, calibration in fitted.items():
        rows = part == key
        if rows.any():
            languages = [STRANGER if strange else str(name) for name in names[rows]]
            scores[rows] = calibration.scores(crossing.those(rows), languages)
            abstained[rows] = scores[rows].max(1) < calibration.thresholds(languages)
    return Shown(examples, crossing, scores, abstained)
