"""What the small text models are taught: their teachers' opinions of labelled and other lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.text.ngrams import hashed
from detectors.training.fitting_text import Lessons
from detectors.training.text_calibration import platt
from detectors.training.text_examples import (
    NEGATIVE_RATINGS,
    POSITIVE_RATINGS,
    joined,
    rated,
    unlabelled,
)
from detectors.training.text_morphemes import AT_ONCE, morphemes
from detectors.training.text_teacher import AT_ONCE as ASKED_AT_ONCE
from detectors.training.text_teacher import looked_at, out_of_fold, taught
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.progress import Progress
    from detectors.training.text_examples import Lines, Parts

LABELLED_COUNTS = 2.0
"""How much a labelled line counts beside one that only the teacher labelled."""
POLAR = 2.0
"""Logit that clearly good and bad reviews are taught."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Lessons for one language's model, and what settles thresholds and calibration.

    Attributes:
        labelled: the labelled rows, and ``logits [rows, labels]`` that they were given by
            teachers that did not learn from them.
    """

    lessons: Lessons
    labelled: Lines
    logits: NDArray[np.float32]


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
    unseen = out_of_fold(looked, rows, labelled.truth)
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
    lessons = _with_polarity(scores * slope + offset, ratings, first=len(rows))
    return Taught(Lessons(grams, *lessons), labelled, (unseen * slope + offset).astype(np.float32))


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
        np.hstack([counted, len(logits) / max(1, told.sum()) * told]).astype(np.float32),
    )
