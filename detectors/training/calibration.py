"""Making confidence mean what it says, and choosing when to stay silent. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEMPERATURES = np.geomspace(0.2, 5.0, 81)
COVERAGE = 0.8
"""Share of held-out items that is answered; the least certain fifth is not."""


def softened(log_scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Divide ``[n, k]`` log-probabilities by a temperature; rows of the result sum to 1."""
    scaled = log_scores / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def fitted_temperature(
    log_scores: NDArray[np.float64], target: NDArray[np.int64], weights: NDArray[np.float64]
) -> float:
    """Find the temperature of least weighted log loss (Guo et al., 2017)."""
    rows = np.arange(target.size)

    def loss(temperature: float) -> float:
        return float(-(weights * np.log(softened(log_scores, temperature)[rows, target])).sum())

    return float(min(TEMPERATURES, key=loss))


def abstention_threshold(confidence: NDArray[np.float64]) -> float:
    """Confidence that `COVERAGE` of held-out items reach."""
    return float(np.quantile(confidence, 1 - COVERAGE))


def expected_calibration_error(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 10
) -> float:
    """Mean distance of confidence and accuracy over equally filled bins (ECE)."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    gaps = [abs(confidence[p].mean() - correct[p].mean()) * p.size for p in parts]
    return float(sum(gaps) / max(1, confidence.size))


def agrees(votes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the highest of ``scores [n, 8]`` has the most ``votes [n, 8]`` (ties agree)."""
    return np.asarray(votes[np.arange(len(votes)), scores.argmax(1)] == votes.max(1))


def best_threshold(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Find the logit above which calling a label gives it the best F1."""
    order = np.argsort(-logits, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, logits.size + 1) + truth.sum())
    best = int(f1.argmax())
    following = logits[order[min(best + 1, logits.size - 1)]]
    return float((logits[order[best]] + following) / 2)
