"""Confidence that means what it says, for each language, and when to stay silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.evaluation.calibration import abstention_threshold, apply_temperature
from detectors.labels import EMOTIONS
from detectors.training.voice.examples import CLEAN, MULAW
from detectors.training.voice.model import MIN_SCORE, SHRINKAGE
from detectors.voice.model import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.training.voice.cross_validation import HeldOutPredictions
    from detectors.training.voice.examples import Examples


TEMPERATURE_GRID = np.geomspace(1.0, 1_000.0, 121)
"""Temperatures tried: a Gaussian of hundreds of numbers is far too sure of itself."""

TemperaturePair = tuple[float, float]
"""Of what changed against the speaker's earlier speech, and of speech by itself."""


@dataclass(frozen=True, slots=True)
class VoiceCalibration:
    """Fitted on speakers the heads were not fitted on; by language, `UNKNOWN_LANGUAGE` for others.

    Attributes:
        temperature: divides log-likelihoods.
        abstain_below: confidence that a reading must have to be an answer.
    """

    temperature: Mapping[str, TemperaturePair]
    abstain_below: Mapping[str, float]

    def calibrate(
        self, crossing: HeldOutPredictions, languages: Sequence[str]
    ) -> NDArray[np.float64]:
        """Give calibrated scores ``[n, 8]``."""
        pairs = [
            self.temperature.get(name, self.temperature[UNKNOWN_LANGUAGE]) for name in languages
        ]
        temperatures = np.array(pairs)
        return apply_temperature(
            _blend_logits(crossing, temperatures[:, :1], temperatures[:, 1:]), 1.0
        )

    def thresholds_for(self, languages: Sequence[str]) -> NDArray[np.float64]:
        """Give each reading's language its threshold, ``float64[n]``."""
        fallback = self.abstain_below[UNKNOWN_LANGUAGE]
        return np.array([self.abstain_below.get(name, fallback) for name in languages])


def _blend_logits(
    crossing: HeldOutPredictions,
    changed: NDArray[np.float64] | float,
    plain: NDArray[np.float64] | float,
) -> NDArray[np.float64]:
    """Logits as `ToneHead` has them, for given temperatures."""
    count = crossing.inputs.count[:, None].astype(np.float64)
    share = count / (count + SHRINKAGE)
    emotions = len(EMOTIONS)
    return np.asarray(
        share * crossing.relative[:, :emotions] / changed
        + (1 - share) * crossing.absolute[:, :emotions] / plain
    )


def language_names(examples: Examples, crossing: HeldOutPredictions) -> NDArray[np.str_]:
    """The language each reading was made in."""
    return np.array([examples.clips[i].language for i in crossing.inputs.clip])


def fit_calibration(
    examples: Examples,
    crossing: HeldOutPredictions,
    cross_lingual: HeldOutPredictions | None,
    *,
    held_out_fold: int,
) -> VoiceCalibration:
    """Fit on all folds but one; all labels compete, as a call does not say which it carries.

    What holds for languages the model was not taught is learnt from ``cross_lingual``, by heads
    that were not taught the language they read. Every corpus of a language counts equally.
    """
    in_calibration_view = np.isin(crossing.inputs.view, (CLEAN, MULAW))
    labelled = _select_labelled(
        examples, crossing.select((crossing.fold != held_out_fold) & in_calibration_view)
    )
    languages = language_names(examples, labelled)
    parts = {str(name): labelled.select(languages == name) for name in sorted(set(languages))}
    parts[UNKNOWN_LANGUAGE] = labelled if cross_lingual is None else cross_lingual
    fits = {name: _fit_language(examples, part) for name, part in parts.items()}
    return VoiceCalibration(
        {name: temperatures for name, (temperatures, _) in fits.items()},
        {name: threshold for name, (_, threshold) in fits.items()},
    )


def fit_cross_lingual_calibration(
    examples: Examples, cross_lingual: HeldOutPredictions, *, held_out_language: str
) -> VoiceCalibration:
    """Fit on readings of all but ``held_out_language``, each by a head new to it."""
    others = cross_lingual.select(language_names(examples, cross_lingual) != held_out_language)
    temperatures, threshold = _fit_language(examples, others)
    return VoiceCalibration({UNKNOWN_LANGUAGE: temperatures}, {UNKNOWN_LANGUAGE: threshold})


def _select_labelled(examples: Examples, crossing: HeldOutPredictions) -> HeldOutPredictions:
    return crossing.select(examples.target[crossing.inputs.clip] >= 0)


def _fit_language(
    examples: Examples, crossing: HeldOutPredictions
) -> tuple[TemperaturePair, float]:
    temperatures = _fit_temperatures(examples, crossing)
    confidence = apply_temperature(_blend_logits(crossing, *temperatures), 1.0).max(1)
    return temperatures, round(abstention_threshold(confidence), 4)


def _fit_temperatures(examples: Examples, crossing: HeldOutPredictions) -> TemperaturePair:
    """First of plain speech, from first utterances; then of what changed, from later ones."""
    first = crossing.select(crossing.inputs.count == 0)
    plain = _best_temperature(
        examples, first, lambda temperature: _blend_logits(first, 1.0, temperature)
    )
    later = crossing.select(crossing.inputs.count > 0)
    return _best_temperature(
        examples, later, lambda temperature: _blend_logits(later, temperature, plain)
    ), plain


def _best_temperature(
    examples: Examples, crossing: HeldOutPredictions, logits: Callable[[float], NDArray[np.float64]]
) -> float:
    """The temperature of least log loss (Guo et al., 2017)."""
    target = examples.target[crossing.inputs.clip]
    weights, rows = _corpus_weights(examples, crossing), np.arange(target.size)

    def loss(temperature: float) -> float:
        scores = apply_temperature(logits(temperature), 1.0).clip(MIN_SCORE)
        return float(-(weights * np.log(scores[rows, target])).sum())

    return round(float(min(TEMPERATURE_GRID, key=loss)), 4)


def _corpus_weights(examples: Examples, crossing: HeldOutPredictions) -> NDArray[np.float64]:
    corpora = [examples.clips[i].corpus for i in crossing.inputs.clip]
    counts = {corpus: corpora.count(corpus) for corpus in set(corpora)}
    weights = np.array([1 / counts[corpus] for corpus in corpora])
    return np.asarray(weights / weights.sum())
