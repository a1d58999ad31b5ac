"""Looking for phrases in a line, in time that grows with the line and no faster.

Literal words go into one expression. What has wildcards is taken apart: its literal pieces are
looked for one after the other, and a gap is a distance between two finds, never a repetition of
an expression, which would multiply with every further gap.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LETTERS = 20
"""What ``*`` stands for at most: letters inside a word."""

MAX_GAP = 25
"""What ``...`` stands for at most: characters in between."""

WILDCARD = re.compile(r"\*|\.\.\.")


class Span(NamedTuple):
    """Where something was found: characters from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gapped:
    """One phrase with wildcards.

    Attributes:
        pieces: each finds its literal at every place, overlapping, in its first group.
        letters: for each gap between two pieces, whether only letters of a word may be in it.
        open_end: it goes on to the end of its word.
    """

    pieces: tuple[re.Pattern[str], ...]
    letters: tuple[bool, ...]
    open_end: bool

    def spans(self, text: str) -> list[Span]:
        """All places, in the order of their starts."""
        found = _places(self.pieces[0], text)
        for piece, letters in zip(self.pieces[1:], self.letters, strict=True):
            if not found:
                return []
            found = _bridged(found, _places(piece, text), text, letters=letters)
        if self.open_end:
            found = [Span(start, _word_end(text, end)) for start, end in found]
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Finder:
    """Phrases that are looked for together."""

    plain: re.Pattern[str] | None
    gapped: tuple[Gapped, ...]

    def find(self, text: str) -> Span | None:
        """The first place, of those that begin there the longest."""
        found = [spans[0] for one in self.gapped if (spans := one.spans(text))]
        match = self.plain.search(text) if self.plain is not None else None
        if match is not None:
            found.append(Span(match.start(), match.end()))
        return min(found, key=lambda span: (span.start, -span.end), default=None)

    def without(self, text: str, stand_in: str) -> str:
        """The text with something else in every such place."""
        if self.plain is not None:
            text = self.plain.sub(stand_in, text)
        for one in self.gapped:
            text = _replaced(text, one.spans(text), stand_in)
        return text


def finder_of(phrases: Iterable[tuple[str, bool]]) -> Finder:
    """What finds these phrases.

    Args:
        phrases: as `playbooks.text.phrases.normalise` gives them, and whether each is Korean.
    """
    plain, gapped = [], []
    for phrase, korean in phrases:
        text = re.sub(r"\s*(?:\.\.\.|\u2026)\s*", "...", phrase)
        inner = re.sub(r"^(?:\*|\.\.\.)+|(?:\*|\.\.\.)+$", "", text)
        start = "" if WILDCARD.match(text) else r"(?<!\w)"
        open_end = korean or text.endswith("*")
        if WILDCARD.search(inner):
            gapped.append(_gapped(inner, start, korean=korean, open_end=open_end))
        else:
            end = r"\w*" if open_end else _closing(text)
            plain.append(start + _literal(inner, korean=korean) + end)
    return Finder(re.compile("|".join(plain)) if plain else None, tuple(gapped))


def _closing(text: str) -> str:
    """An English phrase ends with its word, unless something follows that is left open."""
    return r"(?!\w)" if not text.endswith("...") else r"\b"


def _gapped(inner: str, start: str, *, korean: bool, open_end: bool) -> Gapped:
    parts = re.split(r"(\*|\.\.\.)", inner)
    literals, gaps = parts[::2], parts[1::2]
    made = []
    for number, literal in enumerate(literals):
        before = start if number == 0 else _edge(gaps[number - 1], korean=korean)
        last = number == len(gaps)
        after = _edge(gaps[number], korean=korean) if not last else "" if open_end else r"(?!\w)"
        made.append(re.compile(f"{before}(?=({_literal(literal, korean=korean)}){after})"))
    return Gapped(tuple(made), tuple(gap == "*" for gap in gaps), open_end)


def _edge(gap: str, *, korean: bool) -> str:
    """English words are whole on both sides of three dots."""
    return r"\b" if gap == "..." and not korean else ""


def _literal(text: str, *, korean: bool) -> str:
    if korean:
        return r"\s?".join(re.escape(letter) for letter in text if letter != " ")
    return re.escape(text)


def _places(piece: re.Pattern[str], text: str) -> list[Span]:
    return [Span(*match.span(1)) for match in piece.finditer(text)]


def _bridged(found: list[Span], places: list[Span], text: str, *, letters: bool) -> list[Span]:
    """The places that lie within a gap behind something found, from its earliest start on.

    Both lower bounds of where a gap may begin only ever grow, so that one pass is enough.
    """
    word = _word_starts(text) if letters else ()
    ends = sorted(found, key=lambda span: span.end)
    near: deque[Span] = deque()  # starts grow from left to right
    bridged, next_end = [], 0
    for place in places:
        while next_end < len(ends) and ends[next_end].end <= place.start:
            while near and near[-1].start >= ends[next_end].start:
                near.pop()
            near.append(ends[next_end])
            next_end += 1
        longest = MAX_LETTERS if letters else MAX_GAP
        oldest = max(place.start - longest, word[place.start] if letters else 0)
        while near and near[0].end < oldest:
            near.popleft()
        if near:
            bridged.append(Span(near[0].start, place.end))
    return bridged


def _word_starts(text: str) -> list[int]:
    """For every place in the text, where the word begins that it is in or right behind."""
    starts, start = [0], 0
    for number, letter in enumerate(text, 1):
        if not (letter.isalnum() or letter == "_"):
            start = number
        starts.append(start)
    return starts


def _word_end(text: str, end: int) -> int:
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end


def _replaced(text: str, spans: Iterable[Span], stand_in: str) -> str:
    return "".join(_cut(text, spans, stand_in))


def _cut(text: str, spans: Iterable[Span], stand_in: str) -> Iterator[str]:
    done = 0
    for span in spans:
        if span.start >= done:
            yield text[done : span.start]
            yield stand_in
            done = span.end
    yield text[done:]
