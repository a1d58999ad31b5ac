"""What cross-validation showed of the voice model, as items that can be measured and tabled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.corpora.corpora import FOLDS
from detectors.evaluation.bootstrap import Interval, bootstrap_interval, point_estimate
from detectors.evaluation.scored_item import ScoredItem, SpeakerInfo
from detectors.evaluation.weighted_metrics import auc
from detectors.labels import EMOTIONS
from detectors.training.voice.calibration import (
    fit_calibration,
    fit_cross_lingual_calibration,
    language_names,
)
from detectors.training.voice.cross_validation import MIN_EARLIER_UTTERANCES
from detectors.training.voice.examples import MULAW
from detectors.voice.model import UNKNOWN_LANGUAGE

LOW_AROUSAL, HIGH_AROUSAL = 0.3, 0.7
"""Arousal below and above which a clip counts as low or high, 0-1."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.training.voice.calibration import VoiceCalibration
    from detectors.training.voice.cross_validation import HeldOutPredictions
    from detectors.training.voice.examples import Examples


@dataclass(frozen=True, slots=True)
class CalibratedReadings:
    """Readings of cross-validation with scores calibrated without their own fold.

    Attributes:
        scores: ``float64[n, 8]``.
        abstained: ``bool[n]``.
    """

    examples: Examples
    crossing: HeldOutPredictions
    scores: NDArray[np.float64]
    abstained: NDArray[np.bool_]

    def select_items(
        self, view: int, is_included: Callable[[Clip], bool], *, with_history: bool
    ) -> list[ScoredItem]:
        """The readings over one line of some clips.

        ``with_history``: those made when the speaker had been heard `EARLIER` times or more; else
        every clip as if it were its speaker's first.
        """
        baselines = self.crossing.inputs
        has_history = (
            baselines.count >= MIN_EARLIER_UTTERANCES if with_history else baselines.count == 0
        )
        has_emotion = self.examples.target[baselines.clip] >= 0
        rows = np.flatnonzero((baselines.view == view) & has_history & has_emotion)
        return [
            self._build_item(row)
            for row in rows
            if is_included(self.examples.clips[baselines.clip[row]])
        ]

    def _build_item(self, row: np.int64) -> ScoredItem:
        clip = self.examples.clips[self.crossing.inputs.clip[row]]
        scores = self.scores[row]
        return ScoredItem(
            key=str(clip.path),
            scores=scores.tolist(),
            confidence=float(scores.max()),
            abstained=bool(self.abstained[row]),
            truth=frozenset({str(EMOTIONS[self.examples.target[self.crossing.inputs.clip[row]]])}),
            speaker=SpeakerInfo(f"{clip.corpus}/{clip.speaker}", clip.language, clip.sex),
        )


def calibrate_folds(examples: Examples, crossing: HeldOutPredictions) -> CalibratedReadings:
    """Calibrate each fold's readings by what the other folds' readings showed."""
    calibrations = {
        fold: fit_calibration(examples, crossing, None, held_out_fold=fold) for fold in range(FOLDS)
    }
    return _calibrate(examples, crossing, crossing.fold, calibrations, is_cross_lingual=False)


def calibrate_cross_lingual(
    examples: Examples, cross_lingual: HeldOutPredictions
) -> CalibratedReadings:
    """Calibrate each language's readings by what the other languages' readings showed."""
    languages = language_names(examples, cross_lingual)
    calibrations = {
        name: fit_cross_lingual_calibration(examples, cross_lingual, held_out_language=str(name))
        for name in sorted(set(languages))
    }
    return _calibrate(examples, cross_lingual, languages, calibrations, is_cross_lingual=True)


def compute_arousal_auc(readings: CalibratedReadings) -> tuple[int, float, Interval] | None:
    """How well arousal tells clips rated high from clips rated low, where emotion is not known.

    Each clip as its speaker's first, over mu-law, by a head that was new to the speaker: how many
    clips, the area under the ROC curve, and its interval by speaker. ``None`` without such clips.
    """
    baselines, examples = readings.crossing.inputs, readings.examples
    arousal = examples.arousal[baselines.clip]
    is_extreme = (arousal < LOW_AROUSAL) | (arousal > HIGH_AROUSAL)
    has_no_emotion = examples.target[baselines.clip] < 0
    rows = np.flatnonzero(
        (baselines.view == MULAW) & (baselines.count == 0) & has_no_emotion & is_extreme
    )
    if not rows.size:
        return None
    figure = auc(readings.crossing.absolute[rows, -1], arousal[rows] > HIGH_AROUSAL)
    units = [examples.clips[i].speaker for i in baselines.clip[rows]]
    return rows.size, point_estimate(rows.size, figure), bootstrap_interval(units, figure)


def _calibrate(
    examples: Examples,
    crossing: HeldOutPredictions,
    groups: NDArray[np.generic],
    calibrations: Mapping[Any, VoiceCalibration],
    *,
    is_cross_lingual: bool,
) -> CalibratedReadings:
    scores = np.zeros((crossing.fold.size, len(EMOTIONS)))
    abstained = np.zeros(crossing.fold.size, dtype=bool)
    names = language_names(examples, crossing)
    for key, calibration in calibrations.items():
        rows = groups == key
        if rows.any():
            languages = [
                UNKNOWN_LANGUAGE if is_cross_lingual else str(name) for name in names[rows]
            ]
            scores[rows] = calibration.calibrate(crossing.select(rows), languages)
            abstained[rows] = scores[rows].max(1) < calibration.thresholds_for(languages)
    return CalibratedReadings(examples, crossing, scores, abstained)
