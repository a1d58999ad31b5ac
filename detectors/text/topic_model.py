"""What a line is about as a whole: topics by a sentence encoder, beside those of the word lists.

A caller says "I won't be around after this weekend" without any word of a list. The encoder is
Google's multilingual one (convolutions over pieces of words), its last layers fitted to lines that
were written for a topic, and to look-alikes. It names a topic only above a threshold that was set
for few false alarms; the words without which it would be least sure are its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, open_artifact
from detectors.labels import Topic
from detectors.reading import TopicMatch
from detectors.text.sentence_pieces import PieceVocabulary, split_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.text.sentence_pieces import Piece

KIND = "text-topics"
ARTIFACT = MODELS / f"{KIND}.onnx"

MAX_PIECES = 32
"""Only the end of a longer line is read: some 20 words: it bounds what a line costs."""

MAX_REASON_WORDS = 4
"""Words next to each other that are named as a topic's reason."""

VETO_MARGIN = -8.0
"""Below this margin a line is so unlike its topic that words of a list do not make it one."""

ABUSE_VETO_MARGIN = -11.0
"""Likewise for abuse: an oath is one in almost any line."""

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
        self._vocabulary = PieceVocabulary(
            tuple(self.artifact["pieces"]), tuple(self.artifact["piece_scores"])
        )

    def score(self, text: str) -> list[TopicScore]:
        """Score every topic of a line.

        Raises:
            DetectorUnavailableError: the model does not run.
        """
        _, margins = self._read(split_words(text))
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
        pieces, margins = self._read(words)
        by_topic = dict(zip(self._topics, margins.tolist(), strict=True))
        is_whole = len(pieces) < MAX_PIECES
        matches = [
            match
            for match in listed
            if not is_whole or by_topic[match.topic] >= _veto_margin(match.topic)
        ]
        listed_topics = {match.topic for match in matches}
        found = self._find_topics(words, pieces, margins)
        return [*matches, *(match for match in found if match.topic not in listed_topics)]

    def _find_topics(
        self, words: Sequence[str], pieces: Sequence[Piece], margins: NDArray[np.float32]
    ) -> list[TopicMatch]:
        columns = np.flatnonzero(margins >= 0)
        if not columns.size:
            return []
        weights = margins - (self._run("without", pieces) - self._thresholds)
        return [
            _build_match(self._topics[column], words, pieces, weights[:, column])
            for column in columns
        ]

    def _read(self, words: Sequence[str]) -> tuple[list[Piece], NDArray[np.float32]]:
        pieces = self._vocabulary.cut(words)[-MAX_PIECES:]
        return pieces, (self._run("logits", pieces)[0] - self._thresholds)

    def _run(self, output: str, pieces: Sequence[Piece]) -> NDArray[np.float32]:
        numbers = np.array([piece.number for piece in pieces], dtype=np.int64)
        return self.artifact.run(output, pieces=numbers)[output]


def _veto_margin(topic: Topic) -> float:
    return ABUSE_VETO_MARGIN if topic is Topic.ABUSE else VETO_MARGIN


def _build_match(
    topic: Topic, words: Sequence[str], pieces: Sequence[Piece], weights: NDArray[np.float32]
) -> TopicMatch:
    first, last = _find_weightiest(len(words), pieces, weights)
    around = words[max(0, first - CONTEXT_WORDS) : last + 1 + CONTEXT_WORDS]
    return TopicMatch(topic, " ".join(words[first : last + 1]), " ".join(around))


def _find_weightiest(
    word_count: int, pieces: Sequence[Piece], weights: NDArray[np.float32]
) -> tuple[int, int]:
    """First and last of the adjoining words that weigh most; ``weights`` are of the pieces."""
    by_word = np.zeros(word_count, dtype=np.float32)
    for piece, weight in zip(pieces, weights, strict=True):
        if piece.word >= 0:
            by_word[piece.word] += weight
    starts = range(max(1, word_count - MAX_REASON_WORDS + 1))
    start = max(starts, key=lambda place: float(by_word[place : place + MAX_REASON_WORDS].sum()))
    window = by_word[start : start + MAX_REASON_WORDS]
    heavy = start + np.flatnonzero(window >= MIN_WORD_SHARE * window.max())
    return (int(heavy[0]), int(heavy[-1])) if heavy.size else (start, start)
