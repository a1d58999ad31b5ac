"""From a corpus's labels to trustworthy scores for the 8 emotions, as a call would have them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from detectors.evaluation.calibration import COVERAGE, agrees, best_threshold
from detectors.labels import CIRCUMPLEX, EMOTIONS
from detectors.text.lexicon import lexicon
from detectors.text.normalising import said
from detectors.text.scoring import (
    CALL_MIX,
    Calibration,
    Taxonomy,
    confidence,
    emotion_scores,
    evidence,
    heard,
    membership,
    sigmoid,
    signs,
    valence,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.training.text.examples import Lines

SHRINK = 200.0
"""Rows of a label at which its own threshold counts as much as the common rule's."""
NEWTON_STEPS = 25
RIDGE = 1e-3
TRUST_RIDGE = 1.0
SHARES = np.linspace(0.0, 0.9, 10)
MOST_ROWS = 8_000
"""So many rows settle the few numbers of a calibration."""
POWERS = np.geomspace(0.4, 4.0, 13)
WORD_WEIGHTS = np.linspace(2.0, 3.5, 4)
"""Not below 2: the lists are written for calls; comments cannot show their worth there."""
MOST_BALANCE = 30.0
"""Rare emotions are raised by at most this, neutral apart: a few rows prove little."""
MOST_WEIGHT = 10.0
"""... and a row of a rare emotion counts as at most so many."""


def calibrated(
    logits: NDArray[np.float32],
    lines: Lines,
    taxonomy: Taxonomy,
    *,
    polarity: NDArray[np.float32],
) -> Calibration:
    """Settle how labels become scores, when a reading is right, and when to stay silent.

    Power and word weight have the best Brier score of the whole distribution, rows counting by
    how frequent their emotion is in a call against the corpus (`CALL_MIX`). What a reading's
    confidence and silence depend on is fitted on the corpus's mix and the call's, half and half:
    the call's is assumed, and confidence should hold under both.

    Args:
        logits: of the taxonomy's labels, by a model that was not fitted on these rows.
        lines: the rows, with the taxonomy's labels.
        taxonomy: whose labels they are.
        polarity: logits ``[rows]`` of a good review.
    """
    votes = lines.truth @ membership(taxonomy)
    told = np.flatnonzero(votes.any(1))[:MOST_ROWS]
    logits, votes, shown = logits[told], votes[told], spoken(lines, told)
    weights = row_weights(votes)
    top = _top(votes)

    def brier(calibration: Calibration) -> float:
        scores = emotion_scores(logits, taxonomy, calibration, shown)
        return float((((scores - top) ** 2).sum(1) * weights).sum())

    choices = [
        Calibration(float(power), _balance(logits, taxonomy, float(power)), float(weight), 0.0)
        for power, weight in product(POWERS, WORD_WEIGHTS)
    ]
    best = min(choices, key=brier)
    scores = emotion_scores(logits, taxonomy, best, shown)
    both = (weights + 1 / len(weights)) / 2
    right = agrees(votes, scores)
    best = replace(
        best,
        trust=[round(float(w), 4) for w in _trust(signs(scores, shown), right, both)],
        polarity_weight=_polarity_weight(scores, polarity[told], votes, best),
    )
    sure = confidence(scores, shown, best)
    return replace(best, abstain_below=_weighted_quantile(sure, both, 1 - COVERAGE))


