"""Confidence that means what it says, for each language, and when to stay silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.evaluation.calibration import abstention_threshold, softened
from detectors.labels import EMOTIONS
from detectors.training.voice.examples import CLEAN, MULAW
from detectors.training.voice.model import LEAST, SHRINKAGE
from detectors.voice.model import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.training.voice.cross_validation import Crossing
    from detectors.training.voice.examples import Examples


HOT = np.geomspace(1.0, 1_000.0, 121)
"""Temperatures tried: a Gaussian of hundreds of numbers is far too sure of itself."""

Temperatures = tuple[float, float]
"""Of what changed against the speaker's earlier speech, and of speech by itself."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on speakers the heads were not fitted on; by language, `STRANGER` for all others.

    Attributes:
        temperature: divides log-likelihoods.
        abstain_below: confidence that a reading must have to be an answer.
    """

    temperature: Mapping[str, Temperatures]
    abstain_below: Mapping[str, float]

    def scores(self, crossing: Crossing, languages: Sequence[str]) -> NDArray[np.float64]:
        """Give calibrated scores ``[n, 8]``."""
        found = [self.temperature.get(name, self.temperature[STRANGER]) for name in languages]
        hot = np.array(found)
        return softened(_blended(crossing, hot[:, :1], hot[:, 1:]), 1.0)

    def thresholds(self, languages: Sequence[str]) -> NDArray[np.float64]:
        """Give each reading's language its threshold, ``float64[n]``."""
        rest = self.abstain_below[STRANGER]
        return np.array([self.abstain_below.get(name, rest) for name in languages])


def _blended(
    crossing: Crossing, changed: NDArray[np.float64] | float, plain: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Logits as `ToneHead` has them, for given temperatures."""
    count = crossing.moments.count[:, None].astype(np.float64)
    share = count / (count + SHRINKAGE)
    emotions = len(EMOTIONS)
    return np.asarray(
        share * crossing.changed[:, :emotions] / changed
        + (1 - share) * crossing.plain[:, :emotions] / plain
    )


def language_names(examples: Examples, crossing: Crossing) -> NDArray[np.str_]:
    """The language each reading was made in."""
    return np.array([examples.clips[i].language for i in crossing.moments.clip])


def calibrated(
    examples: Examples, crossing: Crossing, abroad: Crossing | None, *, without: int
) -> Calibration:
    """Fit on all folds but one; all labels compete, as a call does not say which it carries.

    What holds for languages the model was not taught is learnt from readings ``abroad``, by heads
    that were not taught the language they read. Every corpus of a language counts equally.
    """
    lines = np.isin(crossing.moments.view, (CLEAN, MULAW))
    kept = _felt(examples, crossing.those((crossing.fold != without) & lines))
    names = language_names(examples, kept)
    parts = {str(name): kept.those(names == name) for name in sorted(set(names))}
    parts[STRANGER] = kept if abroad is None else abroad
    fits = {name: _fit(examples, part) for name, part in parts.items()}
    return Calibration(
        {name: temperatures for name, (temperatures, _) in fits.items()},
        {name: threshold for name, (_, threshold) in fits.items()},
    )


def calibrated_abroad(examples: Examples, abroad: Crossing, *, without: str) -> Calibration:
    """Fit on readings of every other language than ``without``, each by a head new to it."""
    others = abroad.those(language_names(examples, abroad) != without)
    temperatures, threshold = _fit(examples, others)
    return Calibration({STRANGER: temperatures}, {STRANGER: threshold})


def _felt(examples: Examples, crossing: Crossing) -> Crossing:
    return crossing.those(examples.target[crossing.moments.clip] >= 0)


def _fit(examples: Examples, crossing: Crossing) -> tuple[Temperatures, float]:
    found = _temperatures(examples, crossing)
    confidence = softened(_blended(crossing, *found), 1.0).max(1)
    return found, round(abstention_threshold(confidence), 4)


def _temperatures(examples: Examples, crossing: Crossing) -> Temperatures:
    """First of plain speech, from first utterances; then of what changed, from later ones."""
    first = crossing.those(crossing.moments.count == 0)
    plain = _best(examples, first, lambda hot: _blended(first, 1.0, hot))
    later = crossing.those(crossing.moments.count > 0)
    return _best(examples, later, lambda hot: _blended(later, hot, plain)), plain


def _best(
    examples: Examples, crossing: Crossing, logits: Callable[[float], NDArray[np.float64]]
) -> float:
    """The temperature of least log loss (Guo et al., 2017)."""
    target = examples.target[crossing.moments.clip]
    weights, rows = _evenly(examples, crossing), np.arange(target.size)

    def loss(hot: float) -> float:
        scores = softened(logits(hot), 1.0).clip(LEAST)
        return float(-(weights * np.log(scores[rows, target])).sum())

    return round(float(min(HOT, key=loss)), 4)


def _evenly(examples: Examples, crossing: Crossing) -> NDArray[np.float64]:
    corpora = [examples.clips[i].corpus for i in crossing.moments.clip]
    counts = {corpus: corpora.count(corpus) for corpus in set(corpora)}
    weights = np.array([1 / counts[corpus] for corpus in corpora])
    return np.asarray(weights / weights.sum())
