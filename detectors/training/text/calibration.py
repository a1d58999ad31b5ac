"""From a corpus's labels to trustworthy scores for the 8 emotions, as a call would have them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from detectors.evaluation.calibration import COVERAGE, find_best_threshold, matches_top_vote
from detectors.labels import CIRCUMPLEX, EMOTIONS
from detectors.text.lexicon import load_lexicon
from detectors.text.scoring import (
    CALL_PRIOR,
    Taxonomy,
    TextCalibration,
    confidence_features,
    emotion_scores,
    estimate_confidence,
    estimate_valence,
    match_lexicons,
    membership,
    score_evidence,
    sigmoid,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.training.text.examples import LabelledLines

SHRINKAGE_ROWS = 200.0
"""Rows of a label at which its own threshold counts as much as the common rule's."""
NEWTON_STEPS = 25
RIDGE = 1e-3
TRUST_RIDGE = 1.0
POLARITY_SHARES = np.linspace(0.0, 0.9, 10)
MAX_ROWS = 8_000
"""So many rows settle the few numbers of a calibration."""
POWERS = np.geomspace(0.4, 4.0, 13)
WORD_WEIGHTS = np.linspace(2.0, 3.5, 4)
"""Not below 2: the lists are written for calls; comments cannot show their worth there."""
MAX_BALANCE = 30.0
"""Rare emotions are raised by at most this, neutral apart: a few rows prove little."""
MAX_ROW_WEIGHT = 10.0
"""... and a row of a rare emotion counts as at most so many."""


def fit_calibration(
    logits: NDArray[np.float32],
    lines: LabelledLines,
    taxonomy: Taxonomy,
    *,
    polarity: NDArray[np.float32],
) -> TextCalibration:
    """Settle how labels become scores, when a reading is right, and when to stay silent.

    Power and word weight have the best Brier score of the whole distribution, rows counting by
    how frequent their emotion is in a call against the corpus (`CALL_PRIOR`). What a reading's
    confidence and silence depend on is fitted on the corpus's mix and the call's, half and half:
    the call's is assumed, and confidence should hold under both.

    Args:
        logits: of the taxonomy's labels, by a model that was not fitted on these rows.
        lines: the rows, with the taxonomy's labels.
        taxonomy: whose labels they are.
        polarity: logits ``[rows]`` of a good review.
    """
    votes = lines.truth @ membership(taxonomy)
    labelled = np.flatnonzero(votes.any(1))[:MAX_ROWS]
    logits, votes, word_evidence = (
        logits[labelled],
        votes[labelled],
        lexicon_evidence(lines, labelled),
    )
    weights = call_mix_weights(votes)
    truth = _top_emotions(votes)

    def brier(calibration: TextCalibration) -> float:
        scores = emotion_scores(logits, taxonomy, calibration, word_evidence)
        return float((((scores - truth) ** 2).sum(1) * weights).sum())

    choices = [
        TextCalibration(
            float(power), _fit_balance(logits, taxonomy, float(power)), float(weight), 0.0
        )
        for power, weight in product(POWERS, WORD_WEIGHTS)
    ]
    best = min(choices, key=brier)
    scores = emotion_scores(logits, taxonomy, best, word_evidence)
    mixed_weights = (weights + 1 / len(weights)) / 2
    correct = matches_top_vote(votes, scores)
    best = replace(
        best,
        trust=[
            round(float(w), 4)
            for w in _fit_trust(confidence_features(scores, word_evidence), correct, mixed_weights)
        ],
        polarity_weight=_fit_polarity_weight(scores, polarity[labelled], votes, best),
    )
    confidences = estimate_confidence(scores, word_evidence, best)
    return replace(best, abstain_below=_weighted_quantile(confidences, mixed_weights, 1 - COVERAGE))


