"""Finding phrases in a line of transcript: literal words and two wildcards.

Supervisors write phrases, and we make the expressions, each of them bounded. So no rule file
can make the line stand still, whatever is written in it. Whoever needs a regular expression
writes a pattern (`playbooks.text.patterns`), which is bounded in another way.

A Korean phrase is found at the start of a word, whatever the spacing behind that ("죽고싶"
finds "죽고 싶다고"), and particles may follow. An English phrase is found as whole words.
``*`` stands for up to 20 letters inside a word, ``...`` for up to 25 characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.text.patterns import compile_pattern
from playbooks.text.phrase_finder import Finder, finder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_PHRASE = 80
MAX_WILDCARDS = 3
MAX_LINE = 2_000
"""Characters of one line that are searched: about two minutes of speech."""

_MAX_GRAM = 4
_WILDCARD = re.compile(r"\*|\.\.\.|…")
_MASK = "_"
"""A word character: what follows a false friend does not become the start of a word."""


class PhraseError(ValueError):
    """The phrase cannot be looked for. The message says what to write instead."""


def normalise(text: str) -> str:
    """NFC, case-folded, straight apostrophes, single spaces; at most `MAX_LINE` characters."""
    folded = unicodedata.normalize("NFC", text[:MAX_LINE]).casefold().replace("\u2019", "'")
    return " ".join(folded.split())


@dataclass(frozen=True, slots=True)
class IndexedLine:
    """A line made ready for looking things up in it.

    Attributes:
        text: as `normalise` gives it.
        grams: every run of 2 to 4 characters, spaces left out: what cannot be in it is not
            looked for, which makes hundreds of playbooks cheap.
        letters: its letters and digits alone.
    """

    text: str
    grams: frozenset[str]
    letters: str


@lru_cache(maxsize=64)
def index_line(text: str) -> IndexedLine:
    """Make a line ready. Remembered, because every playbook asks for the same line."""
    line = normalise(text)
    compact = line.replace(" ", "")
    grams = {
        compact[i : i + n] for n in range(2, _MAX_GRAM + 1) for i in range(len(compact) - n + 1)
    }
    return IndexedLine(line, frozenset(grams), extract_letters(line))


def extract_letters(text: str) -> str:
    """Letters and digits alone, as `normalise`: no spaces, no punctuation."""
    return "".join(filter(str.isalnum, normalise(text)))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases to look for, and false friends that do not count.

    Attributes:
        inclusions: phrases per language. Every language is looked for in every line.
        exclusions: false friends: where one of these is said, its words are passed over.
        exact: lines that are looked for as a whole, whatever their spaces and punctuation.
        patterns: regular expressions that are looked for as well (`playbooks.text.patterns`).

    Raises:
        PhraseError: a phrase is empty, too short, too long or has too many wildcards.
        PatternError: a pattern cannot be used.
    """

    inclusions: Mapping[Language, tuple[str, ...]]
    exclusions: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    exact: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    _finders_by_anchor: Mapping[str, Finder] = field(init=False, repr=False, compare=False)
    _exclusion_finders: Mapping[str, Finder] = field(init=False, repr=False, compare=False)
    _exact_letters: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        derived_fields = {
            "_finders_by_anchor": _compile_finders(self.inclusions),
            "_exclusion_finders": _compile_finders(self.exclusions),
            "_exact_letters": frozenset(
                extract_letters(line) for _, line in _iterate_phrases(self.exact)
            ),
        }
        for pattern in self.patterns:
            compile_pattern(pattern)
        for name, value in derived_fields.items():
            object.__setattr__(self, name, value)

    @property
    def is_empty(self) -> bool:
        """There is nothing to look for."""
        return not (self._finders_by_anchor or self._exact_letters or self.patterns)

    @property
    def anchors(self) -> frozenset[str] | None:
        """A line without any of these has none of the phrases; ``None``: there is no such list."""
        return None if self.patterns or self._exact_letters else frozenset(self._finders_by_anchor)

    def may_match(self, text: str) -> bool:
        """One of the phrases may be in ``text``; never wrong about "no"."""
        line = index_line(text)
        if (
            not self._finders_by_anchor.keys().isdisjoint(line.grams)
            or line.letters in self._exact_letters
        ):
            return True
        return any(compile_pattern(pattern).search(line.text) for pattern in self.patterns)

    def find_first(self, text: str) -> str | None:
        """The first words in ``text`` that match, up to the end of their word, or ``None``."""
        line = index_line(text)
        if line.letters in self._exact_letters:
            return line.text
        candidates = self._finders_by_anchor.keys() & line.grams
        if not candidates and not self.patterns:
            return None
        words = self._mask_exclusions(line)
        spans = [
            span for anchor in candidates if (span := self._finders_by_anchor[anchor].find(words))
        ]
        if not spans:
            return self._search_patterns(words)
        first = min(spans, key=lambda span: (span.start, -span.end))
        return words[first.start : first.end]

    def _mask_exclusions(self, line: IndexedLine) -> str:
        words = line.text
        for anchor in sorted(self._exclusion_finders.keys() & line.grams):
            words = self._exclusion_finders[anchor].without(words, _MASK)
        return words

    def _search_patterns(self, words: str) -> str | None:
        for pattern in self.patterns:
            if match := compile_pattern(pattern).search(words):
                return str(match.group())
        return None


def validate_phrase(phrase: str) -> str:
    """The phrase itself.

    Raises:
        PhraseError: it cannot be looked for.
    """
    if len(phrase) > MAX_PHRASE:
        message = f"is longer than {MAX_PHRASE} characters; keep the words that matter"
        raise PhraseError(message)
    if len(_WILDCARD.findall(phrase)) > MAX_WILDCARDS:
        message = f"has more than {MAX_WILDCARDS} wildcards; write several shorter phrases"
        raise PhraseError(message)
    if len(_find_anchor(phrase)) < 2:  # noqa: PLR2004 - one letter is in every line
        message = "is too short to look for; write at least two letters next to each other"
        raise PhraseError(message)
    return phrase


def _iterate_phrases(phrases: Mapping[Language, Iterable[str]]) -> Iterator[tuple[Language, str]]:
    return ((language, phrase) for language in phrases for phrase in phrases[language])


def _find_anchor(phrase: str) -> str:
    """Letters without which the phrase cannot be there: of its longest part, the first four."""
    parts = (part.replace(" ", "") for part in _WILDCARD.split(normalise(phrase)))
    return max(parts, key=len)[:_MAX_GRAM]


def _compile_finders(phrases: Mapping[Language, Iterable[str]]) -> dict[str, Finder]:
    """By anchor, what finds the phrases that have it."""
    by_anchor: dict[str, list[tuple[str, bool]]] = {}
    for language, phrase in _iterate_phrases(phrases):
        entry = (normalise(phrase), language is Language.KOREAN)
        by_anchor.setdefault(_find_anchor(validate_phrase(phrase)), []).append(entry)
    return {anchor: finder_of(entries) for anchor, entries in by_anchor.items()}
