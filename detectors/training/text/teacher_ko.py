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

from detectors.text.ngrams import hashes
from detectors.training.text.morphemes import meanings
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.text.morphemes import Morphemes

BUCKETS = 1 << 18
RIDGE = 1.5
"""Chosen on out-of-fold rows of KOTE's training part among 0.3 to 5."""
TOGETHER_RIDGE = 1_000.0
NEAR_RATING = 0.1
RATING_SHARE = 0.25
FOLDS = 5
RATED_ABOVE = (1.5, 3.5, 5.5, 6.5, 9.5)
"""Where reviews are cut in two to learn how such words are rated."""
DAMPING = 1.4
"""Of the ratings' least squares; its square is a ridge of 2."""
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Views:
    """What the teacher sees of lines; rows are lines.

    Attributes:
        grams: hashed n-grams by rarity, of length 1, ``[n, BUCKETS]`` sparse.
        words: morphemes by rarity, ``[n, m]`` sparse, scaled so that a line is as similar to
            itself as 1.
        meant: their mean meaning, ``float32[n, 256]``, of length 1.
        rated: how reviews of such words are rated, standardised, ``float32[n, 5]``.
    """

    grams: sparse.csr_array
    words: sparse.csr_array
    meant: NDArray[np.float32]
    rated: NDArray[np.float32]

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> Views:
        """Give some of the lines."""
        return Views(self.grams[rows], self.words[rows], self.meant[rows], self.rated[rows])


@dataclass(frozen=True, slots=True)
class Looked:
    """Views of lines, and the meanings of the morphemes in them (``float32[m, 256]``)."""

    views: Views
    meanings: NDArray[np.float32]


def looked_at(
    texts: Sequence[str],
    parts: Morphemes,
    *,
    rated: NDArray[np.int64],
    ratings: NDArray[np.int64],
    step: Callable[[], None],
) -> Looked:
    """See lines from all sides; those at ``rated`` are reviews with ``ratings`` of 1-10."""
    grams = _rare(_counted(texts, step))
    grams = sparse.csr_array(grams.multiply(1 / _lengths(grams)[:, None]))
    order, numbers = _numbered(parts)
    words = _rare(_rows(numbers, parts.starts, order.size))
    vectors = meanings(order)
    mean = np.asarray(words @ vectors, dtype=np.float32)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-6)
    words = sparse.csr_array(words.multiply(1 / _self_similarity(words, vectors)[:, None]))
    return Looked(Views(grams, words, mean, _ratings(grams, rated, ratings)), vectors)


