"""Phrases with one thing taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.text.phrases import Phrases


def exclusion_mutant_name(exclusion: str) -> str:
    """The name of the mutation that does not spare this negative phrase."""
    return f"not sparing {exclusion!r}"


def reduce_phrases(phrases: Phrases) -> Iterator[tuple[str, Phrases]]:
    """The phrases without those of one language, one pattern, or one exclusion."""
    for language, texts in phrases.inclusions.items():
        if texts:
            remaining = {**phrases.inclusions, language: ()}
            yield f"without its phrases in {language}", replace(phrases, inclusions=remaining)
    for language, lines in phrases.exact.items():
        if lines:
            remaining = {**phrases.exact, language: ()}
            yield f"without its whole lines in {language}", replace(phrases, exact=remaining)
    for pattern in phrases.patterns:
        others = tuple(other for other in phrases.patterns if other != pattern)
        yield f"without the pattern {pattern!r}", replace(phrases, patterns=others)
    yield from _reduce_exclusions(phrases)


def _reduce_exclusions(phrases: Phrases) -> Iterator[tuple[str, Phrases]]:
    for language, exclusions in phrases.exclusions.items():
        for exclusion in exclusions:
            others = tuple(other for other in exclusions if other != exclusion)
            remaining = {**phrases.exclusions, language: others}
            yield exclusion_mutant_name(exclusion), replace(phrases, exclusions=remaining)