def label_valence(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """How pleasant a row's labels are, -1 to 1, by the circumplex: ``votes [n, 8] -> [n]``."""
    pleasure = np.array([CIRCUMPLEX[emotion][0] for emotion in EMOTIONS])
    return np.asarray(votes @ pleasure / np.maximum(votes.sum(1), 1), dtype=np.float64)


def _fit_polarity_weight(
    scores: NDArray[np.float32],
    polarity: NDArray[np.float32],
    votes: NDArray[np.float32],
    calibration: TextCalibration,
) -> float:
    """Choose the polarity's share by how the valence goes along with that of the labels."""
    truth = label_valence(votes)

    def correlate(share: float) -> float:
        guessed = estimate_valence(scores, polarity, replace(calibration, polarity_weight=share))
        return float(np.corrcoef(guessed, truth)[0, 1])

    return float(max(POLARITY_SHARES, key=correlate)) if polarity.any() else 0.0


def _fit_trust(
    inputs: NDArray[np.float32], correct: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logistic regression of being right, a little held back (Newton's method)."""
    weights = weights * len(weights)
    coefficients = np.zeros(inputs.shape[1])
    for _ in range(NEWTON_STEPS):
        probabilities = 1 / (1 + np.exp(-np.clip(inputs @ coefficients, -30, 30)))
        gradient = inputs.T @ (weights * (correct - probabilities)) - TRUST_RIDGE * coefficients
        hessian = (inputs * (weights * probabilities * (1 - probabilities))[:, None]).T @ inputs
        coefficients += np.linalg.solve(hessian + TRUST_RIDGE * np.eye(inputs.shape[1]), gradient)
    return coefficients


def fit_platt(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fit slope and offset of each label's logit, ``float64[2, labels]`` (Platt, 1999)."""
    fits = [_fit_logistic(scores[:, k], truth[:, k]) for k in range(truth.shape[1])]
    return np.array(fits).T


def fit_thresholds(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> list[float]:
    """Logits above which calling a label gives it the best F1, drawn to a common rule.

    The best limit of a rare label is mostly chance. The common rule needs no truth: the limit
    that would be best if the chances were right. A label keeps its own as far as it is frequent.
    """
    probabilities = sigmoid(logits)
    labels = range(truth.shape[1])
    own_thresholds = np.array([find_best_threshold(logits[:, k], truth[:, k]) for k in labels])
    common_thresholds = np.array(
        [find_best_threshold(logits[:, k], probabilities[:, k]) for k in labels]
    )
    own_share = truth.sum(0) / (truth.sum(0) + SHRINKAGE_ROWS)
    return [
        round(float(value), 4)
        for value in own_share * own_thresholds + (1 - own_share) * common_thresholds
    ]


def _fit_logistic(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Newton's method for one slope and one offset."""
    center, spread = float(scores.mean()), float(scores.std()) + 1e-9
    inputs = np.stack([(scores - center) / spread, np.ones(len(scores))], axis=1)
    weights = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        probabilities = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (truth - probabilities) - RIDGE * weights
        hessian = (
            inputs * (probabilities * (1 - probabilities))[:, None]
        ).T @ inputs + RIDGE * np.eye(2)
        weights += np.linalg.solve(hessian, gradient)
    return np.array([weights[0] / spread, weights[1] - weights[0] * center / spread])


def lexicon_evidence(
    lines: LabelledLines, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """What the word lists say of (some of) the lines, ``float32[rows, 8]``."""
    lexicons = {language: load_lexicon(language) for language in Language}
    texts = lines.texts if rows is None else [lines.texts[row] for row in rows]
    return np.stack([score_evidence(*match_lexicons(text, lexicons)) for text in texts])


def call_mix_weights(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much each row counts so that the rows' emotions occur as in `CALL_PRIOR`; sum 1."""
    top = _top_emotions(votes)
    emotion_ratios = np.array([CALL_PRIOR[e] for e in EMOTIONS]) / np.maximum(top.mean(0), 1e-3)
    weights = top @ np.minimum(emotion_ratios / np.median(emotion_ratios), MAX_ROW_WEIGHT)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def weighted_accuracy(
    votes: NDArray[np.float32], scores: NDArray[np.float32], weights: NDArray[np.float64]
) -> float:
    """Share of rows, by weight, whose highest score is the emotion most labels express."""
    return float((matches_top_vote(votes, scores) * weights).sum() / weights.sum())


def _top_emotions(votes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The emotion with the most votes as a distribution; ties share it."""
    best = (votes == votes.max(1, keepdims=True)).astype(np.float64)
    return np.asarray(best / best.sum(1, keepdims=True))


def _fit_balance(
    logits: NDArray[np.float32], taxonomy: Taxonomy, power: float
) -> tuple[float, ...]:
    uncalibrated = TextCalibration(power, [1.0] * len(EMOTIONS), 0.0, 0.0)
    no_evidence = np.zeros((len(logits), len(EMOTIONS)), dtype=np.float32)
    mean_scores = emotion_scores(logits, taxonomy, uncalibrated, no_evidence).mean(0)
    balance = np.array([CALL_PRIOR[emotion] for emotion in EMOTIONS]) / np.maximum(
        mean_scores, 1e-4
    )
    balance[1:] = np.minimum(balance[1:], MAX_BALANCE)
    return tuple(round(float(value), 4) for value in balance)


def _weighted_quantile(
    values: NDArray[np.float32], weights: NDArray[np.float64], share: float
) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), share)])
