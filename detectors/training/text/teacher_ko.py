"""The teacher of the Korean text model: kernel ridge regression over four views of a line.

Too slow to be served (it compares a line with all that it learnt from), good with few rows: it
labels many unlabelled lines, and the small model that is served learns from those. The views:
hashed n-grams; morphemes, where similar ones count as partly the same (Kiwi's embeddings);
their mean meaning; and how reviews with the same n-grams are rated (NSMC).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]  # no stubs
from scipy.sparse.linalg import lsqr  # type: ignore[import-untyped,unused-ignore]  # none

from detectors.text.ngrams import hash_ngrams
from detectors.training.text.morphemes import embed_morphemes
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.text.morphemes import Morphemes

BUCKETS = 1 << 18
RIDGE = 1.5
"""Chosen on out-of-fold rows of KOTE's training part among 0.3 to 5."""
CORRELATION_RIDGE = 1_000.0
RATING_GAMMA = 0.1
RATING_SHARE = 0.25
FOLDS = 5
RATING_CUTS = (1.5, 3.5, 5.5, 6.5, 9.5)
"""Where reviews are cut in two to learn how such words are rated."""
DAMPING = 1.4
"""Of the ratings' least squares; its square is a ridge of 2."""
BATCH_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class LineViews:
    """What the teacher sees of lines; rows are lines.

    Attributes:
        grams: hashed n-grams by rarity, of length 1, ``[n, BUCKETS]`` sparse.
        morphemes: morphemes by rarity, ``[n, m]`` sparse, scaled so that a line is as similar to
            itself as 1.
        meaning: their mean meaning, ``float32[n, 256]``, of length 1.
        rating: how reviews of such words are rated, standardised, ``float32[n, 5]``.
    """

    grams: sparse.csr_array
    morphemes: sparse.csr_array
    meaning: NDArray[np.float32]
    rating: NDArray[np.float32]

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> LineViews:
        """Give some of the lines."""
        return LineViews(
            self.grams[rows], self.morphemes[rows], self.meaning[rows], self.rating[rows]
        )


@dataclass(frozen=True, slots=True)
class LineFeatures:
    """Views of lines, and the meanings of the morphemes in them (``float32[m, 256]``)."""

    views: LineViews
    embeddings: NDArray[np.float32]


def build_line_features(
    texts: Sequence[str],
    line_morphemes: Morphemes,
    *,
    review_rows: NDArray[np.int64],
    ratings: NDArray[np.int64],
    step: Callable[[], None],
) -> LineFeatures:
    """See lines from all sides; those at ``review_rows`` are reviews with ``ratings`` of 1-10."""
    grams = _weigh_by_rarity(_count_ngrams(texts, step))
    grams = sparse.csr_array(grams.multiply(1 / _row_norms(grams)[:, None]))
    morpheme_ids, ranks = _rank_morphemes(line_morphemes)
    morpheme_rows = _weigh_by_rarity(_build_rows(ranks, line_morphemes.starts, morpheme_ids.size))
    embeddings = embed_morphemes(morpheme_ids)
    mean_embedding = np.asarray(morpheme_rows @ embeddings, dtype=np.float32)
    mean_embedding /= np.maximum(np.linalg.norm(mean_embedding, axis=1, keepdims=True), 1e-6)
    morpheme_rows = sparse.csr_array(
        morpheme_rows.multiply(1 / _self_similarity(morpheme_rows, embeddings)[:, None])
    )
    return LineFeatures(
        LineViews(
            grams, morpheme_rows, mean_embedding, _predict_ratings(grams, review_rows, ratings)
        ),
        embeddings,
    )


