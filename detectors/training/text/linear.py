"""A plain linear model of English n-grams, beside the small network: rare labels hang on words.

The network is taught by least squares on its teachers' logits, which suits AUC; a label that forty
rows carry is called better by a logistic regression on its few telling words. Both logits are
mixed. The plain baseline (docs/model-cards/baselines.md) showed that this was missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]  # no stubs
from sklearn.linear_model import LogisticRegression

from detectors.text.ngrams import BUCKETS, OFFSETS
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.text.examples import Grams, LabelledLines

INVERSE_PENALTY = 4.0
"""Inverse of the regression's penalty, as the baseline settled on it (C)."""
ROW_SCALE = 0.14
"""Brings a line's weighted n-grams to about unit length, which the penalty is meant for."""
LINEAR_SHARE = 0.7
"""Of the linear model in the mixed logits."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights of n-grams for each label.

    Attributes:
        matrix: ``float32[buckets of English, labels]``, taken times a line's n-gram weights.
        bias: ``float32[labels]``.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


def fit_linear_model(
    lines: LabelledLines, begin: Callable[[int], Callable[[], None]]
) -> LinearModel:
    """Fit one regression a label on English lines; rare n-grams count for more (idf)."""
    rows = _build_sparse_rows(lines.grams)
    document_counts = np.asarray((rows > 0).sum(0)).ravel()
    idf = (np.log((1 + len(lines.grams)) / (1 + document_counts)) + 1) * ROW_SCALE
    scaled = rows.multiply(idf).tocsr()
    step = begin(lines.truth.shape[1])
    columns, biases = [], []
    for label in lines.truth.T:
        regression = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", random_state=0)
        regression.fit(scaled, label)
        columns.append(regression.coef_[0] * idf)
        biases.append(regression.intercept_[0])
        step()
    return LinearModel(
        np.stack(columns, axis=1).astype(np.float32), np.array(biases, dtype=np.float32)
    )


def _build_sparse_rows(grams: Sequence[Grams]) -> sparse.csr_matrix:
    offset, size = OFFSETS[Language.ENGLISH], BUCKETS[Language.ENGLISH]
    starts = np.cumsum([0, *(buckets.size for buckets, _ in grams)])
    columns = np.concatenate([buckets for buckets, _ in grams]) - offset
    weights = np.concatenate([weights for _, weights in grams])
    return sparse.csr_matrix((weights, columns, starts), shape=(len(grams), size))
