"""What the small text models are taught: their teachers' opinions of labelled and other lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from detectors.text.ngrams import hashed
from detectors.text.scoring import sigmoid
from detectors.training.text.calibration import platt
from detectors.training.text.examples import (
    NEGATIVE_RATINGS,
    POSITIVE_RATINGS,
    joined,
    rated,
    unlabelled,
)
from detectors.training.text.morphemes import AT_ONCE, morphemes
from detectors.training.text.sentence_encoder import AT_ONCE as ENCODED_AT_ONCE
from detectors.training.text.sentence_encoder import encoded
from detectors.training.text.student import Lessons
from detectors.training.text.teacher_en import out_of_fold as out_of_fold_blend
from detectors.training.text.teacher_ko import AT_ONCE as ASKED_AT_ONCE
from detectors.training.text.teacher_ko import (
    looked_at,
    out_of_fold,
    taught,
    together,
    together_out_of_fold,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.progress import Progress
    from detectors.training.text.examples import Lines, Parts

LABELLED_COUNTS = 2.0
"""How much a labelled line counts beside one that only the teacher labelled."""
POLARITY_COUNTS = 10.0
"""How much the polarity of a review counts beside one label of a line."""
TRUTH_COUNTS = 3.0
"""How far the English teacher's logits are moved towards a label that is certain."""
POLAR = 2.0
"""Logit that clearly good and bad reviews are taught."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Lessons for one language's model, and what settles thresholds and calibration.

    Attributes:
        labelled: rows with labels that settle both.
        logits: what teachers gave them that did not learn from them, ``float32[rows, labels]``;
            ``None`` where the rows are no lessons, and the small model's own logits are fair.
    """

    lessons: Lessons
    labelled: Lines
    logits: NDArray[np.float32] | None


def korean_lessons(root: Path, parts: Parts, progress: Progress) -> Taught:
    """Let the teacher label reviews, chat and comments, and the labelled rows themselves.

    Raises:
        CorpusError: a corpus is missing.
    """
    labelled = joined(parts.train, parts.validation)
    reviews, ratings = rated(root)
    texts = [*labelled.texts, *reviews, *unlabelled(root)]
    rows = np.arange(len(labelled.texts))
    apart = morphemes(texts, progress.begin("taking Korean lines apart", -(-len(texts) // AT_ONCE)))
    looked = looked_at(
        texts,
        apart,
        rated=len(rows) + np.arange(len(reviews)),
        ratings=ratings,
        step=progress.begin("looking at Korean lines", len(texts)),
    )
    first = out_of_fold(looked, rows, labelled.truth)
    unseen = together_out_of_fold(first, labelled.truth)
    slope, offset = platt(unseen, labelled.truth)
    scores = taught(
        looked,
        rows,
        labelled.truth,
        asked=np.arange(len(texts)),
        step=progress.begin("asking the teacher", -(-len(texts) // ASKED_AT_ONCE)),
    )
    hash_step = progress.begin("hashing Korean lines", len(texts))
    grams = []
    for text in texts:
        grams.append(hashed(text, Language.KOREAN))
        hash_step()
    lessons = _with_polarity(
        together(first, labelled.truth)(scores) * slope + offset, ratings, first=len(rows)
    )
    return Taught(Lessons(grams, *lessons), labelled, (unseen * slope + offset).astype(np.float32))


def english_lessons(parts: Parts, *, seed: int, progress: Progress) -> Taught:
    """Let teachers label the lines that they did not learn from, leaning to the truth.

    All learn from the training part alone: the development part settles the small model's
    thresholds, because its scores are less sharp than those of the teachers.
    """
    texts = [*parts.train.texts, *parts.validation.texts]
    steps = -(-len(texts) // ENCODED_AT_ONCE)
    views = encoded(texts, progress.begin("encoding English lines", steps))
    learnt = len(parts.train.texts)
    logits = out_of_fold_blend(
        parts.train,
        views[:learnt],
        seed=seed,
        begin=partial(progress.begin, "fitting the English teachers"),
    )
    told = logits + TRUTH_COUNTS * (parts.train.truth - sigmoid(logits))
    # English has no reviews: its last output says nothing.
    targets = np.hstack([told, np.zeros((learnt, 1))]).astype(np.float32)
    counted = np.ones_like(targets)
    counted[:, -1] = 0
    return Taught(Lessons(parts.train.grams, targets, counted), parts.validation, None)


def _with_polarity(
    logits: NDArray[np.float64], ratings: NDArray[np.int64], *, first: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Add an output that tells good reviews from bad: ``(targets, counted)``."""
    polarity = np.zeros((len(logits), 1))
    told = np.zeros((len(logits), 1))
    reviews = slice(first, first + len(ratings))
    good, bad = np.isin(ratings, POSITIVE_RATINGS), np.isin(ratings, NEGATIVE_RATINGS)
    polarity[reviews, 0] = POLAR * (good.astype(float) - bad)
    told[reviews, 0] = good | bad
    counted = np.ones_like(logits)
    counted[:first] = LABELLED_COUNTS
    return (
        np.hstack([logits, polarity]).astype(np.float32),
        np.hstack([counted, POLARITY_COUNTS * told]).astype(np.float32),
    )
