"""Making confidence mean what it says, and choosing when to stay silent. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import point_estimate
from detectors.evaluation.weighted_metrics import BINS, assign_bins, coverage_accuracy

if TYPE_CHECKING:
    from numpy.typing import NDArray

COVERAGE = weighted_metrics.COVERAGE
TEMPERATURES = np.geomspace(0.2, 5.0, 81)


def apply_temperature(log_scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Divide ``[n, k]`` log-probabilities by a temperature; rows of the result sum to 1."""
    scaled = log_scores / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def fit_temperature(
    log_scores: NDArray[np.float64], target: NDArray[np.int64], weights: NDArray[np.float64]
) -> float:
    """Find the temperature with the least weighted log loss (Guo et al., 2017).

    Args:
        log_scores: log-probabilities, ``float64[n, k]``.
        target: the right column of each row, ``int64[n]``.
        weights: of the rows, ``float64[n]``.

    Returns:
        Above 1 for overconfident scores.
    """
    rows = np.arange(target.size)

    def loss(temperature: float) -> float:
        return float(
            -(weights * np.log(apply_temperature(log_scores, temperature)[rows, target])).sum()
        )

    return float(min(TEMPERATURES, key=loss))


def abstention_threshold(confidence: NDArray[np.float64]) -> float:
    """The confidence that `COVERAGE` of held-out items reach: below it a detector abstains."""
    return float(np.quantile(confidence, 1 - COVERAGE))


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: rows of like confidence, and how often they are right.

    Attributes:
        low, high: the least and the greatest confidence in it, 0-1.
        confidence, accuracy: their means, 0-1; equal where confidence means what it says.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    items: int


def reliability_bins(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS
) -> list[Bin]:
    """Sort rows into equally filled bins by ``confidence [n]``, the least confident first.

    Equal confidences stay in one bin, so there may be fewer (Guo et al., 2017, have bins of equal
    width; equally filled ones do not hang on the few rows of an empty range).
    """
    values, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    bin_index = (
        assign_bins(counts[None].astype(np.float64), bins)[0][inverse] if values.size else inverse
    )
    parts = [np.flatnonzero(bin_index == number) for number in range(bins)]
    return [_summarise_bin(confidence[part], correct[part]) for part in parts if part.size]


def _summarise_bin(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> Bin:
    return Bin(
        low=float(confidence.min()),
        high=float(confidence.max()),
        confidence=float(confidence.mean()),
        accuracy=float(correct.mean()),
        items=confidence.size,
    )


def expected_calibration_error(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Mean distance of confidence and accuracy over equally filled bins (ECE), 0-1.

    After Guo et al., On Calibration of Modern Neural Networks (2017), with the bins of
    `reliability_bins`. 0 without rows. Chance alone makes it larger the fewer rows there are: with
    200 rows a perfectly calibrated model still shows about .08.
    """
    filled_bins = reliability_bins(confidence, correct, bins)
    gaps = [
        abs(filled_bin.confidence - filled_bin.accuracy) * filled_bin.items
        for filled_bin in filled_bins
    ]
    return float(sum(gaps) / max(1, confidence.size))


@dataclass(frozen=True, slots=True)
class SelectiveAccuracy:
    """What silence buys: accuracy (0-1) of all rows, and of the most confident share of them."""

    overall: float
    at_coverage: float

    @property
    def gain(self) -> float:
        """By how much abstaining on the rest raises the accuracy, -1 to 1."""
        return self.at_coverage - self.overall


def accuracy_at_coverage(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], coverage: float = COVERAGE
) -> SelectiveAccuracy:
    """Accuracy if only the ``coverage`` (0-1) most confident rows are answered.

    One point of the risk-coverage curve (El-Yaniv and Wiener, 2010). Rows as confident as the
    last that fits share the room that is left, so their order does not matter. NaN without rows.
    """
    selective_accuracy = coverage_accuracy(confidence, correct, coverage=coverage)
    rows = confidence.size
    if not rows:
        return SelectiveAccuracy(float("nan"), float("nan"))
    return SelectiveAccuracy(float(correct.mean()), point_estimate(rows, selective_accuracy))


def matches_top_vote(votes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the highest of ``scores [n, 8]`` has the most ``votes [n, 8]`` (ties agree)."""
    return np.asarray(votes[np.arange(len(votes)), scores.argmax(1)] == votes.max(1))


def find_best_threshold(
    logits: NDArray[np.float32], truth: NDArray[np.bool_] | NDArray[np.float32]
) -> float:
    """Find the logit threshold that gives one label its best F1.

    Args:
        logits: of the label, ``float32[n]``.
        truth: whether each row has the label, or its probability, ``[n]``.
    """
    order = np.argsort(-logits, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, logits.size + 1) + truth.sum())
    best = int(f1.argmax())
    next_logit = logits[order[min(best + 1, logits.size - 1)]]
    return float((logits[order[best]] + next_logit) / 2)
