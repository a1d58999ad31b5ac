"""What a line is about as a whole: topics by its wording, beside those of the word lists.

A caller says "I won't be around after this weekend" without any word of a list. Two models add up:
Google's multilingual sentence encoder (convolutions over pieces of words) with its last layers
fitted to lines that were written for a topic, and to look-alikes; and a logistic regression on the
n-grams of the same lines. A topic is named only above a threshold that was set for few false
alarms; the words without which they would be least sure are its reason.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, open_artifact
from detectors.labels import Topic
from detectors.reading import TopicMatch
from detectors.text.ngrams import hash_bag
from detectors.text.normalising import has_script
from detectors.text.sentence_pieces import PieceVocabulary, split_words
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

from detectors.text.sentence_pieces import Piece

KIND = "text-topics"
ARTIFACT = MODELS / f"{KIND}.onnx"

NGRAM_BUCKETS = 1 << 18
"""Rows of the table of n-grams."""

MAX_PIECES = 32
"""Only the end of a longer line is read: some 20 words: it bounds what a line costs."""

MAX_REASON_WORDS = 4
"""Words next to each other that are named as a topic's reason."""

CONTEXT_WORDS = 3
"""On either side of the reason, for playbooks to know false friends by."""

MIN_WORD_SHARE = 0.3
"""A reason begins and ends with words that weigh at least so much of what its weightiest does."""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How sure the model is of a topic.

    Attributes:
        margin: logit above the topic's threshold; the topic is named from 0 on.
    """

    topic: Topic
    margin: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the model takes it; buckets and weights are those of its n-grams."""

    pieces: Sequence[Piece]
    buckets: NDArray[np.int64]
    weights: NDArray[np.float32]


class TopicModel:
    """Names the topics of a line by its wording as a whole.

    Attributes:
        artifact: the opened model.
    """

    def __init__(self, path: Path = ARTIFACT) -> None:
        """Load the model.

        Raises:
            DetectorUnavailableError: the file is missing, broken or another kind.
        """
        self.artifact: Artifact = open_artifact(path, kind=KIND)
        self.version: str = self.artifact["version"]
        self._topics = [Topic(name) for name in self.artifact["topics"]]
        self._thresholds = np.array(self.artifact["thresholds"], dtype=np.float32)
        self._vetoes = np.array(self.artifact["vetoes"], dtype=np.float32) - self._thresholds
        self._vocabulary = PieceVocabulary(
            tuple(self.artifact["pieces"]), tuple(self.artifact["piece_scores"])
        )

    def score(self, text: str) -> list[TopicScore]:
        """Score every topic of a line.

        Raises:
            DetectorUnavailableError: the model does not run.
        """
        margins = self._run("logits", self._cut(split_words(text)))[0] - self._thresholds
        return [
            TopicScore(topic, float(margin))
            for topic, margin in zip(self._topics, margins, strict=True)
        ]

    def complete(self, text: str, listed: Sequence[TopicMatch]) -> list[TopicMatch]:
        """Give the topics of a line that lists and wording name together.

        Words of a list stand, unless the line as a whole is far from the topic. A topic that no
        list knows is added, with the words that weighed most.

        Args:
            text: the line.
            listed: what the word lists found in it.

        Raises:
            DetectorUnavailableError: the model does not run.
        """
        words = split_words(text)
        if not words:
            return list(listed)
        line = self._cut(words)
        margins = self._run("logits", line)[0] - self._thresholds
        far = set(itertools.compress(self._topics, margins < self._vetoes))
        is_whole = len(line.pieces) < MAX_PIECES
        matches = [match for match in listed if not (is_whole and match.topic in far)]
        listed_topics = {match.topic for match in matches}
        found = self._find_topics(words, line, margins)
        return [*matches, *(match for match in found if match.topic not in listed_topics)]

    def _find_topics(
        self, words: Sequence[str], line: _Line, margins: NDArray[np.float32]
    ) -> list[TopicMatch]:
        columns = np.flatnonzero(margins >= 0)
        if not columns.size:
            return []
        weights = self._weigh_words(words, line)
        return [_build_match(self._topics[column], words, weights[:, column]) for column in columns]

    def _weigh_words(self, words: Sequence[str], line: _Line) -> NDArray[np.float32]:
        """By how much the logits would be lower without each word, ``float32[words, topics]``."""
        weights = np.empty((len(words), len(self._topics)), dtype=np.float32)
        ngrams = self._run("ngrams", line)[0]
        for place in range(len(words)):
            rest = _Line(line.pieces, *hash_topic_ngrams([*words[:place], *words[place + 1 :]]))
            weights[place] = ngrams - self._run("ngrams", rest)[0]
        by_piece = self._run("logits", line)[0] - self._run("without", line)
        for piece, weight in zip(line.pieces, by_piece, strict=True):
            if piece.word >= 0:
                weights[piece.word] += weight
        return weights

    def _cut(self, words: Sequence[str]) -> _Line:
        return _Line(self._vocabulary.cut(words)[-MAX_PIECES:], *hash_topic_ngrams(words))

    def _run(self, output: str, line: _Line) -> NDArray[np.float32]:
        numbers = np.array([piece.number for piece in line.pieces], dtype=np.int64)
        return self.artifact.run(
            output, pieces=numbers, buckets=line.buckets, weights=line.weights
        )[output]


def hash_topic_ngrams(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The n-grams of a line, as training and serving know them.

    Args:
        words: as `split_words` gives them.

    Returns:
        Buckets below `NGRAM_BUCKETS`, ``int64[k]``, and weights, ``float32[k]``.
    """
    text = " ".join(words)
    language = Language.KOREAN if has_script(text, Language.KOREAN) else Language.ENGLISH
    return hash_bag(text, language, NGRAM_BUCKETS)


def _build_match(topic: Topic, words: Sequence[str], weights: NDArray[np.float32]) -> TopicMatch:
    first, last = _find_weightiest(weights)
    around = words[max(0, first - CONTEXT_WORDS) : last + 1 + CONTEXT_WORDS]
    return TopicMatch(topic, " ".join(words[first : last + 1]), " ".join(around))


def _find_weightiest(by_word: NDArray[np.float32]) -> tuple[int, int]:
    """First and last of the adjoining words that weigh most."""
    word_count = len(by_word)
    starts = range(max(1, word_count - MAX_REASON_WORDS + 1))
    start = max(starts, key=lambda place: float(by_word[place : place + MAX_REASON_WORDS].sum()))
    window = by_word[start : start + MAX_REASON_WORDS]
    heavy = start + np.flatnonzero(window >= MIN_WORD_SHARE * window.max())
    return (int(heavy[0]), int(heavy[-1])) if heavy.size else (start, start)
