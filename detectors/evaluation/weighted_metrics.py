"""The figures of `measures` and `calibration` over weighted rows, many weightings at once.

Each function takes what is judged and gives a `Figure`: weights ``[draws, rows]`` in, one value
for each draw out, NaN where it is undefined. With every weight 1 it is the plain figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import Figure

BINS = 10
COVERAGE = 0.8
"""Share of held-out items that is answered; the least certain fifth is not."""


def uar(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Figure:
    """Unweighted average recall over the labels of ``truth [rows, labels]``, 0-1.

    Undefined in a draw that lacks one of them.
    """
    present = truth.any(0)
    hits, all_ = _floats((truth & decided)[:, present], truth[:, present])
    return lambda weights: _ratio(weights @ hits, weights @ all_).mean(1)


def macro_f1(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Figure:
    """Mean F1 over the labels of ``truth [rows, labels]``, 0-1; undefined as `uar` is."""
    present = truth.any(0)
    truth, decided = truth[:, present], decided[:, present]
    hits, right, called = _floats(truth & decided, truth, decided)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        true = weights @ right
        f1 = _ratio(2 * (weights @ hits), true + weights @ called)
        return np.asarray(np.where(true > 0, f1, np.nan).mean(1))

    return figure


def accuracy(correct: NDArray[np.bool_]) -> Figure:
    """Share of right rows, 0-1. ``correct [rows]`` may hold shares (of a row's decisions)."""
    (right,) = _floats(correct)
    return lambda weights: _ratio(weights @ right, weights.sum(1))


def answered_accuracy(correct: NDArray[np.bool_], answered: NDArray[np.bool_]) -> Figure:
    """Share of right rows among those ``answered [rows]``, 0-1."""
    right, kept = _floats(correct, answered)
    return lambda weights: _ratio(weights @ (right * kept), weights @ kept)


def auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> Figure:
    """Area under the ROC curve, 0-1, of ``scores [rows]``; ties count half."""
    tied = _Tied(scores)
    (positive,) = _floats(truth)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        above = tied.summed(weights * positive)
        rest = tied.summed(weights * (1 - positive))
        below = np.cumsum(rest, axis=1) - rest / 2
        return _ratio((above * below).sum(1), above.sum(1) * rest.sum(1))

    return figure


def macro_auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> Figure:
    """Mean of `auc` over the labels that some and not all rows carry, 0-1."""
    mixed = np.flatnonzero(truth.any(0) & ~truth.all(0))
    parts = [auc(scores[:, label], truth[:, label]) for label in mixed]

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if not parts:
            return np.full(len(weights), np.nan)
        return np.asarray(np.mean([part(weights) for part in parts], axis=0))

    return figure


def calibration_error(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, bins: int = BINS
) -> Figure:
    """Expected calibration error, 0-1: see `calibration.expected_calibration_error`.

    Fewer different rows leave more noise in each bin, and noise only adds: in resamples ECE is
    larger, so its interval may lie above the figure.
    """
    tied = _Tied(confidence)
    (right,) = _floats(correct)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        count = tied.summed(weights)
        gap = tied.summed(weights * (confidence - right))
        place = binned(count, bins)
        sums = [np.where(place == number, gap, 0.0).sum(1) for number in range(bins)]
        return _ratio(np.abs(sums).sum(0), count.sum(1))

    return figure


def coverage_accuracy(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, coverage: float = COVERAGE
) -> Figure:
    """Share of right rows among the ``coverage`` most confident, 0-1.

    Rows as confident as the last one that fits share the room that is left.
    """
    tied = _Tied(-confidence)
    (right,) = _floats(correct)

    def figure(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        count = tied.summed(weights)
        before = np.cumsum(count, axis=1) - count
        room = np.clip(coverage * count.sum(1, keepdims=True) - before, 0, count)
        hits = tied.summed(weights * right) * room / np.maximum(count, 1e-12)
        return _ratio(hits.sum(1), room.sum(1))

    return figure


def coverage_gain(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], *, coverage: float = COVERAGE
) -> Figure:
    """By how much `coverage_accuracy` exceeds the accuracy of all rows, -1 to 1."""
    some = coverage_accuracy(confidence, correct, coverage=coverage)
    every = accuracy(correct)
    return lambda weights: some(weights) - every(weights)


def binned(counts: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Which of ``bins`` equally filled bins each value falls into, ``int64[draws, values]``.

    ``counts [draws, values]`` are the rows at each value, values in rising order. What is equal
    stays together: the middle of a value's rows decides for all of them.
    """
    middle = np.cumsum(counts, axis=1) - counts / 2
    place = middle / np.maximum(counts.sum(1, keepdims=True), 1e-12) * bins
    return np.asarray(np.minimum(place.astype(np.int64), bins - 1))


class _Tied:
    """Rows by rising value, equal ones together, so that their order never matters."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._order = np.argsort(values, kind="stable")
        ranked = np.asarray(values)[self._order]
        self._starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))

    def summed(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum ``[draws, rows]`` over equal rows: ``[draws, values]``."""
        return np.asarray(np.add.reduceat(weights[:, self._order], self._starts, axis=1))


def _floats(*arrays: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    return tuple(array.astype(np.float64) for array in arrays)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0))