def felt_valence(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """How pleasant a row's labels are, -1 to 1, by the circumplex: ``votes [n, 8] -> [n]``."""
    pleasure = np.array([CIRCUMPLEX[emotion][0] for emotion in EMOTIONS])
    return np.asarray(votes @ pleasure / np.maximum(votes.sum(1), 1), dtype=np.float64)


def _polarity_weight(
    scores: NDArray[np.float32],
    polarity: NDArray[np.float32],
    votes: NDArray[np.float32],
    calibration: Calibration,
) -> float:
    """Choose the polarity's share by how the valence goes along with that of the labels."""
    truth = felt_valence(votes)

    def along(share: float) -> float:
        guessed = valence(scores, polarity, replace(calibration, polarity_weight=share))
        return float(np.corrcoef(guessed, truth)[0, 1])

    return float(max(SHARES, key=along)) if polarity.any() else 0.0


def _trust(
    inputs: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logistic regression of being right, a little held back (Newton's method)."""
    weights = weights * len(weights)
    answer = np.zeros(inputs.shape[1])
    for _ in range(NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ answer, -30, 30)))
        slope = inputs.T @ (weights * (right - chances)) - TRUST_RIDGE * answer
        curve = (inputs * (weights * chances * (1 - chances))[:, None]).T @ inputs
        answer += np.linalg.solve(curve + TRUST_RIDGE * np.eye(inputs.shape[1]), slope)
    return answer


def platt(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fit slope and offset of each label's logit, ``float64[2, labels]`` (Platt, 1999)."""
    fits = [_logistic(scores[:, k], truth[:, k]) for k in range(truth.shape[1])]
    return np.array(fits).T


def thresholds(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> list[float]:
    """Logits above which calling a label gives it the best F1, drawn to a common rule.

    The best limit of a rare label is mostly chance. The common rule needs no truth: the limit
    that would be best if the chances were right. A label keeps its own as far as it is frequent.
    """
    chances = sigmoid(logits)
    labels = range(truth.shape[1])
    own = np.array([best_threshold(logits[:, k], truth[:, k]) for k in labels])
    common = np.array([best_threshold(logits[:, k], chances[:, k]) for k in labels])
    kept = truth.sum(0) / (truth.sum(0) + SHRINK)
    return [round(float(value), 4) for value in kept * own + (1 - kept) * common]


def _logistic(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Newton's method for one slope and one offset."""
    center, spread = float(scores.mean()), float(scores.std()) + 1e-9
    inputs = np.stack([(scores - center) / spread, np.ones(len(scores))], axis=1)
    weights = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (truth - chances) - RIDGE * weights
        curve = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + RIDGE * np.eye(2)
        weights += np.linalg.solve(curve, slope)
    return np.array([weights[0] / spread, weights[1] - weights[0] * center / spread])


def spoken(lines: Lines, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    """What the word lists say of (some of) the lines, ``float32[rows, 8]``."""
    lexicons = {language: lexicon(language) for language in Language}
    texts = lines.texts if rows is None else [lines.texts[row] for row in rows]
    return np.stack([evidence(*heard(said(text), lexicons)) for text in texts])


def row_weights(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much each row counts so that the rows' emotions occur as in `CALL_MIX`; sum 1."""
    top = _top(votes)
    raised = np.array([CALL_MIX[e] for e in EMOTIONS]) / np.maximum(top.mean(0), 1e-3)
    weights = top @ np.minimum(raised / np.median(raised), MOST_WEIGHT)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def weighted_accuracy(
    votes: NDArray[np.float32], scores: NDArray[np.float32], weights: NDArray[np.float64]
) -> float:
    """Share of rows, by weight, whose highest score is the emotion most labels express."""
    return float((agrees(votes, scores) * weights).sum() / weights.sum())


def _top(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The emotion with the most votes as a distribution; ties share it."""
    best = (votes == votes.max(1, keepdims=True)).astype(np.float64)
    return np.asarray(best / best.sum(1, keepdims=True))


def _balance(logits: NDArray[np.float32], taxonomy: Taxonomy, power: float) -> tuple[float, ...]:
    plain = Calibration(power, [1.0] * len(EMOTIONS), 0.0, 0.0)
    nothing = np.zeros((len(logits), len(EMOTIONS)), dtype=np.float32)
    usual = emotion_scores(logits, taxonomy, plain, nothing).mean(0)
    raised = np.array([CALL_MIX[emotion] for emotion in EMOTIONS]) / np.maximum(usual, 1e-4)
    raised[1:] = np.minimum(raised[1:], MOST_BALANCE)
    return tuple(round(float(value), 4) for value in raised)


def _weighted_quantile(
    values: NDArray[np.float32], weights: NDArray[np.float64], share: float
) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), share)])
