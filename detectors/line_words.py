"""How alike the words of two lines are, whatever their spaces and punctuation. Pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

MIN_SIMILARITY = 0.6
"""Two lines that begin together are one, corrected, when this much of their letters agrees."""

MAX_LETTERS = 300
"""Letters that are compared: the effort grows with their square."""

MAX_BACKCHANNEL_WEIGHT = 8
"""Up to four Korean syllables or eight letters ("네 네", "uh-huh") interrupt nobody."""

_BACKCHANNEL = re.compile(
    r"(네|넵|예|응|음|아|어|오|저런|그래요|그러세요|그러셨어요|그러셨구나|그러시군요|그러셨군요|그렇군요|그렇죠|그렇습니까"
    r"|맞아요|맞습니다|알겠습니다|알겠어요|고객님|선생님|어머니|아버님|손님"
    r"|mm+|m?hm+|uhhuh|uh|huh|ah|oh|yes|yeah|yep|ok|okay|right|sure|alright|isee|gotit|ofcourse"
    r"|iunderstand|goon|sir|maam)+"
)
"""What people say to show that they listen, however often, and how they address the other."""

_MIN_RUN = 2
"""Letters in a row that count as the same words, not as chance."""


@lru_cache(maxsize=256)
def extract_letters(text: str) -> str:
    """Letters and digits alone, composed and case-folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def weigh_letters(letters: str) -> int:
    """How much is said: a syllable of Korean counts as two letters."""
    return sum(2 if "\uac00" <= letter <= "\ud7a3" else 1 for letter in letters)


def is_backchannel(text: str) -> bool:
    """Whether words only show that somebody listens: the other goes on."""
    letters = extract_letters(text)
    return (
        weigh_letters(letters) <= MAX_BACKCHANNEL_WEIGHT
        or _BACKCHANNEL.fullmatch(letters[:MAX_LETTERS]) is not None
    )


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
