"""What is new in a line that is told again: longer, shorter or corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.text.phrases import extract_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.utterance import TranscriptLine
    from playbooks.text.phrases import Phrases


def find_new_words(phrases: Phrases, line: TranscriptLine, told: Sequence[str]) -> str | None:
    """The first words that match, and match more often than in what the line was before.

    Args:
        phrases: to look for.
        line: as it is told now.
        told: what of it was taken for evidence before, also across the pieces of a sentence.

    Returns:
        The words as they were written; ``None``: nothing is new.
    """
    if not line.thread.earlier_texts:
        return None
    earlier = [phrases.find_all(text) for text in line.thread.earlier_texts]
    matches = phrases.find_all(line.text)
    for words in matches:
        before = max(_count_alike(words, texts) for texts in (*earlier, tuple(told)))
        if _count_alike(words, matches) > before:
            return words
    return None


def _count_alike(words: str, others: Sequence[str]) -> int:
    """How many of ``others`` are these words, or these words cut short or going on."""
    letters = extract_letters(words)
    return sum(
        letters in other or other in letters for other in map(extract_letters, others) if other
    )
