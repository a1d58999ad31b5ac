"""Cutting a line into the pieces that the sentence encoder knows (a unigram language model).

Of all ways to write a line as pieces the likeliest is taken, by Viterbi's algorithm, as
SentencePiece does it (Kudo, Subword Regularization, 2018).
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORD_START = "\u2581"
"""Stands for the space before a word."""

UNKNOWN, LINE_START, LINE_END = 0, 1, 2
"""Numbers of the pieces that have no letters; they come first in every vocabulary."""

MAX_CHARACTERS = 160
"""Only the end of a longer line is cut up: cost is bounded, the newest words count."""

_UNKNOWN_PENALTY = 10.0
"""How much less likely a letter without a piece is than the rarest piece (log)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a line.

    Attributes:
        number: in the vocabulary.
        word: which word of the line it is part of, from 0; -1 for the line's start and end.
    """

    number: int
    word: int


@dataclass(frozen=True, slots=True)
class PieceVocabulary:
    """Pieces and how likely they are.

    Attributes:
        pieces: by number; the first three have no letters.
        scores: log probability of each.
    """

    pieces: Sequence[str]
    scores: Sequence[float]
    _numbers: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)
    _unknown_score: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers = {piece: number for number, piece in enumerate(self.pieces) if number > LINE_END}
        derived_fields = {
            "_numbers": numbers,
            "_longest": max(map(len, numbers), default=1),
            "_unknown_score": min(self.scores, default=0.0) - _UNKNOWN_PENALTY,
        }
        for name, value in derived_fields.items():
            object.__setattr__(self, name, value)

    def cut(self, words: Sequence[str]) -> list[Piece]:
        """Cut the words of a line into pieces, the line's start and end among them."""
        text = "".join(WORD_START + word for word in words)
        pieces = [Piece(LINE_START, -1)]
        word = -1
        for start, end, number in self._find_likeliest(text):
            first_word = word + 1 if text[start] == WORD_START else word
            word += text.count(WORD_START, start, end)
            pieces.append(Piece(number, max(first_word, 0)))
        return [*pieces, Piece(LINE_END, -1)]

    def _find_likeliest(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end and number of each piece of the likeliest way to write ``text``."""
        best = [0.0, *[-math.inf] * len(text)]
        last = [(0, UNKNOWN)] * (len(text) + 1)
        for start in range(len(text)):
            for end in range(start + 1, min(start + self._longest, len(text)) + 1):
                number = self._numbers.get(text[start:end])
                if number is None and end > start + 1:
                    continue
                score = self._unknown_score if number is None else self.scores[number]
                if best[start] + score > best[end]:
                    best[end] = best[start] + score
                    last[end] = start, UNKNOWN if number is None else number
        return _trace_back(last, len(text))


def _trace_back(last: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int, int]]:
    path = []
    while end > 0:
        start, number = last[end]
        path.append((start, end, number))
        end = start
    return path[::-1]


def split_words(text: str) -> list[str]:
    """Split a line into words as the encoder knows them: compatibility forms folded (NFKC)."""
    return unicodedata.normalize("NFKC", text[-MAX_CHARACTERS:]).split()
