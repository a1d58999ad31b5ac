"""How good are scores? Recall, UAR, F1, AUC, confusion. Pure numpy; no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClassificationMetrics:
    """Figures over the labels that occur in a truth.

    Attributes:
        items: how many had a label.
        recall: per label, 0-1.
        f1: per label, 0-1.
        auc: per label, of one against the rest, 0-1; lacks labels that all or none carry.
        support: per label, how many items carry it.
        confusion: ``[true][decided]`` counts of the items with one label; empty where several
            may be decided at once.
    """

    items: int
    labels: tuple[str, ...]
    recall: dict[str, float]
    f1: dict[str, float]
    auc: dict[str, float]
    support: dict[str, int]
    confusion: list[list[int]]

    @property
    def uar(self) -> float:
        """Unweighted average recall."""
        return _mean(self.recall)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over labels."""
        return _mean(self.f1)

    @property
    def macro_auc(self) -> float:
        """Mean AUC over labels."""
        return _mean(self.auc)


def _mean(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values()))) if values else float("nan")


def compute_metrics(
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    labels: Sequence[str],
) -> ClassificationMetrics:
    """Compare predictions with the truth. Labels that no item has are left out.

    Args:
        scores: ``float64[items, labels]``, 0-1, for the AUC.
        truth: ``bool[items, labels]``.
        predicted: ``bool[items, labels]``, the decisions.
        labels: names of the columns.
    """
    present = [k for k in range(len(labels)) if truth[:, k].any()]
    names = tuple(labels[k] for k in present)
    scores, truth, predicted = scores[:, present], truth[:, present], predicted[:, present]
    hits = (truth & predicted).sum(0)
    f1 = 2 * hits / np.maximum(truth.sum(0) + predicted.sum(0), 1)
    recall = hits / truth.sum(0)
    aucs = {name: roc_auc(scores[:, k], truth[:, k]) for k, name in enumerate(names)}
    return ClassificationMetrics(
        items=len(truth),
        labels=names,
        recall=dict(zip(names, recall.tolist(), strict=True)),
        f1=dict(zip(names, f1.tolist(), strict=True)),
        auc={name: value for name, value in aucs.items() if value is not None},
        support=dict(zip(names, truth.sum(0).tolist(), strict=True)),
        confusion=_confusion_matrix(truth, predicted),
    )


def pick_best_label(
    scores: NDArray[np.float64], candidates: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Decide for the highest score of each row.

    Args:
        scores: ``float64[rows, labels]``.
        candidates: which labels compete, ``bool[labels]``.

    Returns:
        ``bool[rows, labels]``, one true value per row.
    """
    masked = np.where(candidates, scores, -np.inf)
    predicted = np.zeros(scores.shape, dtype=bool)
    predicted[np.arange(len(scores)), masked.argmax(1)] = True
    return predicted


def roc_auc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve by ranks, ties counting half; ``None`` with one class only."""
    positives = int(truth.sum())
    negatives = truth.size - positives
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u_statistic = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(u_statistic / (positives * negatives))


def _confusion_matrix(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> list[list[int]]:
    single_label = truth.sum(1) == 1
    if not single_label.any() or (predicted.sum(1) > 1).any():
        return []
    table = truth[single_label].astype(int).T @ predicted[single_label].astype(int)
    return [[int(count) for count in row] for row in table]
