"""Text corpora as the text model sees them: hashed n-grams, and which rows are for what."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import CorpusError, labels, ratings, texts
from detectors.labels import GOEMOTIONS, KOTE
from detectors.text.ngrams import hashed
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Text

Grams = tuple["NDArray[np.int64]", "NDArray[np.float32]"]

EVERY_NTH_VALIDATES = 7
"""KOTE has no development part: every seventh of its training rows settles thresholds."""
EVERY_NTH_MEASURES = 25
"""Of NSMC's reviews, every 25th is only measured on."""
MOST_REVIEWS = 60_000
NEGATIVE_RATINGS, POSITIVE_RATINGS = range(1, 5), range(9, 11)


@dataclass(frozen=True, slots=True)
class Lines:
    """Hashed lines and their labels, ``bool[lines, labels]``."""

    texts: Sequence[str]
    grams: Sequence[Grams]
    truth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is fitted on, what settles thresholds, and what only measures."""

    train: Lines
    validation: Lines
    test: Lines


def korean(root: Path, step: Callable[[], None]) -> Parts:
    """KOTE: all but every seventh row trains; the corpus's devtest measures."""
    _same_labels(root, "kote", KOTE)
    rows = texts(root / "text/kote/val.tsv", text=1, label=2)
    test = texts(root / "text/kote/devtest.tsv", text=1, label=2)
    held = [row for i, row in enumerate(rows) if i % EVERY_NTH_VALIDATES == 0]
    train = [row for i, row in enumerate(rows) if i % EVERY_NTH_VALIDATES]
    make = _maker(Language.KOREAN, len(KOTE), step)
    return Parts(make(train), make(held), make(test))


def english(root: Path, step: Callable[[], None]) -> Parts:
    """GoEmotions by its own parts; texts that occurred in an earlier part are dropped."""
    _same_labels(root, "goemotions", GOEMOTIONS)
    folder = root / "text/goemotions"
    parts, seen = [], set[str]()
    for name in ("train.tsv.gz", "dev.tsv", "devtest.tsv"):
        rows = [row for row in texts(folder / name, text=0, label=1) if row.text not in seen]
        seen.update(row.text for row in rows)
        parts.append(rows)
    make = _maker(Language.ENGLISH, len(GOEMOTIONS), step)
    return Parts(*map(make, parts))


def reviews(root: Path, step: Callable[[], None]) -> tuple[Lines, Lines]:
    """NSMC's clearly negative and positive reviews: (to train on, to measure on)."""
    rated = [
        (review, rating in POSITIVE_RATINGS)
        for review, rating in ratings(root / "text/nsmc/reviews.tsv.gz")
        if rating in NEGATIVE_RATINGS or rating in POSITIVE_RATINGS
    ]
    order = np.random.default_rng(0).permutation(len(rated))
    measure = [rated[i] for i in order if i % EVERY_NTH_MEASURES == 0]
    train = [rated[i] for i in order if i % EVERY_NTH_MEASURES][:MOST_REVIEWS]
    return _polar(train, step), _polar(measure, step)


def rated(root: Path) -> tuple[list[str], NDArray[np.int64]]:
    """NSMC's reviews with their ratings of 1-10, all but those that `reviews` measures on."""
    rows = ratings(root / "text/nsmc/reviews.tsv.gz")
    kept = set(_measuring(rows))
    order = np.random.default_rng(1).permutation(len(rows))
    some = [rows[i] for i in order if rows[i][0] not in kept]
    return [review for review, _ in some], np.array([rating for _, rating in some])


def unlabelled(root: Path) -> list[str]:
    """Plain Korean lines to learn from without their labels: songys' pairs, kocohub's comments.

    Raises:
        CorpusError: a corpus is missing.
    """
    pairs = csv.DictReader(_written(root / "text/songys_chatbot/ChatbotData.csv"))
    said = [row[column] for row in pairs for column in ("Q", "A")]
    comments = _written(root / "text/kocohub/train.tsv")[1:]
    return said + [line.split("\t")[0] for line in comments]


def joined(some: Lines, more: Lines) -> Lines:
    """One part after the other."""
    return Lines(
        [*some.texts, *more.texts],
        [*some.grams, *more.grams],
        np.concatenate([some.truth, more.truth]),
    )


def _written(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        message = f"{path}: no such file; point --data at the folder with the corpora"
        raise CorpusError(message) from error


def _measuring(rows: Sequence[tuple[str, int]]) -> list[str]:
    clear = [review for review, rating in rows if rating in {*NEGATIVE_RATINGS, *POSITIVE_RATINGS}]
    order = np.random.default_rng(0).permutation(len(clear))
    return [clear[i] for i in order if i % EVERY_NTH_MEASURES == 0]


def _polar(rows: Sequence[tuple[str, bool]], step: Callable[[], None]) -> Lines:
    grams = [_hashed(review, Language.KOREAN, step) for review, _ in rows]
    truth = np.array([[positive] for _, positive in rows])
    return Lines([review for review, _ in rows], grams, truth)


def _maker(
    language: Language, labels: int, step: Callable[[], None]
) -> Callable[[Sequence[Text]], Lines]:
    def make(rows: Sequence[Text]) -> Lines:
        grams = [_hashed(row.text, language, step) for row in rows]
        truth = np.array([[k in row.labels for k in range(labels)] for row in rows])
        return Lines([row.text for row in rows], grams, truth)

    return make


def _hashed(text: str, language: Language, step: Callable[[], None]) -> Grams:
    step()
    return hashed(text, language)


def _same_labels(root: Path, corpus: str, ours: tuple[str, ...]) -> None:
    if labels(root, corpus) != ours:
        path = root / "text" / corpus / "labels.txt"
        message = f"{path}: not the labels of detectors/labels.py; use the corpus as published"
        raise CorpusError(message)
