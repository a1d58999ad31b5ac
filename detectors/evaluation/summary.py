"""What is said of a set of judged items: figures, each with its interval by speaker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import bootstrap_interval, point_estimate
from detectors.evaluation.calibration import Bin, reliability_bins
from detectors.evaluation.metrics import ClassificationMetrics, compute_metrics, pick_best_label
from detectors.labels import Emotion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import Interval, WeightedMetric
    from detectors.evaluation.scored_item import ScoredItem

DECISION_THRESHOLD = 0.5
"""A taxonomy's own scores are scaled so that this decides."""

MIN_ITEMS_PER_BIN = 20
"""Items that a point of a reliability diagram stands for; of fewer it would be a coin's toss."""

COMMON_EMOTIONS = (Emotion.NEUTRAL, Emotion.JOY, Emotion.ANGER, Emotion.SADNESS)
"""The emotions that every acted corpus has."""

METRIC_NAMES = {
    "uar": "UAR",
    "uar_of_four": "UAR of 4",
    "macro_f1": "macro-F1",
    "macro_auc": "macro-AUC",
    "auc_anger": "AUC anger",
    "accuracy": "accuracy",
    "ece": "ECE",
    "answered_ratio": "answered",
    "answered_accuracy": "accuracy answered",
    "coverage_gain": "gain at 80%",
}
"""Every figure, as JSON and as tables call it."""


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """What is said of a set of judged items.

    Attributes:
        speakers: how many are known by name.
        values: by the names of `METRIC_NAMES`; NaN where undefined. ``accuracy`` is the share of
            right decisions among the labels that compete; where items carry several labels, each
            yes or no is a decision. ``ece`` and ``coverage_gain`` are of the reading as a call gets
            it: all labels compete.
        intervals: likewise.
        bins: of a reliability diagram; empty where confidence is not of these labels.
    """

    metrics: ClassificationMetrics
    speakers: int
    values: Mapping[str, float]
    intervals: Mapping[str, Interval]
    bins: Sequence[Bin]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file; what is undefined is null."""
        metrics = self.metrics
        bins = [
            {"low": b.low, "high": b.high, "confidence": b.confidence, "accuracy": b.accuracy,
             "items": b.items} for b in self.bins
        ]  # fmt: skip
        return {
            "items": metrics.items, "speakers": self.speakers,
            **{name: _finite_or_none(value) for name, value in self.values.items()},
            "intervals": {
                name: _interval_as_json(bounds) for name, bounds in self.intervals.items()
            },
            "labels": list(metrics.labels), "support": metrics.support, "recall": metrics.recall,
            "f1": metrics.f1, "auc": metrics.auc, "confusion": metrics.confusion,
            "reliability": bins,
        }  # fmt: skip


def summarise(
    items: Sequence[ScoredItem], labels: Sequence[str], *, multi_label: bool
) -> EvaluationSummary | None:
    """Measure the items that count and have a truth; ``None`` if there are none.

    With ``multi_label``, a score of `DECISION_THRESHOLD` decides; else the highest score does,
    among the labels that the manifest carries: a corpus of four emotions is a choice of four.
    """
    labelled = [item for item in items if item.truth and item.is_measured]
    if not labelled:
        return None
    scores = np.array([item.scores for item in labelled], dtype=np.float64)
    truth = np.array([[label in item.truth for label in labels] for item in labelled])
    predicted = (
        scores >= DECISION_THRESHOLD
        if multi_label
        else pick_best_label(scores, np.asarray(truth.any(0)))
    )
    weighted_metrics = _common_metrics(labelled, scores, truth, predicted, multi_label=multi_label)
    confidence = np.array([item.confidence for item in labelled])
    correct = np.asarray((truth & pick_best_label(scores, np.ones(len(labels), bool))).any(1))
    if not multi_label:
        weighted_metrics |= _calibration_metrics(confidence, correct) | _four_class_metrics(
            scores, truth, labels
        )
    units = [item.speaker.name for item in labelled]
    return EvaluationSummary(
        metrics=compute_metrics(scores, truth, predicted, labels),
        speakers=len({unit for unit in units if unit}),
        values={
            name: point_estimate(len(labelled), metric) for name, metric in weighted_metrics.items()
        },
        intervals={
            name: bootstrap_interval(units, metric) for name, metric in weighted_metrics.items()
        },
        bins=[]
        if multi_label
        else reliability_bins(confidence, correct, _bin_count(len(labelled))),
    )


def _common_metrics(
    labelled: Sequence[ScoredItem],
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    multi_label: bool,
) -> dict[str, WeightedMetric]:
    correct = np.asarray(
        (predicted == truth).mean(1) if multi_label else (predicted & truth).any(1)
    )
    answered = np.array([not item.abstained for item in labelled])
    return {
        "uar": weighted_metrics.uar(truth, predicted),
        "macro_f1": weighted_metrics.macro_f1(truth, predicted),
        "macro_auc": weighted_metrics.macro_auc(scores, truth),
        "accuracy": weighted_metrics.accuracy(correct),
        "answered_ratio": weighted_metrics.accuracy(answered),
        "answered_accuracy": weighted_metrics.answered_accuracy(correct, answered),
    }


def _bin_count(items: int) -> int:
    return min(weighted_metrics.BINS, max(1, items // MIN_ITEMS_PER_BIN))


def _calibration_metrics(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> dict[str, WeightedMetric]:
    return {
        "ece": weighted_metrics.calibration_error(confidence, correct),
        "coverage_gain": weighted_metrics.coverage_gain(confidence, correct),
    }


def _four_class_metrics(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], labels: Sequence[str]
) -> dict[str, WeightedMetric]:
    """What can be compared between corpora, whatever else they carry."""
    metrics: dict[str, WeightedMetric] = {}
    common_mask = np.array([label in COMMON_EMOTIONS for label in labels])
    if truth[:, common_mask].any(0).all():
        metrics["uar_of_four"] = weighted_metrics.uar(
            truth & common_mask, pick_best_label(scores, common_mask)
        )
    anger = list(labels).index(Emotion.ANGER)
    if 0 < truth[:, anger].sum() < len(truth):
        metrics["auc_anger"] = weighted_metrics.auc(scores[:, anger], truth[:, anger])
    return metrics


def _finite_or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval_as_json(bounds: Interval) -> dict[str, float] | None:
    if not bounds.is_defined:
        return None
    return {"low": bounds.low, "high": bounds.high, "skipped_ratio": bounds.skipped_ratio}
