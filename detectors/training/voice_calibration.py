"""Confidence that means what it says, for each language, and when to stay silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.training.calibration import abstention_threshold, fitted_temperature, softened
from detectors.training.voice_examples import CLEAN, MULAW
from detectors.voice.tone import STRANGER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.training.crossing import Crossing
    from detectors.training.voice_examples import Examples


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on speakers the heads were not fitted on; by language, `STRANGER` for all others.

    Attributes:
        temperature: divides log-probabilities.
        abstain_below: confidence that a reading must have to be an answer.
    """

    temperature: Mapping[str, float]
    abstain_below: Mapping[str, float]

    def of(self, languages: Sequence[str], values: Mapping[str, float]) -> NDArray[np.float64]:
        """Give each reading's language its value, ``float64[n]``."""
        return np.array([values.get(language, values[STRANGER]) for language in languages])

    def scores(
        self, logits: NDArray[np.float64], languages: Sequence[str]
    ) -> NDArray[np.float64]:
        """Give calibrated scores ``[n, 8]``."""
        return softened(logits / self.of(languages, self.temperature)[:, None], 1.0)


def language_names(examples: Examples, crossing: Crossing) -> NDArray[np.str_]:
    """The language each reading was made in, `STRANGER` where the head did not know it."""
    names = np.array([examples.clips[i].language for i in crossing.moments.clip])
    return np.where(crossing.strange, STRANGER, names)


def calibrated(examples: Examples, crossing: Crossing, *, without: int) -> Calibration:
    """Fit on all folds but one; all labels compete, as a call does not say which it carries.

    Every corpus of a language counts equally.
    """
    used = (crossing.fold != without) & np.isin(crossing.moments.view, (CLEAN, MULAW))
    kept = crossing.those(used)
    names = language_names(examples, kept)
    temperatures, thresholds = {}, {}
    for language in dict.fromkeys([*sorted(set(names)), STRANGER]):
        own = kept.those(names == language) if (names == language).any() else kept
        target = examples.target[own.moments.clip]
        temperature = fitted_temperature(own.logits, target, _evenly(examples, own))
        confidence = softened(own.logits, temperature).max(1)
        temperatures[language] = round(temperature, 4)
        thresholds[language] = round(abstention_threshold(confidence), 4)
    return Calibration(temperatures, thresholds)


def _evenly(examples: Examples, crossing: Crossing) -> NDArray[np.float64]:
    corpora = [examples.clips[i].corpus for i in crossing.moments.clip]
    counts = {corpus: corpora.count(corpus) for corpus in set(corpora)}
    weights = np.array([1 / counts[corpus] for corpus in corpora])
    return np.asarray(weights / weights.sum())
