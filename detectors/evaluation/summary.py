"""What is said of a set of judged items: figures, each with its interval by speaker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import interval, point
from detectors.evaluation.calibration import Bin, reliability
from detectors.evaluation.metrics import Measured, best_of, measured
from detectors.labels import Emotion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import Figure, Interval
    from detectors.evaluation.scored_item import Judged

DECISIVE = 0.5
"""A taxonomy's own scores are scaled so that this decides."""

FEWEST_IN_BAR = 20
"""Items that a point of a reliability diagram stands for; of fewer it would be a coin's toss."""

FOUR = (Emotion.NEUTRAL, Emotion.JOY, Emotion.ANGER, Emotion.SADNESS)
"""The emotions that every acted corpus has."""

NAMES = {
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
class Figures:
    """What is said of a set of judged items.

    Attributes:
        speakers: how many are known by name.
        values: by the names of `NAMES`; NaN where undefined. ``accuracy`` is the share of right
            decisions among the labels that compete; where items carry several labels, each yes
            or no is a decision. ``ece`` and ``coverage_gain`` are of the reading as a call gets
            it: all labels compete.
        intervals: likewise.
        bins: of a reliability diagram; empty where confidence is not of these labels.
    """

    measured: Measured
    speakers: int
    values: Mapping[str, float]
    intervals: Mapping[str, Interval]
    bins: Sequence[Bin]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file; what is undefined is null."""
        found = self.measured
        bins = [
            {"low": b.low, "high": b.high, "confidence": b.confidence, "accuracy": b.accuracy,
             "items": b.items} for b in self.bins
        ]  # fmt: skip
        return {
            "items": found.items, "speakers": self.speakers,
            **{name: _finite(value) for name, value in self.values.items()},
            "intervals": {name: _pair(each) for name, each in self.intervals.items()},
            "labels": list(found.labels), "support": found.support, "recall": found.recall,
            "f1": found.f1, "auc": found.auc, "confusion": found.confusion, "reliability": bins,
        }  # fmt: skip


def figures(judged: Sequence[Judged], labels: Sequence[str], *, several: bool) -> Figures | None:
    """Measure the items that count and have a truth; ``None`` if there are none.

    With ``several`` labels an item, a score of `DECISIVE` decides. Else the highest score does,
    among the labels that the manifest carries: a corpus of four emotions is a choice of four.
    """
    known = [item for item in judged if item.truth and item.counted]
    if not known:
        return None
    scores = np.array([item.scores for item in known], dtype=np.float64)
    truth = np.array([[label in item.truth for label in labels] for item in known])
    decided = scores >= DECISIVE if several else best_of(scores, np.asarray(truth.any(0)))
    asked = _common(known, scores, truth, decided, several=several)
    confidence = np.array([item.confidence for item in known])
    correct = np.asarray((truth & best_of(scores, np.ones(len(labels), bool))).any(1))
    if not several:
        asked |= _confidence(confidence, correct) | _of_four(scores, truth, labels)
    units = [item.voice.speaker for item in known]
    return Figures(
        measured=measured(scores, truth, decided, labels),
        speakers=len({unit for unit in units if unit}),
        values={name: point(len(known), figure) for name, figure in asked.items()},
        intervals={name: interval(units, figure) for name, figure in asked.items()},
        bins=[] if several else reliability(confidence, correct, _bars(len(known))),
    )


def _common(
    known: Sequence[Judged],
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    decided: NDArray[np.bool_],
    *,
    several: bool,
) -> dict[str, Figure]:
    right = np.asarray((decided == truth).mean(1) if several else (decided & truth).any(1))
    answered = np.array([not item.abstained for item in known])
    return {
        "uar": weighted_metrics.uar(truth, decided),
        "macro_f1": weighted_metrics.macro_f1(truth, decided),
        "macro_auc": weighted_metrics.macro_auc(scores, truth),
        "accuracy": weighted_metrics.accuracy(right),
        "answered_ratio": weighted_metrics.accuracy(answered),
        "answered_accuracy": weighted_metrics.answered_accuracy(right, answered),
    }


def _bars(items: int) -> int:
    return min(weighted_metrics.BINS, max(1, items // FEWEST_IN_BAR))


def _confidence(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> dict[str, Figure]:
    return {
        "ece": weighted_metrics.calibration_error(confidence, correct),
        "coverage_gain": weighted_metrics.coverage_gain(confidence, correct),
    }


def _of_four(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], labels: Sequence[str]
) -> dict[str, Figure]:
    """What can be compared between corpora, whatever else they carry."""
    found: dict[str, Figure] = {}
    four = np.array([label in FOUR for label in labels])
    if truth[:, four].any(0).all():
        found["uar_of_four"] = weighted_metrics.uar(truth & four, best_of(scores, four))
    anger = list(labels).index(Emotion.ANGER)
    if 0 < truth[:, anger].sum() < len(truth):
        found["auc_anger"] = weighted_metrics.auc(scores[:, anger], truth[:, anger])
    return found


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value


def _pair(found: Interval) -> dict[str, float] | None:
    if not found.known:
        return None
    return {"low": found.low, "high": found.high, "skipped_ratio": found.skipped_ratio}
