"""How alike the words of two lines are, whatever their spaces and punctuation. Pure."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

MIN_SIMILARITY = 0.6
"""Two lines that begin together are one, corrected, when this much of their letters agrees."""

MAX_LETTERS = 300
"""Letters that are compared: the effort grows with their square."""

_MIN_RUN = 2
"""Letters in a row that count as the same words, not as chance."""


@lru_cache(maxsize=256)
def extract_letters(text: str) -> str:
    """Letters and digits alone, composed and case-folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def weigh_letters(letters: str) -> int:
    """How much is said: a syllable of Korean counts as two letters."""
    return sum(2 if "\uac00" <= letter <= "\ud7a3" else 1 for letter in letters)


def is_similar(letters: str, others: str) -> bool:
    """Whether one goes on where the other ends, or is the other with some words corrected."""
    if not letters or not others:
        return False
    if letters.startswith(others) or others.startswith(letters):
        return True
    matcher = SequenceMatcher(None, letters[:MAX_LETTERS], others[:MAX_LETTERS], autojunk=False)
    return matcher.quick_ratio() >= MIN_SIMILARITY and matcher.ratio() >= MIN_SIMILARITY


def covered_ratio(letters: str, source: str) -> float:
    """The share of ``letters`` that stands in ``source``, in the same order, 0-1."""
    if letters in source:
        return 1.0
    matcher = SequenceMatcher(None, letters[:MAX_LETTERS], source[:MAX_LETTERS], autojunk=False)
    runs = (block.size for block in matcher.get_matching_blocks() if block.size >= _MIN_RUN)
    return sum(runs) / len(letters[:MAX_LETTERS])
