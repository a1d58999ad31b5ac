"""Finding phrases in a line of transcript: literal words and two wildcards.

Supervisors write phrases, and we make the expressions, each of them bounded. So no rule file
can make the line stand still, whatever is written in it. Whoever needs a regular expression
writes a pattern (`playbooks.text.patterns`), which is bounded in another way.

Lines and phrases are brought into one form first (`detectors.text.normalising`), and a line is
also searched in the forms without disguises that `detectors.text.disguises` finds. What is found is
quoted as it was written.

A Korean phrase is found at the start of a word, whatever the spacing behind that ("죽고싶"
finds "죽고 싶다고"); particles may follow, and come or go between its words. An English phrase is
found as whole words, its contractions with or without their apostrophe.
``*`` stands for up to 20 letters inside a word, ``...`` for up to 25 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.text.disguises import find_forms
from detectors.text.normalising import normalise
from detectors.utterance import Language
from playbooks.text.patterns import compile_pattern
from playbooks.text.phrase_expression import (
    PhraseExpression,
    Span,
    build_phrase_expression,
    fold_phrase,
    to_compact_text,
    to_search_text,
)
from playbooks.text.phrase_filter import PhraseFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from detectors.text.text_form import NormalisedText

MAX_PHRASE = 80
MAX_WILDCARDS = 3
MAX_MATCHES = 16
"""Matches of one condition in one line that are told apart."""

_MIN_LETTERS = 2
_WILDCARD = re.compile(r"\*|\.\.\.|…")
_MASK = "_"
"""A word character: what follows a false friend does not become the start of a word."""


class PhraseError(ValueError):
    """The phrase cannot be looked for. The message says what to write instead."""


@dataclass(frozen=True, slots=True)
class SearchForm:
    """One form of a line.

    Attributes:
        words: the form, and where its characters were written.
        search_text: of it, as `playbooks.text.phrase_expression.to_search_text` gives it.
    """

    words: NormalisedText
    search_text: bytes


@dataclass(frozen=True, slots=True)
class IndexedLine:
    """A line made ready for looking things up in it.

    Attributes:
        text: as `detectors.text.normalising.normalise` gives it; patterns look at it.
        forms: without punctuation, and without disguises (`detectors.text.disguises`).
        compact: the search texts of all forms without spaces, for the keys of phrases.
        pattern_text: what the patterns of a whole library are looked for in: all of it.
        letters: its letters and digits alone.
        memo: by ``id``, phrases that were looked for in it, and the answer. They are kept beside
            it so that nothing else takes their id.
    """

    text: NormalisedText
    forms: tuple[SearchForm, ...]
    compact: bytes
    pattern_text: str
    letters: str
    memo: dict[int, tuple[Phrases, str | None]] = field(
        default_factory=dict, repr=False, compare=False
    )


@lru_cache(maxsize=64)
def index_line(text: str) -> IndexedLine:
    """Make a line ready. Remembered, because every playbook asks for the same line."""
    line = normalise(text)
    forms = tuple(SearchForm(words, to_search_text(words.text)) for words in find_forms(text))
    return IndexedLine(
        line,
        forms,
        b"".join(to_compact_text(form.search_text) for form in forms),
        "\n".join(dict.fromkeys([line.text, *(form.words.text for form in forms)])),
        "".join(filter(str.isalnum, line.text)),
    )


def extract_letters(text: str) -> str:
    """Letters and digits alone, normalised: no spaces, no punctuation."""
    return "".join(filter(str.isalnum, normalise(text).text))


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
    _expressions: tuple[PhraseExpression, ...] = field(init=False, repr=False, compare=False)
    _exclusion_expressions: tuple[PhraseExpression, ...] = field(
        init=False, repr=False, compare=False
    )
    _filter: PhraseFilter = field(init=False, repr=False, compare=False)
    exact_letters: frozenset[str] = field(init=False, repr=False, compare=False)
    """Of the exact lines, as `extract_letters` gives them."""

    def __post_init__(self) -> None:
        expressions = _build_expressions(self.inclusions)
        derived_fields = {
            "_expressions": expressions,
            "_exclusion_expressions": _build_expressions(self.exclusions),
            "_filter": PhraseFilter(tuple(expression.key for expression in expressions)),
            "exact_letters": frozenset(
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
        return not (self._expressions or self.exact_letters or self.patterns)

    @property
    def keys(self) -> tuple[str, ...]:
        """RE2 expressions one of which is in the `IndexedLine.compact` of a line with a phrase."""
        return self._filter.expressions

    def may_match(self, text: str) -> bool:
        """One of the phrases may be in ``text``; never wrong about "no"."""
        line = index_line(text)
        if line.letters in self.exact_letters or self._filter.match(line.compact):
            return True
        return any(compile_pattern(pattern).search(line.pattern_text) for pattern in self.patterns)

    def find_first(self, text: str) -> str | None:
        """The first words in ``text`` that match, up to the end of their word, or ``None``.

        Of phrases that begin at the same place the longest; a pattern only where no phrase is.
        They are quoted as they were written, whatever form they were found in.
        """
        line = index_line(text)
        if (answer := line.memo.get(id(self))) is None:
            answer = line.memo[id(self)] = self, self._search(line)
        return answer[1]

    def find_all(self, text: str) -> tuple[str, ...]:
        """What `find_first` finds, and what it finds behind that, in order."""
        matches: list[str] = []
        rest = text
        while len(matches) < MAX_MATCHES and (words := self.find_first(rest)):
            matches.append(words)
            place = rest.find(words)
            if place < 0:
                break
            rest = rest[place + len(words) :]
        return tuple(matches)

    def find_exclusions(self, text: str) -> list[Span]:
        """Where in ``text``, as written, its false friends are, in order."""
        return self._find_exclusions(index_line(text))

    def _search(self, line: IndexedLine) -> str | None:
        if line.letters in self.exact_letters:
            return line.text.original.strip()
        candidates = self._filter.match(line.compact)
        if not candidates and not self.patterns:
            return None
        excluded = self._find_exclusions(line)
        for form in line.forms if candidates else ():
            if span := self._search_form(form, candidates, excluded):
                return form.words.quote(*span)
        return self._search_patterns(line, excluded)

    def _find_exclusions(self, line: IndexedLine) -> list[Span]:
        return sorted(
            Span(*form.words.locate(*span))
            for expression in self._exclusion_expressions
            for form in line.forms
            for span in expression.find_all(form.search_text)
        )

    def _search_form(
        self, form: SearchForm, candidates: Sequence[int], excluded: Sequence[Span]
    ) -> Span | None:
        if not excluded:
            return self._find_longest(form.search_text, candidates)
        # A false friend counts in every form, whichever it was found in.
        masked, places = _mask_spans(
            form.words.text, [Span(*form.words.cover(*span)) for span in excluded]
        )
        span = self._find_longest(to_search_text(masked), candidates)
        return span and Span(places[span.start], places[span.end - 1] + 1)

    def _find_longest(self, search_text: bytes, candidates: Sequence[int]) -> Span | None:
        spans = [
            span for index in candidates if (span := self._expressions[index].find(search_text))
        ]
        return min(spans, key=lambda span: (span.start, -span.end), default=None)

    def _search_patterns(self, line: IndexedLine, excluded: Sequence[Span]) -> str | None:
        for words in dict.fromkeys((line.text, *(form.words for form in line.forms))):
            for pattern in self.patterns:
                for match in compile_pattern(pattern).finditer(words.text):
                    place = Span(*words.locate(*match.span()))
                    if not any(place.overlaps(span) for span in excluded):
                        return words.quote(*match.span())
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
    if _count_letters(phrase) < _MIN_LETTERS:
        message = "is too short to look for; write at least two letters next to each other"
        raise PhraseError(message)
    return phrase


def _iterate_phrases(phrases: Mapping[Language, Iterable[str]]) -> Iterator[tuple[Language, str]]:
    return ((language, phrase) for language in phrases for phrase in phrases[language])


def _count_letters(phrase: str) -> int:
    """Of its longest part between two wildcards; spaces do not count."""
    return max(len(part.replace(" ", "")) for part in _WILDCARD.split(fold_phrase(phrase)))


def _build_expressions(
    phrases: Mapping[Language, Iterable[str]],
) -> tuple[PhraseExpression, ...]:
    return tuple(
        build_phrase_expression(
            fold_phrase(validate_phrase(phrase)), is_korean=language is Language.KOREAN
        )
        for language, phrase in _iterate_phrases(phrases)
    )


def _mask_spans(text: str, spans: Iterable[Span]) -> tuple[str, list[int]]:
    """The text with one mask for every run of overlapping spans, which are in order.

    Returns:
        It, and where in ``text`` each of its characters is.
    """
    places, parts, end = list[int](), [], 0
    for span in spans:
        if span.start >= end:
            parts += [text[end : span.start], _MASK]
            places += [*range(end, span.start), span.start]
        end = max(end, span.end)
    return "".join([*parts, text[end:]]), [*places, *range(end, len(text))]
