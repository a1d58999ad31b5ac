"""What the small text models are taught: their teachers' opinions of labelled and other lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from detectors.text.ngrams import hash_line
from detectors.text.scoring import sigmoid
from detectors.training.text.calibration import fit_platt
from detectors.training.text.examples import (
    NEGATIVE_RATINGS,
    POSITIVE_RATINGS,
    concatenate_lines,
    load_rated_reviews,
    load_unlabelled,
)
from detectors.training.text.morphemes import BATCH_SIZE, extract_morphemes
from detectors.training.text.sentence_encoder import BATCH_SIZE as ENCODED_AT_ONCE
from detectors.training.text.sentence_encoder import encode
from detectors.training.text.student import DistillationTargets
from detectors.training.text.teacher_en import score_out_of_fold as out_of_fold_blend
from detectors.training.text.teacher_ko import BATCH_SIZE as ASKED_AT_ONCE
from detectors.training.text.teacher_ko import (
    build_line_features,
    correct_out_of_fold,
    fit_and_score,
    fit_label_correlation,
    score_out_of_fold,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.progress import Progress
    from detectors.training.text.examples import LabelledLines, TextSplits

LABELLED_WEIGHT = 2.0
"""How much a labelled line counts beside one that only the teacher labelled."""
POLARITY_WEIGHT = 10.0
"""How much the polarity of a review counts beside one label of a line."""
TRUTH_WEIGHT = 3.0
"""How far the English teacher's logits are moved towards a label that is certain."""
POLARITY_LOGIT = 2.0
"""Logit that clearly good and bad reviews are taught."""


@dataclass(frozen=True, slots=True)
class DistillationSet:
    """Lessons for one language's model, and what settles thresholds and calibration.

    Attributes:
        calibration_lines: rows with labels that settle both.
        teacher_logits: of teachers that did not learn from these rows, ``float32[rows, labels]``;
            ``None`` where the rows are no lessons, and the small model's own logits are fair.
    """

    training_set: DistillationTargets
    calibration_lines: LabelledLines
    teacher_logits: NDArray[np.float32] | None


def build_korean_targets(root: Path, splits: TextSplits, progress: Progress) -> DistillationSet:
    """Let the teacher label reviews, chat and comments, and the labelled rows themselves.

    Raises:
        CorpusError: a corpus is missing.
    """
    labelled = concatenate_lines(splits.train, splits.validation)
    reviews, ratings = load_rated_reviews(root)
    texts = [*labelled.texts, *reviews, *load_unlabelled(root)]
    rows = np.arange(len(labelled.texts))
    line_morphemes = extract_morphemes(
        texts, progress.begin("taking Korean lines apart", -(-len(texts) // BATCH_SIZE))
    )
    line_features = build_line_features(
        texts,
        line_morphemes,
        review_rows=len(rows) + np.arange(len(reviews)),
        ratings=ratings,
        step=progress.begin("looking at Korean lines", len(texts)),
    )
    first_scores = score_out_of_fold(line_features, rows, labelled.truth)
    unseen_scores = correct_out_of_fold(first_scores, labelled.truth)
    slope, offset = fit_platt(unseen_scores, labelled.truth)
    teacher_scores = fit_and_score(
        line_features,
        rows,
        labelled.truth,
        query_rows=np.arange(len(texts)),
        step=progress.begin("asking the teacher", -(-len(texts) // ASKED_AT_ONCE)),
    )
    hash_step = progress.begin("hashing Korean lines", len(texts))
    grams = []
    for text in texts:
        grams.append(hash_line(text, Language.KOREAN))
        hash_step()
    targets_and_weights = _append_polarity(
        fit_label_correlation(first_scores, labelled.truth)(teacher_scores) * slope + offset,
        ratings,
        first=len(rows),
    )
    return DistillationSet(
        DistillationTargets(grams, *targets_and_weights),
        labelled,
        (unseen_scores * slope + offset).astype(np.float32),
    )


def build_english_targets(splits: TextSplits, *, seed: int, progress: Progress) -> DistillationSet:
    """Let teachers label the lines that they did not learn from, leaning to the truth.

    All learn from the training part alone: the development part settles the small model's
    thresholds, because its scores are less sharp than those of the teachers.
    """
    texts = [*splits.train.texts, *splits.validation.texts]
    steps = -(-len(texts) // ENCODED_AT_ONCE)
    embeddings = encode(texts, progress.begin("encoding English lines", steps))
    train_count = len(splits.train.texts)
    logits = out_of_fold_blend(
        splits.train,
        embeddings[:train_count],
        seed=seed,
        begin=partial(progress.begin, "fitting the English teachers"),
    )
    corrected_logits = logits + TRUTH_WEIGHT * (splits.train.truth - sigmoid(logits))
    # English has no reviews: its last output says nothing.
    targets = np.hstack([corrected_logits, np.zeros((train_count, 1))]).astype(np.float32)
    loss_weights = np.ones_like(targets)
    loss_weights[:, -1] = 0
    return DistillationSet(
        DistillationTargets(splits.train.grams, targets, loss_weights), splits.validation, None
    )


def _append_polarity(
    logits: NDArray[np.float64], ratings: NDArray[np.int64], *, first: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Add an output that tells good reviews from bad: ``(targets, counted)``."""
    polarity = np.zeros((len(logits), 1))
    is_polar = np.zeros((len(logits), 1))
    reviews = slice(first, first + len(ratings))
    is_good, is_bad = np.isin(ratings, POSITIVE_RATINGS), np.isin(ratings, NEGATIVE_RATINGS)
    polarity[reviews, 0] = POLARITY_LOGIT * (is_good.astype(float) - is_bad)
    is_polar[reviews, 0] = is_good | is_bad
    loss_weights = np.ones_like(logits)
    loss_weights[:first] = LABELLED_WEIGHT
    return (
        np.hstack([logits, polarity]).astype(np.float32),
        np.hstack([loss_weights, POLARITY_WEIGHT * is_polar]).astype(np.float32),
    )
