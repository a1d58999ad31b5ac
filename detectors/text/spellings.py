"""Words as people type and recognisers mishear them, and what is meant: readable tables.

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

    meant: Mapping[str, str]
    written: re.Pattern[str]

    def mended(self, line: str) -> str:
        """Write a lower-case line (NFC) as it is meant."""
        return self.written.sub(lambda found: self.meant[found.group()], line)


@cache
def spellings(folder: Path = FOLDER) -> Spellings:
    """Read the tables of all languages; a line may mix them.

    Raises:
        SpellingsError: one is missing, is not UTF-8, or has lines that mean nothing.
    """
    meant: dict[str, str] = {}
    kinds: dict[str, list[str]] = {}
    for language in Language:
        for written, meaning in _rows(folder / f"{language}.spellings.txt"):
            meant[written] = meaning
            kinds.setdefault(_standing(written, language), []).append(re.escape(written))
    # One alternation a kind: the engine then looks for first letters, not for every word.
    patterns = [
        standing.replace("WORD", "|".join(sorted(words, key=lambda word: (-len(word), word))))
        for standing, words in kinds.items()
    ]
    return Spellings(meant, re.compile("|".join(patterns)))


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        raise SpellingsError(message) from error
    problems, rows = [], []
    for number, line in enumerate(lines, start=1):
        written, arrow, meaning = (part.strip() for part in line.partition(ARROW))
        if not written or written.startswith("#"):
            continue
        if not arrow or not meaning or written != written.lower():
            problems.append(f"{path}:{number}: not 'written {ARROW} meant' in lower case")
        rows.append((written, meaning))
    if problems:
        raise SpellingsError("\n".join(problems))
    yield from rows


def _standing(written: str, language: Language) -> str:
    """Where such a word may stand, as a pattern with WORD in the words' place."""
    if _CONSONANTS.fullmatch(written):
        return r"(?<![\u3131-\u3163])(?:WORD)(?![\u3131-\u3163])"
    # A word of one syllable (넘 for 너무) is part of too many others.
    inside = language is Language.KOREAN and len(written) > 1
    return "(?:WORD)" if inside else r"(?<!\w)(?:WORD)(?!\w)"
