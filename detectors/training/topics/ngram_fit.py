"""Fitting topics to a line's n-grams: one logistic regression a topic.

What the sentence encoder takes for a topic by its sense alone is often none; what also has the
words and endings of one mostly is.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]  # no stubs
from sklearn.linear_model import LogisticRegression

from detectors.text.sentence_pieces import split_words
from detectors.text.topic_model import NGRAM_BUCKETS, hash_topic_ngrams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

REGULARISATION = 10.0
"""`C` of scikit-learn: small lines, many n-grams."""

TOPICLESS_WEIGHT = 0.3
"""How much a line without a topic counts: there are many."""

NGRAM_SHARE = 1.5
"""What their logits are multiplied by, beside those of the encoder."""

TOLERANCE = 0.003
MAX_ROUNDS = 60
THREADS = 2


@dataclass(frozen=True, slots=True)
class NgramWeights:
    """What n-grams say about topics.

    Attributes:
        table: ``float32[NGRAM_BUCKETS, topics]``.
        bias: ``float32[topics]``.
    """

    table: NDArray[np.float32]
    bias: NDArray[np.float32]

    def predict(self, rows: sparse.csr_matrix) -> NDArray[np.float32]:
        """Logits of lines, ``float32[lines, topics]``."""
        return np.asarray(rows @ self.table + self.bias, dtype=np.float32)


def hash_rows(texts: Sequence[str]) -> sparse.csr_matrix:
    """The n-grams of lines, ``float32[lines, NGRAM_BUCKETS]``."""
    bags = [hash_topic_ngrams(split_words(text)) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in bags)])
    buckets = np.concatenate([buckets for buckets, _ in bags])
    weights = np.concatenate([weights for _, weights in bags])
    return sparse.csr_matrix((weights, buckets, ends), shape=(len(texts), NGRAM_BUCKETS))


def fit_ngrams(
    known: sparse.csr_matrix,
    truth: NDArray[np.float32],
    weights: NDArray[np.float32],
    topicless: sparse.csr_matrix,
    step: Callable[[], None],
) -> NgramWeights:
    """Fit all topics.

    Args:
        known: n-grams of lines with a topic, and of look-alikes.
        truth: their topics, ``float32[lines, topics]``, 0 or 1.
        weights: how much each counts, ``float32[lines, topics]``.
        topicless: n-grams of lines without a topic.
        step: called after each topic.
    """
    rows = sparse.vstack([known, topicless]).tocsr()
    others = topicless.shape[0]

    def fit(column: int) -> LogisticRegression:
        model = LogisticRegression(
            C=REGULARISATION, max_iter=MAX_ROUNDS, tol=TOLERANCE, solver="liblinear"
        )
        model.fit(
            rows,
            np.append(truth[:, column], np.zeros(others)),
            sample_weight=np.append(weights[:, column], np.full(others, TOPICLESS_WEIGHT)),
        )
        step()
        return model

    with ThreadPoolExecutor(THREADS) as pool:
        models = list(pool.map(fit, range(truth.shape[1])))
    return NgramWeights(
        NGRAM_SHARE * np.concatenate([model.coef_ for model in models]).T.astype(np.float32),
        NGRAM_SHARE * np.concatenate([model.intercept_ for model in models]).astype(np.float32),
    )
