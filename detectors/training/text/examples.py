"""Text corpora as the text model sees them: hashed n-grams, and which rows are for what."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import CorpusError, load_labels, load_ratings, load_texts
from detectors.labels import GOEMOTIONS, KOTE
from detectors.text.ngrams import hash_line
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import LabelledText

Grams = tuple["NDArray[np.int64]", "NDArray[np.float32]"]

VALIDATION_EVERY_NTH = 7
"""KOTE has no development part: every seventh of its training rows settles thresholds."""
TEST_EVERY_NTH = 25
"""Of NSMC's reviews, every 25th is only measured on."""
MAX_REVIEWS = 60_000
NEGATIVE_RATINGS, POSITIVE_RATINGS = range(1, 5), range(9, 11)


@dataclass(frozen=True, slots=True)
class LabelledLines:
    """Hashed lines and their labels, ``bool[lines, labels]``."""

    texts: Sequence[str]
    grams: Sequence[Grams]
    truth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextSplits:
    """What is fitted on, what settles thresholds, and what only measures."""

    train: LabelledLines
    validation: LabelledLines
    test: LabelledLines


def load_korean(root: Path, step: Callable[[], None]) -> TextSplits:
    """KOTE: all but every seventh row trains; the corpus's devtest measures."""
    _check_labels(root, "kote", KOTE)
    rows = load_texts(root / "text/kote/val.tsv", text=1, label=2)
    test = load_texts(root / "text/kote/devtest.tsv", text=1, label=2)
    validation = [row for i, row in enumerate(rows) if i % VALIDATION_EVERY_NTH == 0]
    train = [row for i, row in enumerate(rows) if i % VALIDATION_EVERY_NTH]
    build = _line_builder(Language.KOREAN, len(KOTE), step)
    return TextSplits(build(train), build(validation), build(test))


def load_english(root: Path, step: Callable[[], None]) -> TextSplits:
    """GoEmotions by its own parts; texts that occurred in an earlier part are dropped."""
    _check_labels(root, "goemotions", GOEMOTIONS)
    folder = root / "text/goemotions"
    parts, seen = [], set[str]()
    for name in ("train.tsv.gz", "dev.tsv", "devtest.tsv"):
        rows = [row for row in load_texts(folder / name, text=0, label=1) if row.text not in seen]
        seen.update(row.text for row in rows)
        parts.append(rows)
    build = _line_builder(Language.ENGLISH, len(GOEMOTIONS), step)
    return TextSplits(*map(build, parts))


def load_polar_reviews(root: Path, step: Callable[[], None]) -> tuple[LabelledLines, LabelledLines]:
    """NSMC's clearly negative and positive reviews: (to train on, to measure on)."""
    polar_reviews = [
        (review, rating in POSITIVE_RATINGS)
        for review, rating in load_ratings(root / "text/nsmc/reviews.tsv.gz")
        if rating in NEGATIVE_RATINGS or rating in POSITIVE_RATINGS
    ]
    order = np.random.default_rng(0).permutation(len(polar_reviews))
    test = [polar_reviews[i] for i in order if i % TEST_EVERY_NTH == 0]
    train = [polar_reviews[i] for i in order if i % TEST_EVERY_NTH][:MAX_REVIEWS]
    return _build_polar_lines(train, step), _build_polar_lines(test, step)


def load_rated_reviews(root: Path) -> tuple[list[str], NDArray[np.int64]]:
    """NSMC's reviews, rated 1-10, all but those that `load_polar_reviews` measures on."""
    rows = load_ratings(root / "text/nsmc/reviews.tsv.gz")
    test_reviews = set(_select_test_reviews(rows))
    order = np.random.default_rng(1).permutation(len(rows))
    train_rows = [rows[i] for i in order if rows[i][0] not in test_reviews]
    return [review for review, _ in train_rows], np.array([rating for _, rating in train_rows])


def load_unlabelled(root: Path) -> list[str]:
    """Plain Korean lines to learn from without their labels: songys' pairs, kocohub's comments.

    Raises:
        CorpusError: a corpus is missing.
    """
    pairs = csv.DictReader(_read_lines(root / "text/songys_chatbot/ChatbotData.csv"))
    chat_lines = [row[column] for row in pairs for column in ("Q", "A")]
    comments = _read_lines(root / "text/kocohub/train.tsv")[1:]
    return chat_lines + [line.split("\t")[0] for line in comments]


def concatenate_lines(first: LabelledLines, second: LabelledLines) -> LabelledLines:
    """One part after the other."""
    return LabelledLines(
        [*first.texts, *second.texts],
        [*first.grams, *second.grams],
        np.concatenate([first.truth, second.truth]),
    )


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        message = f"{path}: no such file; point --data at the folder with the corpora"
        raise CorpusError(message) from error


def _select_test_reviews(rows: Sequence[tuple[str, int]]) -> list[str]:
    polar_reviews = [
        review for review, rating in rows if rating in {*NEGATIVE_RATINGS, *POSITIVE_RATINGS}
    ]
    order = np.random.default_rng(0).permutation(len(polar_reviews))
    return [polar_reviews[i] for i in order if i % TEST_EVERY_NTH == 0]


def _build_polar_lines(rows: Sequence[tuple[str, bool]], step: Callable[[], None]) -> LabelledLines:
    grams = [_hash_line(review, Language.KOREAN, step) for review, _ in rows]
    truth = np.array([[positive] for _, positive in rows])
    return LabelledLines([review for review, _ in rows], grams, truth)


def _line_builder(
    language: Language, labels: int, step: Callable[[], None]
) -> Callable[[Sequence[LabelledText]], LabelledLines]:
    def build(rows: Sequence[LabelledText]) -> LabelledLines:
        grams = [_hash_line(row.text, language, step) for row in rows]
        truth = np.array([[k in row.labels for k in range(labels)] for row in rows])
        return LabelledLines([row.text for row in rows], grams, truth)

    return build


def _hash_line(text: str, language: Language, step: Callable[[], None]) -> Grams:
    step()
    return hash_line(text, language)


def _check_labels(root: Path, corpus: str, expected: tuple[str, ...]) -> None:
    if load_labels(root, corpus) != expected:
        path = root / "text" / corpus / "labels.txt"
        message = f"{path}: not the labels of detectors/labels.py; use the corpus as published"
        raise CorpusError(message)
