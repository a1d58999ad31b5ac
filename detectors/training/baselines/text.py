"""TF-IDF and logistic regression on our text splits: what the words alone give away."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union

from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import bootstrap_interval, point_estimate
from detectors.evaluation.calibration import find_best_threshold
from detectors.evaluation.model_card import MarkdownTable, format_ratio_with_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import WeightedMetric
    from detectors.training.text.examples import LabelledLines

STRENGTHS = (1.0, 3.0, 10.0)
"""C of the regression: the higher, the less it is held back."""
INNER_FOLDS = 3
STEPS = len(STRENGTHS) + INNER_FOLDS
"""How often a row reports progress: once for each fit."""
HEADER = ("rows", "count", "labels", "macro-AUC", "macro-F1", "accuracy")


def build_model(strength: float) -> Any:
    """Letters within words (1-4) and words (1-2), one regression for each label."""
    options = {"min_df": 2, "sublinear_tf": True, "dtype": np.float32}
    grams = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), **options),
        TfidfVectorizer(analyzer=tokenise, **options),
    )
    regression = LogisticRegression(C=strength, solver="liblinear", random_state=0)
    return make_pipeline(grams, OneVsRestClassifier(regression))


def tokenise(text: str) -> list[str]:
    """Words and word pairs, as they are between spaces."""
    single = text.lower().split()
    return [*single, *map(" ".join, itertools.pairwise(single))]


def build_row(
    name: str, train: Sequence[LabelledLines], test: LabelledLines, step: Callable[[], None]
) -> tuple[str, ...]:
    """Fit on the lines of ``train``, measure those of ``test``: a row under `HEADER`.

    Strength and thresholds are settled on fitting rows, by twins that were not fitted on them.
    With a single label (polarity) the row has an accuracy, with more a macro-F1.
    """
    texts = [text for lines in train for text in lines.texts]
    truth = np.concatenate([lines.truth for lines in train])
    strength, thresholds = _tune(texts, truth, step)
    logits = _fit_and_score(strength, texts, truth, test.texts)
    step()
    predicted = np.asarray(logits >= thresholds)
    auc, f1, accuracy = _format_cells(
        [
            weighted_metrics.macro_auc(logits, test.truth),
            weighted_metrics.macro_f1(test.truth, predicted),
            weighted_metrics.accuracy(np.asarray((predicted == test.truth).mean(1))),
        ],
        rows=len(logits),
    )
    labels = int(test.truth.any(0).sum())
    decision_cells = ("-", accuracy) if labels == 1 else (f1, "-")
    return name, str(len(logits)), str(labels), auc, *decision_cells


def _tune(
    texts: Sequence[str], truth: NDArray[np.bool_], step: Callable[[], None]
) -> tuple[float, NDArray[np.float64]]:
    """The strength of best macro-AUC on the first fold, and each label's threshold of best F1."""
    folds = list(KFold(INNER_FOLDS, shuffle=True, random_state=0).split(truth))

    def score_fold(strength: float, fold: int) -> NDArray[np.float64]:
        train, other = folds[fold]
        fitted, measured = [texts[i] for i in train], [texts[i] for i in other]
        logits = _fit_and_score(strength, fitted, truth[train], measured)
        step()
        return logits

    logits_by_strength = {strength: score_fold(strength, 0) for strength in STRENGTHS}
    best = max(
        STRENGTHS, key=lambda strength: _macro_auc(logits_by_strength[strength], truth[folds[0][1]])
    )
    logits = np.zeros(truth.shape)
    logits[folds[0][1]] = logits_by_strength[best]
    for fold in range(1, INNER_FOLDS):
        logits[folds[fold][1]] = score_fold(best, fold)
    return best, _best_thresholds(logits, truth)


def _macro_auc(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    return point_estimate(len(truth), weighted_metrics.macro_auc(logits, truth))


def _best_thresholds(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Thresholds ``[labels]`` of best F1; of a single label that is as often so as not: 0."""
    labels = truth.shape[1]
    if labels == 1:
        return np.zeros(1)
    columns = (logits[:, label].astype(np.float32) for label in range(labels))
    return np.array([find_best_threshold(column, truth[:, k]) for k, column in enumerate(columns)])


def _fit_and_score(
    strength: float, texts: Sequence[str], truth: NDArray[np.bool_], test_texts: Sequence[str]
) -> NDArray[np.float64]:
    classifier = build_model(strength).fit(texts, truth)
    return np.asarray(classifier.decision_function(test_texts), dtype=np.float64).reshape(
        len(test_texts), -1
    )


def _format_cells(figures: Sequence[WeightedMetric], *, rows: int) -> list[str]:
    return [
        format_ratio_with_interval(
            point_estimate(rows, figure), bootstrap_interval([None] * rows, figure)
        )
        for figure in figures
    ]


def build_table(rows: Sequence[tuple[str, ...]]) -> MarkdownTable:
    """Put rows together."""
    return MarkdownTable(HEADER, rows)
