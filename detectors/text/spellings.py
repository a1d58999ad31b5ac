"""Tables of spellings: words as people type or recognisers mishear them, and what is meant.

One file per language, `lexicon/<language>.spellings.txt`, with a line for each: what is written,
``->``, what is meant. Korean words are replaced inside words as well (endings follow them),
consonants alone (ㄹㅇ) and English words only where they stand alone. Training and serving read
the same tables: a changed table needs a new training.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.detector import DetectorUnavailableError
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "lexicon"
ARROW = "->"
_CONSONANTS = re.compile(r"[\u3131-\u314e]+")


class SpellingsError(DetectorUnavailableError):
    """A table cannot be read; names every bad line as file:line."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """What is written, and what is meant by it; matched in one pass, longest first."""

    corrections: Mapping[str, str]
    pattern: re.Pattern[str]

    def correct(self, line: str) -> str:
        """Write a lower-case line (NFC) as it is meant."""
        return self.pattern.sub(lambda match: self.corrections[match.group()], line)


@cache
def load_spellings(folder: Path = FOLDER) -> Spellings:
    """Read the tables of all languages; a line may mix them.

    Raises:
        SpellingsError: one is missing, is not UTF-8, or has lines that mean nothing.
    """
    corrections: dict[str, str] = {}
    variants_by_boundary: dict[str, list[str]] = {}
    for language in Language:
        for variant, correction in _parse_rows(folder / f"{language}.spellings.txt"):
            corrections[variant] = correction
            variants_by_boundary.setdefault(_boundary_pattern(variant, language), []).append(
                re.escape(variant)
            )
    # One alternation a kind: the engine then looks for first letters, not for every word.
    patterns = [
        boundary.replace("WORD", "|".join(sorted(words, key=lambda word: (-len(word), word))))
        for boundary, words in variants_by_boundary.items()
    ]
    return Spellings(corrections, re.compile("|".join(patterns)))


def _parse_rows(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        raise SpellingsError(message) from error
    problems, rows = [], []
    for number, line in enumerate(lines, start=1):
        variant, arrow, correction = (part.strip() for part in line.partition(ARROW))
        if not variant or variant.startswith("#"):
            continue
        if not arrow or not correction or variant != variant.lower():
            problems.append(f"{path}:{number}: not 'written {ARROW} meant' in lower case")
        rows.append((variant, correction))
    if problems:
        raise SpellingsError("\n".join(problems))
    yield from rows


def _boundary_pattern(variant: str, language: Language) -> str:
    """Where such a word may stand, as a pattern with WORD in the words' place."""
    if _CONSONANTS.fullmatch(variant):
        return r"(?<![\u3131-\u3163])(?:WORD)(?![\u3131-\u3163])"
    # A word of one syllable (넘 for 너무) is part of too many others.
    inside = language is Language.KOREAN and len(variant) > 1
    return "(?:WORD)" if inside else r"(?<!\w)(?:WORD)(?!\w)"
