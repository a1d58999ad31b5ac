"""The metrics of `metrics` and `calibration` over weighted rows, for many weightings at once.

Each function takes predictions and truth and gives a `WeightedMetric`: weights ``[draws, rows]``
in, one value per draw out, NaN where it is undefined. With all weights 1 it is the plain metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import WeightedMetric

BINS = 10
COVERAGE = 0.8
"""Share of held-out items that is answered; the least certain fifth is not."""


def uar(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> WeightedMetric:
    """Unweighted average recall over the labels of ``truth [rows, labels]``, 0-1.

    Undefined in a draw that lacks one of them.
    """
    present = truth.any(0)
    hits, positives = _as_floats((truth & decided)[:, present], truth[:, present])
    return lambda weights: _ratio(weights @ hits, weights @ positives).mean(1)


def macro_f1(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> WeightedMetric:
    """Mean F1 over the labels of ``truth [rows, labels]``, 0-1; undefined as `uar` is."""
    present = truth.any(0)
    truth, decided = truth[:, present], decided[:, present]
    hits, positives, predicted = _as_floats(truth & decided, truth, decided)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        positive_weight = weights @ positives
        f1 = _ratio(2 * (weights @ hits), positive_weight + weights @ predicted)
        return np.asarray(np.where(positive_weight > 0, f1, np.nan).mean(1))

    return figure


def accuracy(correct: NDArray[np.bool_]) -> WeightedMetric:
    """Share of right rows, 0-1. ``correct [rows]`` may hold shares (of a row's decisions)."""
    (correctness,) = _as_floats(correct)
    return lambda weights: _ratio(weights @ correctness, weights.sum(1))


def answered_accuracy(correct: NDArray[np.bool_], answered: NDArray[np.bool_]) -> WeightedMetric:
    """Share of right rows among those ``answered [rows]``, 0-1."""
    correctness, answered_rows = _as_floats(correct, answered)
    return lambda weights: _ratio(weights @ (correctness * answered_rows), weights @ answered_rows)


def auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> WeightedMetric:
    """Area under the ROC curve, 0-1, of ``scores [rows]``; ties count half."""
    groups = _TieGroups(scores)
    (positive,) = _as_floats(truth)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        positives = groups.sum_groups(weights * positive)
        negatives = groups.sum_groups(weights * (1 - positive))
        below = np.cumsum(negatives, axis=1) - negatives / 2
        return _ratio((positives * below).sum(1), positives.sum(1) * negatives.sum(1))

    return figure


def macro_auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> WeightedMetric:
    """Mean of `auc` over the labels that some and not all rows carry, 0-1."""
    mixed = np.flatnonzero(truth.any(0) & ~truth.all(0))
    label_aucs = [auc(scores[:, label], truth[:, label]) for label in mixed]

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if not label_aucs:
            return np.full(len(weights), np.nan)
        return np.asarray(np.mean([label_auc(weights) for label_auc in label_aucs], axis=0))

    return figure


def calibration_error(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, bins: int = BINS
) -> WeightedMetric:
    """Expected calibration error, 0-1: see `calibration.expected_calibration_error`.

    Fewer different rows leave more noise in each bin, and noise only adds: in resamples ECE is
    larger, so its interval may lie above the figure.
    """
    groups = _TieGroups(confidence)
    (correctness,) = _as_floats(correct)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        count = groups.sum_groups(weights)
        gap = groups.sum_groups(weights * (confidence - correctness))
        bin_index = assign_bins(count, bins)
        sums = [np.where(bin_index == number, gap, 0.0).sum(1) for number in range(bins)]
        return _ratio(np.abs(sums).sum(0), count.sum(1))

    return figure


def coverage_accuracy(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, coverage: float = COVERAGE
) -> WeightedMetric:
    """Share of right rows among the ``coverage`` most confident, 0-1.

    Rows as confident as the last one that fits share the room that is left.
    """
    groups = _TieGroups(-confidence)
    (correctness,) = _as_floats(correct)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        count = groups.sum_groups(weights)
        before = np.cumsum(count, axis=1) - count
        capacity = np.clip(coverage * count.sum(1, keepdims=True) - before, 0, count)
        hits = groups.sum_groups(weights * correctness) * capacity / np.maximum(count, 1e-12)
        return _ratio(hits.sum(1), capacity.sum(1))

    return figure


def coverage_gain(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, coverage: float = COVERAGE
) -> WeightedMetric:
    """By how much `coverage_accuracy` exceeds the accuracy of all rows, -1 to 1."""
    covered = coverage_accuracy(confidence, correct, coverage=coverage)
    overall = accuracy(correct)
    return lambda weights: covered(weights) - overall(weights)


def assign_bins(counts: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Which of ``bins`` equally filled bins each value falls into, ``int64[draws, values]``.

    ``counts [draws, values]`` are the rows at each value, values in rising order. What is equal
    stays together: the middle of a value's rows decides for all of them.
    """
    midpoints = np.cumsum(counts, axis=1) - counts / 2
    bin_index = midpoints / np.maximum(counts.sum(1, keepdims=True), 1e-12) * bins
    return np.asarray(np.minimum(bin_index.astype(np.int64), bins - 1))


class _TieGroups:
    """Rows by rising value, equal ones together, so that their order never matters."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._order = np.argsort(values, kind="stable")
        ranked = np.asarray(values)[self._order]
        self._starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))

    def sum_groups(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum ``[draws, rows]`` over equal rows: ``[draws, values]``."""
        return np.asarray(np.add.reduceat(weights[:, self._order], self._starts, axis=1))


def _as_floats(*arrays: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    return tuple(array.astype(np.float64) for array in arrays)


def _ratio(part: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, total, out=np.full_like(part, np.nan), where=total > 0))
