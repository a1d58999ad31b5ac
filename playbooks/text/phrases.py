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
from playbooks.text.patterns import expression_of
from playbooks.text.phrase_finder import Finder, finder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_PHRASE = 80
MAX_WILDCARDS = 3
MAX_LINE = 2_000
"""Characters of one line that are searched: about two minutes of speech."""

_GRAM = 4
_WILD = re.compile(r"\*|\.\.\.|…")
_FALSE_FRIEND = "_"
"""A word character: what follows a false friend does not become the start of a word."""


class PhraseError(ValueError):
    """The phrase cannot be looked for. The message says what to write instead."""


def normalised(text: str) -> str:
    """NFC, case-folded, straight apostrophes, single spaces; at most `MAX_LINE` characters."""
    folded = unicodedata.normalize("NFC", text[:MAX_LINE]).casefold().replace("\u2019", "'")
    return " ".join(folded.split())


@dataclass(frozen=True, slots=True)
class Heard:
    """A line made ready for looking things up in it.

    Attributes:
        text: as `normalised` gives it.
        grams: every run of 2 to 4 characters, spaces left out: what cannot be in it is not
            looked for, which makes hundreds of playbooks cheap.
        letters: its letters and digits alone.
    """

    text: str
    grams: frozenset[str]
    letters: str


@lru_cache(maxsize=64)
def heard(text: str) -> Heard:
    """Make a line ready. Remembered, because every playbook asks for the same line."""
    line = normalised(text)
    tight = line.replace(" ", "")
    grams = {tight[i : i + n] for n in range(2, _GRAM + 1) for i in range(len(tight) - n + 1)}
    return Heard(line, frozenset(grams), letters_of(line))


def letters_of(text: str) -> str:
    """Letters and digits alone, as `normalised`: no spaces, no punctuation."""
    return "".join(filter(str.isalnum, normalised(text)))


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases to look for, and false friends that do not count.

    Attributes:
        wanted: phrases per language. Every language is looked for in every line.
        but_not: false friends: where one of these is said, its words are passed over.
        exact: lines that are looked for as a whole, whatever their spaces and punctuation.
        patterns: regular expressions that are looked for as well (`playbooks.text.patterns`).

    Raises:
        PhraseError: a phrase is empty, too short, too long or has too many wildcards.
        PatternError: a pattern cannot be used.
    """

    wanted: Mapping[Language, tuple[str, ...]]
    but_not: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    exact: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    _anchored: Mapping[str, Finder] = field(init=False, repr=False, compare=False)
    _friends: Mapping[str, Finder] = field(init=False, repr=False, compare=False)
    _whole: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ready = {
            "_anchored": _compiled(self.wanted),
            "_friends": _compiled(self.but_not),
            "_whole": frozenset(letters_of(line) for _, line in _each(self.exact)),
        }
        for pattern in self.patterns:
            expression_of(pattern)
        for name, value in ready.items():
            object.__setattr__(self, name, value)

    @property
    def empty(self) -> bool:
        """There is nothing to look for."""
        return not (self._anchored or self._whole or self.patterns)

    @property
    def anchors(self) -> frozenset[str] | None:
        """A line without any of these has none of the phrases; ``None``: there is no such list."""
        return None if self.patterns or self._whole else frozenset(self._anchored)

    def may_be_in(self, text: str) -> bool:
        """One of the phrases may be in ``text``; never wrong about "no"."""
        line = heard(text)
        if not self._anchored.keys().isdisjoint(line.grams) or line.letters in self._whole:
            return True
        return any(expression_of(pattern).search(line.text) for pattern in self.patterns)

    def found_in(self, text: str) -> str | None:
        """The first words in ``text`` that match, up to the end of their word, or ``None``."""
        line = heard(text)
        if line.letters in self._whole:
            return line.text
        maybe = self._anchored.keys() & line.grams
        if not maybe and not self.patterns:
            return None
        words = self._without_friends(line)
        found = [span for one in maybe if (span := self._anchored[one].find(words))]
        if not found:
            return self._by_pattern(words)
        first = min(found, key=lambda span: (span.start, -span.end))
        return words[first.start : first.end]

    def _without_friends(self, line: Heard) -> str:
        words = line.text
        for anchor in sorted(self._friends.keys() & line.grams):
            words = self._friends[anchor].without(words, _FALSE_FRIEND)
        return words

    def _by_pattern(self, words: str) -> str | None:
        for pattern in self.patterns:
            if match := expression_of(pattern).search(words):
                return str(match.group())
        return None


def checked(phrase: str) -> str:
    """The phrase itself.

    Raises:
        PhraseError: it cannot be looked for.
    """
    if len(phrase) > MAX_PHRASE:
        message = f"is longer than {MAX_PHRASE} characters; keep the words that matter"
        raise PhraseError(message)
    if len(_WILD.findall(phrase)) > MAX_WILDCARDS:
        message = f"has more than {MAX_WILDCARDS} wildcards; write several shorter phrases"
        raise PhraseError(message)
    if len(_anchor(phrase)) < 2:  # noqa: PLR2004 - one letter is in every line
        message = "is too short to look for; write at least two letters next to each other"
        raise PhraseError(message)
    return phrase


def _each(phrases: Mapping[Language, Iterable[str]]) -> Iterator[tuple[Language, str]]:
    return ((language, phrase) for language in phrases for phrase in phrases[language])


def _anchor(phrase: str) -> str:
    """Letters without which the phrase cannot be there: of its longest part, the first four."""
    parts = (part.replace(" ", "") for part in _WILD.split(normalised(phrase)))
    return max(parts, key=len)[:_GRAM]


def _compiled(phrases: Mapping[Language, Iterable[str]]) -> dict[str, Finder]:
    """By anchor, what finds the phrases that have it."""
    made: dict[str, list[tuple[str, bool]]] = {}
    for language, phrase in _each(phrases):
        told = (normalised(phrase), language is Language.KOREAN)
        made.setdefault(_anchor(checked(phrase)), []).append(told)
    return {anchor: finder_of(each) for anchor, each in made.items()}
