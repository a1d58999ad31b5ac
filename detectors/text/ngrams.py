"""Hashed n-grams of characters and words: the text model's input.

Used by training and serving alike, so that they cannot differ. Changing anything here changes
every number: train again, which also changes the model's version.
"""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.text.normalising import decompose_jamo, normalise_text
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

BUCKETS = {Language.KOREAN: 98_304, Language.ENGLISH: 49_152}
"""Rows of the embedding table per language; Korean comes first."""
OFFSETS = {Language.KOREAN: 0, Language.ENGLISH: BUCKETS[Language.KOREAN]}
TABLE_ROWS = sum(BUCKETS.values())

MAX_CHARACTERS = 600
"""Only the end of a longer line is read: cost is bounded, the newest words count."""

JAMO_LENGTHS = range(3, 8)
SYLLABLE_LENGTHS = range(1, 4)
LETTER_LENGTHS = range(3, 6)

_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)
_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd constants of FNV-1a and of Fibonacci hashing."""


def hash_line(text: str, language: Language) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Hash a line's n-grams into the buckets of the model's table.

    Returns:
        Buckets, ``int64[k]``, and weights, ``float32[k]``: 1 + log of the count, scaled to unit
        length. Both are empty for a line without words.
    """
    buckets, weights = hash_bag(text, language, BUCKETS[language])
    return buckets + OFFSETS[language], weights


def hash_bag(
    text: str, language: Language, bucket_count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Hash a line's n-grams into so many buckets.

    Returns:
        As `hash_line`, buckets from 0.
    """
    buckets, counts = np.unique(
        hash_ngrams(text, language) % np.uint64(bucket_count), return_counts=True
    )
    weights = 1 + np.log(counts)
    weights = weights / max(float(np.sqrt((weights**2).sum())), 1e-6)
    return buckets.astype(np.int64), weights.astype(np.float32)


def hash_ngrams(text: str, language: Language) -> NDArray[np.uint64]:
    """Hash a line's n-grams, each as often as it occurs, ``uint64[k]``."""
    line = f" {normalise_text(text)[-MAX_CHARACTERS:]} "
    parts = _korean_ngrams(line) if language is Language.KOREAN else _english_ngrams(line)
    return np.concatenate([part for part in parts if part.size] or [np.zeros(0, np.uint64)])


def _korean_ngrams(line: str) -> Iterable[NDArray[np.uint64]]:
    yield from _character_ngrams(decompose_jamo(line), JAMO_LENGTHS, salt=1)
    yield from _character_ngrams(line, SYLLABLE_LENGTHS, salt=2)
    yield _word_ngrams(line)


def _english_ngrams(line: str) -> Iterable[NDArray[np.uint64]]:
    yield from _character_ngrams(line, LETTER_LENGTHS, salt=3)
    yield _word_ngrams(line)


def _character_ngrams(line: str, lengths: range, *, salt: int) -> Iterable[NDArray[np.uint64]]:
    """Hash every run of characters of these lengths, all positions at once."""
    codes = np.frombuffer(line.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    rolling = np.full(codes.size, _BASIS + np.uint64(salt), dtype=np.uint64)
    for length in range(1, lengths.stop):
        if length > codes.size:
            return
        rolling = (rolling[: codes.size - length + 1] ^ codes[length - 1 :]) * _PRIME
        if length in lengths:
            yield (rolling * _MIX) >> np.uint64(24)


def _word_ngrams(line: str) -> NDArray[np.uint64]:
    words = line.split()
    pairs = (f"{first} {second}" for first, second in pairwise(words))
    return np.array(
        [zlib.crc32(word.encode("utf-8", "replace")) for word in (*words, *pairs)],
        dtype=np.uint64,
    )