def out_of_fold(
    looked: Looked, rows: NDArray[np.int64], truth: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Score labelled lines with teachers that did not learn from them, ``float32[n, labels]``."""
    own = looked.views[rows]
    alike = _similarity(own, own, _spread(own, looked.meanings))
    scores = np.zeros(truth.shape, dtype=np.float32)
    fold = np.arange(len(rows)) % FOLDS
    for held in range(FOLDS):
        learnt = np.flatnonzero(fold != held)
        answer, usual = _answer(alike[np.ix_(learnt, learnt)], truth[learnt])
        scores[fold == held] = alike[np.ix_(fold == held, learnt)] @ answer + usual
    return scores


def taught(
    looked: Looked,
    rows: NDArray[np.int64],
    truth: NDArray[np.bool_],
    *,
    asked: NDArray[np.int64],
    step: Callable[[], None],
) -> NDArray[np.float32]:
    """Learn from labelled ``rows`` and score the lines ``asked``, ``float32[asked, labels]``."""
    own = looked.views[rows]
    spread = _spread(own, looked.meanings)
    answer, usual = _answer(_similarity(own, own, spread), truth)
    scores = []
    for first in range(0, len(asked), AT_ONCE):
        some = looked.views[asked[first : first + AT_ONCE]]
        scores.append(_similarity(some, own, spread) @ answer + usual)
        step()
    return np.concatenate(scores).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Together:
    """How labels speak for each other: anger and complaint seldom come alone.

    Attributes:
        usual, spread: of each label's scores, ``float32[labels]``.
        matrix: from the standardised scores to better ones, ``float32[labels, labels]``.
    """

    usual: NDArray[np.float32]
    spread: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def __call__(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mend ``scores [n, labels]``."""
        return np.asarray((scores - self.usual) / self.spread @ self.matrix, dtype=np.float32)


def together(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> Together:
    """Learn from out-of-fold scores what each label says of the others (ridge regression)."""
    usual, spread = scores.mean(0), scores.std(0)
    inputs = ((scores - usual) / spread).astype(np.float64)
    labels = truth.shape[1]
    damped = inputs.T @ inputs + TOGETHER_RIDGE * np.eye(labels)
    answer = np.linalg.solve(damped, inputs.T @ (truth - truth.mean(0)))
    answer /= np.maximum((inputs @ answer).std(0), 1e-6)
    return Together(usual, spread, ((answer + np.eye(labels)) / 2).astype(np.float32))


def together_out_of_fold(
    scores: NDArray[np.float32], truth: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Mend every row's scores by what other rows say."""
    mended = np.zeros_like(scores)
    fold = np.arange(len(scores)) % FOLDS
    for held in range(FOLDS):
        learnt = fold != held
        mended[~learnt] = together(scores[learnt], truth[learnt])(scores[~learnt])
    return mended


def _similarity(some: Views, others: Views, spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """How alike lines are, ``float32[some, others]``: the kernel, a mean of products of views."""
    spelt = (some.grams @ others.grams.T).toarray()
    alike = (spelt + some.words @ spread) / 2
    felt = _closeness(NEAR_RATING, some.rated, others.rated)
    both = _closeness(
        1.0,
        np.hstack([some.meant, RATING_SHARE * some.rated]),
        np.hstack([others.meant, RATING_SHARE * others.rated]),
    )
    return np.asarray((4 * alike + 2 * alike * felt + felt + 2 * both) / 9, dtype=np.float32)


def _spread(views: Views, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let the morphemes of lines count for similar ones too, ``float32[morphemes, lines]``."""
    used = np.unique(views.words.indices)
    words = views.words[:, used]
    spread = np.zeros((len(vectors), words.shape[0]), dtype=np.float32)
    for first in range(0, len(vectors), AT_ONCE):
        near = np.maximum(vectors[used] @ vectors[first : first + AT_ONCE].T, 0) ** 2
        spread[first : first + AT_ONCE] = (words @ near).T
    # What Kiwi does not know is like itself alone.
    unknown = ~vectors[used].any(1)
    spread[used[unknown]] = words[:, unknown].toarray().T
    return spread


def _answer(
    alike: NDArray[np.float32], truth: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    usual = truth.mean(0, dtype=np.float32)
    damped = alike + RIDGE * np.eye(len(alike), dtype=np.float32)
    return np.linalg.solve(damped, truth - usual).astype(np.float32), usual


def _closeness(
    sharpness: float, some: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * some @ others.T
    return np.asarray(np.exp(-sharpness * np.maximum(squares, 0)), dtype=np.float32)


def _counted(texts: Sequence[str], step: Callable[[], None]) -> sparse.csr_array:
    found, starts = [], [0]
    for text in texts:
        found.append((hashes(text, Language.KOREAN) % np.uint64(BUCKETS)).astype(np.int32))
        starts.append(starts[-1] + found[-1].size)
        step()
    return _rows(np.concatenate(found), np.array(starts), BUCKETS)


def _rows(columns: NDArray[np.int32], starts: NDArray[np.int64], width: int) -> sparse.csr_array:
    ones = np.ones(columns.size, dtype=np.float32)
    rows = sparse.csr_array((ones, columns, starts), shape=(len(starts) - 1, width))
    rows.sum_duplicates()
    return rows


def _rare(rows: sparse.csr_array) -> sparse.csr_array:
    """Weigh counts by 1 + log, and by how few lines have such a thing."""
    lines = np.bincount(rows.indices, minlength=rows.shape[1])
    rarity = np.log(rows.shape[0] / np.maximum(lines, 1)).astype(np.float32)
    rows.data = (1 + np.log(rows.data)) * rarity[rows.indices]
    return rows


def _lengths(rows: sparse.csr_array) -> NDArray[np.float32]:
    squares = np.asarray(rows.multiply(rows).sum(1))
    return np.asarray(np.maximum(np.sqrt(squares), 1e-6), dtype=np.float32)


def _numbered(parts: Morphemes) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Give the morphemes, most frequent first, and every occurrence by its place there."""
    known, places, counts = np.unique(parts.ids, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(order.size, dtype=np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return known[order], rank[places]


def _self_similarity(words: sparse.csr_array, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    alike = np.ones(words.shape[0], dtype=np.float32)
    for row in range(words.shape[0]):
        part = slice(words.indptr[row], words.indptr[row + 1])
        own, weights = vectors[words.indices[part]], words.data[part]
        near = np.maximum(own @ own.T, 0) ** 2
        np.fill_diagonal(near, 1)
        alike[row] = np.sqrt(max(float(weights @ near @ weights), 1e-6))
    return alike


def _ratings(
    grams: sparse.csr_array, rated: NDArray[np.int64], ratings: NDArray[np.int64]
) -> NDArray[np.float32]:
    learnt = grams[rated]
    columns = []
    for limit in RATED_ABOVE:
        above = (ratings > limit).astype(np.float32)
        weights = lsqr(learnt, above - above.mean(), damp=DAMPING, iter_lim=30)[0]
        columns.append(grams @ weights.astype(np.float32))
    found = np.stack(columns, axis=1)
    return np.asarray((found - found.mean(0)) / found.std(0), dtype=np.float32)
