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

from detectors.training import weighted
from detectors.training.bootstrap import interval, point
from detectors.training.calibration import best_threshold
from detectors.training.cards import Table, ratio_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.bootstrap import Figure
    from detectors.training.text_examples import Lines

STRENGTHS = (1.0, 3.0, 10.0)
"""C of the regression: the higher, the less it is held back."""
INNER_FOLDS = 3
STEPS = len(STRENGTHS) + INNER_FOLDS
"""How often a row reports progress: once for each fit."""
HEADER = ("rows", "count", "labels", "macro-AUC", "macro-F1", "accuracy")


def model(strength: float) -> Any:
    """Letters within words (1-4) and words (1-2), one regression for each label."""
    rare = {"min_df": 2, "sublinear_tf": True, "dtype": np.float32}
    grams = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), **rare),
        TfidfVectorizer(analyzer=words, **rare),
    )
    regression = LogisticRegression(C=strength, solver="liblinear", random_state=0)
    return make_pipeline(grams, OneVsRestClassifier(regression))


def words(text: str) -> list[str]:
    """Words and word pairs, as they are between spaces."""
    single = text.lower().split()
    return [*single, *map(" ".join, itertools.pairwise(single))]


def row(
    name: str, fitted: Sequence[Lines], test: Lines, step: Callable[[], None]
) -> tuple[str, ...]:
    """Fit on the lines of ``fitted``, measure those of ``test``: a row under `HEADER`.

    Strength and thresholds are settled on fitting rows, by twins that were not fitted on them.
    With a single label (polarity) the row has an accuracy, with more a macro-F1.
    """
    texts = [text for lines in fitted for text in lines.texts]
    truth = np.concatenate([lines.truth for lines in fitted])
    strength, limits = _settled(texts, truth, step)
    logits = _logits(strength, texts, truth, test.texts)
    step()
    called = np.asarray(logits >= limits)
    area, f1, right = _cells(
        [
            weighted.macro_auc(logits, test.truth),
            weighted.macro_f1(test.truth, called),
            weighted.accuracy(np.asarray((called == test.truth).mean(1))),
        ],
        rows=len(logits),
    )
    labels = int(test.truth.any(0).sum())
    decided = ("-", right) if labels == 1 else (f1, "-")
    return name, str(len(logits)), str(labels), area, *decided


def _settled(
    texts: Sequence[str], truth: NDArray[np.bool_], step: Callable[[], None]
) -> tuple[float, NDArray[np.float64]]:
    """The strength of best macro-AUC on the first fold, and each label's threshold of best F1."""
    folds = list(KFold(INNER_FOLDS, shuffle=True, random_state=0).split(truth))
    outs = {}
    for strength in STRENGTHS:
        outs[strength] = _held(strength, texts, truth, *folds[0])
        step()
    held = truth[folds[0][1]]
    best = max(STRENGTHS, key=lambda each: point(len(held), weighted.macro_auc(outs[each], held)))
    logits = np.zeros(truth.shape)
    logits[folds[0][1]] = outs[best]
    for train, other in folds[1:]:
        logits[other] = _held(best, texts, truth, train, other)
        step()
    if truth.shape[1] == 1:
        return best, np.zeros(1)
    limits = [
        best_threshold(logits[:, label].astype(np.float32), truth[:, label])
        for label in range(truth.shape[1])
    ]
    return best, np.array(limits)


def _held(
    strength: float,
    texts: Sequence[str],
    truth: NDArray[np.bool_],
    train: NDArray[np.int64],
    held: NDArray[np.int64],
) -> NDArray[np.float64]:
    fitted, measured = [texts[i] for i in train], [texts[i] for i in held]
    return _logits(strength, fitted, truth[train], measured)


def _logits(
    strength: float, texts: Sequence[str], truth: NDArray[np.bool_], measured: Sequence[str]
) -> NDArray[np.float64]:
    fitted = model(strength).fit(texts, truth)
    return np.asarray(fitted.decision_function(measured), dtype=np.float64).reshape(
        len(measured), -1
    )


def _cells(figures: Sequence[Figure], *, rows: int) -> list[str]:
    return [
        ratio_within(point(rows, figure), interval([None] * rows, figure)) for figure in figures
    ]


def table(rows: Sequence[tuple[str, ...]]) -> Table:
    """Put rows together."""
    return Table(HEADER, rows)