def score_out_of_fold(
    line_features: LineFeatures, rows: NDArray[np.int64], truth: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Score labelled lines with teachers that did not learn from them, ``float32[n, labels]``."""
    views = line_features.views[rows]
    kernel = _kernel(views, views, _spread_to_similar(views, line_features.embeddings))
    scores = np.zeros(truth.shape, dtype=np.float32)
    fold = np.arange(len(rows)) % FOLDS
    for held_fold in range(FOLDS):
        train_rows = np.flatnonzero(fold != held_fold)
        coefficients, label_means = _solve_ridge(
            kernel[np.ix_(train_rows, train_rows)], truth[train_rows]
        )
        scores[fold == held_fold] = (
            kernel[np.ix_(fold == held_fold, train_rows)] @ coefficients + label_means
        )
    return scores


def fit_and_score(
    line_features: LineFeatures,
    rows: NDArray[np.int64],
    truth: NDArray[np.bool_],
    *,
    query_rows: NDArray[np.int64],
    step: Callable[[], None],
) -> NDArray[np.float32]:
    """Learn from labelled ``rows`` and score ``query_rows``, ``float32[query_rows, labels]``."""
    train_views = line_features.views[rows]
    spread = _spread_to_similar(train_views, line_features.embeddings)
    coefficients, label_means = _solve_ridge(_kernel(train_views, train_views, spread), truth)
    scores = []
    for start in range(0, len(query_rows), BATCH_SIZE):
        queries = line_features.views[query_rows[start : start + BATCH_SIZE]]
        scores.append(_kernel(queries, train_views, spread) @ coefficients + label_means)
        step()
    return np.concatenate(scores).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LabelCorrelation:
    """How labels speak for each other: anger and complaint seldom come alone.

    Attributes:
        usual, spread: of each label's scores, ``float32[labels]``.
        matrix: from the standardised scores to better ones, ``float32[labels, labels]``.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def __call__(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Correct ``scores [n, labels]``."""
        return np.asarray((scores - self.mean) / self.deviation @ self.matrix, dtype=np.float32)


def fit_label_correlation(
    scores: NDArray[np.float32], truth: NDArray[np.bool_]
) -> LabelCorrelation:
    """Fit, by ridge regression on out-of-fold scores, what each label says about the others."""
    mean, deviation = scores.mean(0), scores.std(0)
    inputs = ((scores - mean) / deviation).astype(np.float64)
    labels = truth.shape[1]
    regularised = inputs.T @ inputs + CORRELATION_RIDGE * np.eye(labels)
    coefficients = np.linalg.solve(regularised, inputs.T @ (truth - truth.mean(0)))
    coefficients /= np.maximum((inputs @ coefficients).std(0), 1e-6)
    return LabelCorrelation(
        mean, deviation, ((coefficients + np.eye(labels)) / 2).astype(np.float32)
    )


def correct_out_of_fold(
    scores: NDArray[np.float32], truth: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Correct every row's scores by label correlations fitted on the other folds' rows."""
    corrected = np.zeros_like(scores)
    fold = np.arange(len(scores)) % FOLDS
    for held_fold in range(FOLDS):
        is_train = fold != held_fold
        corrected[~is_train] = fit_label_correlation(scores[is_train], truth[is_train])(
            scores[~is_train]
        )
    return corrected


def _kernel(
    queries: LineViews, references: LineViews, spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    """How alike lines are, ``float32[some, others]``: the kernel, a mean of products of views."""
    ngram_kernel = (queries.grams @ references.grams.T).toarray()
    spelling_kernel = (ngram_kernel + queries.morphemes @ spread) / 2
    rating_kernel = _rbf_kernel(RATING_GAMMA, queries.rating, references.rating)
    meaning_kernel = _rbf_kernel(
        1.0,
        np.hstack([queries.meaning, RATING_SHARE * queries.rating]),
        np.hstack([references.meaning, RATING_SHARE * references.rating]),
    )
    return np.asarray(
        (
            4 * spelling_kernel
            + 2 * spelling_kernel * rating_kernel
            + rating_kernel
            + 2 * meaning_kernel
        )
        / 9,
        dtype=np.float32,
    )


def _spread_to_similar(views: LineViews, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let the morphemes of lines count for similar ones too, ``float32[morphemes, lines]``."""
    used = np.unique(views.morphemes.indices)
    words = views.morphemes[:, used]
    spread = np.zeros((len(embeddings), words.shape[0]), dtype=np.float32)
    for start in range(0, len(embeddings), BATCH_SIZE):
        similarities = (
            np.maximum(embeddings[used] @ embeddings[start : start + BATCH_SIZE].T, 0) ** 2
        )
        spread[start : start + BATCH_SIZE] = (words @ similarities).T
    # What Kiwi does not know is like itself alone.
    unknown = ~embeddings[used].any(1)
    spread[used[unknown]] = words[:, unknown].toarray().T
    return spread


def _solve_ridge(
    kernel: NDArray[np.float32], truth: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    label_means = truth.mean(0, dtype=np.float32)
    regularised = kernel + RIDGE * np.eye(len(kernel), dtype=np.float32)
    return np.linalg.solve(regularised, truth - label_means).astype(np.float32), label_means


def _rbf_kernel(
    gamma: float, queries: NDArray[np.float32], references: NDArray[np.float32]
) -> NDArray[np.float32]:
    squares = (
        (queries**2).sum(1)[:, None] + (references**2).sum(1)[None] - 2 * queries @ references.T
    )
    return np.asarray(np.exp(-gamma * np.maximum(squares, 0)), dtype=np.float32)


def _count_ngrams(texts: Sequence[str], step: Callable[[], None]) -> sparse.csr_array:
    columns, starts = [], [0]
    for text in texts:
        columns.append((hash_ngrams(text, Language.KOREAN) % np.uint64(BUCKETS)).astype(np.int32))
        starts.append(starts[-1] + columns[-1].size)
        step()
    return _build_rows(np.concatenate(columns), np.array(starts), BUCKETS)


def _build_rows(
    columns: NDArray[np.int32], starts: NDArray[np.int64], width: int
) -> sparse.csr_array:
    ones = np.ones(columns.size, dtype=np.float32)
    rows = sparse.csr_array((ones, columns, starts), shape=(len(starts) - 1, width))
    rows.sum_duplicates()
    return rows


def _weigh_by_rarity(rows: sparse.csr_array) -> sparse.csr_array:
    """Weigh counts by 1 + log, and by how few lines have such a thing."""
    lines = np.bincount(rows.indices, minlength=rows.shape[1])
    rarity = np.log(rows.shape[0] / np.maximum(lines, 1)).astype(np.float32)
    rows.data = (1 + np.log(rows.data)) * rarity[rows.indices]
    return rows


def _row_norms(rows: sparse.csr_array) -> NDArray[np.float32]:
    squares = np.asarray(rows.multiply(rows).sum(1))
    return np.asarray(np.maximum(np.sqrt(squares), 1e-6), dtype=np.float32)


def _rank_morphemes(line_morphemes: Morphemes) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Give the morphemes, most frequent first, and every occurrence by its place there."""
    ids, inverse, counts = np.unique(line_morphemes.ids, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(order.size, dtype=np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return ids[order], rank[inverse]


def _self_similarity(words: sparse.csr_array, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.ones(words.shape[0], dtype=np.float32)
    for row in range(words.shape[0]):
        entries = slice(words.indptr[row], words.indptr[row + 1])
        line_vectors, weights = vectors[words.indices[entries]], words.data[entries]
        similarities = np.maximum(line_vectors @ line_vectors.T, 0) ** 2
        np.fill_diagonal(similarities, 1)
        norms[row] = np.sqrt(max(float(weights @ similarities @ weights), 1e-6))
    return norms


def _predict_ratings(
    grams: sparse.csr_array, review_rows: NDArray[np.int64], ratings: NDArray[np.int64]
) -> NDArray[np.float32]:
    review_grams = grams[review_rows]
    columns = []
    for cut in RATING_CUTS:
        above = (ratings > cut).astype(np.float32)
        weights = lsqr(review_grams, above - above.mean(), damp=DAMPING, iter_lim=30)[0]
        columns.append(grams @ weights.astype(np.float32))
    scores = np.stack(columns, axis=1)
    return np.asarray((scores - scores.mean(0)) / scores.std(0), dtype=np.float32)
