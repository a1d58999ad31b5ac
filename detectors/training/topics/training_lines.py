"""What a topic model is fitted to: lines for themes and lines about none, and their features."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]  # no stubs

from detectors.corpora.corpora import load_ratings, load_texts
from detectors.corpora.theme_lines import LINES, THEMES, load_ordinary_lines, load_theme_lines
from detectors.text.sentence_pieces import split_words
from detectors.text.topic_model import MAX_PIECES
from detectors.training.text.multilingual_encoder import load_encoder
from detectors.training.topics.line_encoder import LineEncoder, encode
from detectors.training.topics.ngram_fit import hash_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.theme_lines import ThemeLine
    from detectors.training.progress import Progress
    from detectors.training.text.multilingual_encoder import MultilingualEncoder

CORPUS_LINES = 40_000
"""Of each corpus; a part of them settles thresholds."""

LOOK_ALIKE_WEIGHT = 3.0
OWN_WEIGHT = 2.0
"""How much a look-alike and a line count for their own topic, beside other lines."""

GRAVE_WEIGHT = 0.3
"""Of another grave topic in a line that has one: it may have both, and nobody said."""

GRAVE = ("abuse", "threat", "sexual_harassment")
SEED = 5


@dataclass(frozen=True, slots=True)
class TopicFeatures:
    """What the model is fitted to of some lines.

    Attributes:
        encoded: the encoder's features, ``float32[lines, 2560]``.
        ngrams: ``float32[lines, NGRAM_BUCKETS]``.
    """

    encoded: NDArray[np.float32]
    ngrams: sparse.csr_matrix

    def join(self, other: TopicFeatures) -> TopicFeatures:
        """Both."""
        return TopicFeatures(
            np.concatenate([self.encoded, other.encoded]),
            sparse.vstack([self.ngrams, other.ngrams]).tocsr(),
        )

    def select(self, rows: NDArray[np.bool_]) -> TopicFeatures:
        """Some of the lines."""
        return TopicFeatures(self.encoded[rows], self.ngrams[np.flatnonzero(rows)])


@dataclass(frozen=True, slots=True)
class TrainingLines:
    """All that a topic model is fitted to.

    Attributes:
        lines: written for a theme.
        truth, weights: of the lines, see `build_targets`.
        known: their features.
        topicless: features of lines of corpora that have no topic.
        ordinary: likewise of lines of ordinary calls.
    """

    encoder: MultilingualEncoder
    lines: Sequence[ThemeLine]
    truth: NDArray[np.float32]
    weights: NDArray[np.float32]
    known: TopicFeatures
    topicless: TopicFeatures
    ordinary: TopicFeatures


def load_training_lines(data: Path, progress: Progress) -> TrainingLines:
    """Read them all.

    Raises:
        CorpusError, LinesError: ``data`` lacks a corpus, or a file of lines is broken.
    """
    # Two writers may happen to say the same.
    measured = {line.text.casefold() for line in load_theme_lines(LINES / "test")}
    lines = [
        line
        for part in ("train", "dev")
        for line in load_theme_lines(LINES / part)
        if line.text.casefold() not in measured
    ]
    texts = [line.text for line in lines]
    topicless_texts = load_topicless_lines(data)
    ordinary_texts = [text for text, _ in load_ordinary_lines("train")]
    encoder = load_encoder([*texts, *topicless_texts, *ordinary_texts])
    step = progress.begin("encoding lines", 3)
    truth, weights = build_targets(lines)
    known, topicless, ordinary = (
        _read_features(encoder, part, step) for part in (texts, topicless_texts, ordinary_texts)
    )
    return TrainingLines(encoder, lines, truth, weights, known, topicless, ordinary)


def _read_features(
    encoder: MultilingualEncoder, texts: Sequence[str], step: Callable[[], None]
) -> TopicFeatures:
    pieces = [encoder.vocabulary.cut(split_words(text))[-MAX_PIECES:] for text in texts]
    numbers = [np.array([piece.number for piece in line], dtype=np.int64) for line in pieces]
    features = TopicFeatures(encode(LineEncoder(encoder), numbers), hash_rows(texts))
    step()
    return features


def load_topicless_lines(data: Path) -> list[str]:
    """Lines of corpora that no customer said, of the parts that nothing is measured on."""
    rng = random.Random(SEED)  # noqa: S311 - no secret
    # The other half of the reviews and of the questions is measured on.
    reviews = [review for review, _ in load_ratings(data / "text/nsmc/reviews.tsv.gz")][::2]
    with (data / "text/songys_chatbot/ChatbotData.csv").open(encoding="utf-8", newline="") as file:
        chat = [row["Q"] for row in csv.DictReader(file)][::2]
    corpora = (
        [row.text for row in load_texts(data / "text/kote/val.tsv", text=1, label=2)],
        [row.text for row in load_texts(data / "text/goemotions/train.tsv.gz", text=0, label=1)],
        reviews,
        chat,
    )
    return [text for texts in corpora for text in rng.sample(texts, min(CORPUS_LINES, len(texts)))]


def build_targets(lines: Sequence[ThemeLine]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What lines are about: their own theme for certain, of others nobody said so.

    Returns:
        Truth and weights, each ``float32[lines, topics]``.
    """
    truth = np.zeros((len(lines), len(THEMES)), np.float32)
    weights = np.ones_like(truth)
    for row, line in enumerate(lines):
        column = THEMES.index(line.theme)
        if line.is_expected and line.theme in GRAVE:
            weights[row, [THEMES.index(theme) for theme in GRAVE]] = GRAVE_WEIGHT
            weights[row, THEMES.index("abuse")] = 0.0
        truth[row, column] = line.is_expected
        weights[row, column] = OWN_WEIGHT if line.is_expected else LOOK_ALIKE_WEIGHT
    return truth, weights
