"""A phrase as supervisors write it, made into an RE2 expression.

RE2 has no look-around, and its word boundaries know ASCII alone. So a line is searched in a form
of its own (`to_search_text`): with a line end on both sides, which is a character that is in no
word and in no gap, and with every sign beyond ASCII moved to the planes 15 and 16 of Unicode, so
that "a character of a word" is a class of four ranges. Every character stays in its place.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import re2

from detectors.text.disguises import drop_phrase_punctuation
from detectors.text.normalising import normalise
from detectors.text.phrase_variants import spell_english, spell_korean

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LETTERS = 20
"""What ``*`` stands for at most: letters inside a word."""

MAX_GAP = 25
"""What ``...`` stands for at most: characters in between."""

WILDCARD = re.compile(r"(\*|\.\.\.)")

_WORD, _OTHER = r"[\w\x{80}-\x{EFFFF}]", r"[^\w\x{80}-\x{EFFFF}]"
"""A character of a word, and any other, in the form in which a line is searched."""

_DOTS = re.compile(r"\s*\.\.\.\s*")
_NEVER = r"[^\x00-\x{10FFFF}]"
_FOREIGN_SIGN = re.compile(r"[^\w\x00-\x7f]")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


class Span(NamedTuple):
    """Where something is: characters from ``start`` up to ``end``."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether they have a character in common."""
        return self.start < other.end and other.start < self.end


class _Filler(NamedTuple):
    """What may be in a gap: an expression, and whether it begins and ends with a word's letter."""

    expression: str
    starts_in_word: bool
    ends_in_word: bool


_NOTHING = None
_LETTERS = _Filler(f"{_WORD}{{1,{MAX_LETTERS}}}?", starts_in_word=True, ends_in_word=True)
_FILLERS: dict[str, tuple[_Filler | None, ...]] = {
    "*": (_NOTHING, _LETTERS),
    "...": (
        _NOTHING,
        _Filler(_WORD, starts_in_word=True, ends_in_word=True),
        _Filler(_OTHER, starts_in_word=False, ends_in_word=False),
        *(
            _Filler(
                f"{first}.{{0,{MAX_GAP - 2}}}?{last}",
                starts_in_word=first is _WORD,
                ends_in_word=last is _WORD,
            )
            for first, last in itertools.product((_WORD, _OTHER), repeat=2)
        ),
    ),
}
"""By wildcard, the shortest first."""


@dataclass(frozen=True, slots=True)
class PhraseExpression:
    """What finds one phrase.

    Attributes:
        key: an RE2 expression that is in every line with the phrase, if `move_signs` is done to
            the line and its spaces and so on are taken out (`to_compact_text`). Short, and all but
            literal: for filters.
        expression: the RE2 expression of the phrase; its first group is what was said.
    """

    key: str
    expression: str

    def find(self, search_text: bytes) -> Span | None:
        """The first place in the line that ``search_text`` was made of."""
        return next(self.find_all(search_text), None)

    def find_all(self, search_text: bytes) -> Iterator[Span]:
        """Every place from left to right, none of which overlap."""
        compiled, end = _compile(self.expression), 1
        # The expression begins with the character before the phrase: the line end before a line.
        while match := compiled.search(search_text, _previous(search_text, end)):
            start, end = match.span(1)
            yield Span(_count_characters(search_text, start), _count_characters(search_text, end))


def to_search_text(line: str) -> bytes:
    """The form in which a line without punctuation is searched: of bytes, in which RE2 counts."""
    return f"\n{move_signs(line)}\n".encode()


def to_compact_text(search_text: bytes) -> bytes:
    """What keys are looked for in: a search text without spaces, apostrophes and hyphens."""
    return search_text.translate(None, b" '-")


def fold_phrase(phrase: str) -> str:
    """A phrase in the form in which lines are searched; its wildcards stay.

    Args:
        phrase: as an author writes it.
    """
    text = _DOTS.sub("...", normalise(phrase).text)
    parts = (
        part if WILDCARD.fullmatch(part) else drop_phrase_punctuation(part)
        for part in WILDCARD.split(text)
    )
    return _DOTS.sub("...", "".join(parts)).strip()


def _previous(text: bytes, place: int) -> int:
    """Where the character before ``place`` begins."""
    place -= 1
    while text[place] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8's continuation bytes
        place -= 1
    return place


def _count_characters(search_text: bytes, end: int) -> int:
    """Characters of the line before byte ``end``."""
    return len(search_text[1:end].decode())


def move_signs(text: str) -> str:
    """Every sign beyond ASCII moved to plane 15 or 16: there is no letter in them."""
    return _FOREIGN_SIGN.sub(_move_sign, text)


def _move_sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr((0xF0000 if code > 0xFFFF else 0x100000) + (code & 0xFFFF))  # noqa: PLR2004 - the planes


@lru_cache(maxsize=8_192)
def build_phrase_expression(phrase: str, *, is_korean: bool) -> PhraseExpression:
    """What finds a phrase.

    Args:
        phrase: as `fold_phrase` gives it.
        is_korean: its spaces may be anywhere, and particles may follow.
    """
    text = move_signs(phrase)
    inner = re.sub(r"^(?:\*|\.\.\.)+|(?:\*|\.\.\.)+$", "", text)
    before = r"(?s:.)" if WILDCARD.match(text) else _OTHER
    words, after = _expand(inner, is_korean=is_korean), _OTHER
    if is_korean or text.endswith("*"):
        words, after = f"{words}{_WORD}*", ""
    elif text.endswith("...") and not WILDCARD.search(inner) and not _is_word(inner[-1]):
        after = _WORD
    pieces = filter(None, (_spell_key(piece, is_korean=is_korean) for piece in _pieces(inner)))
    return PhraseExpression(".*".join(pieces), f"{before}({words}){after}")


def _pieces(inner: str) -> list[str]:
    return WILDCARD.split(inner)[::2]


def _spell_key(piece: str, *, is_korean: bool) -> str:
    letters = re.sub(r"['-]", "", piece)
    if is_korean:
        return spell_korean(letters, "") if letters.strip() else ""
    return re.escape(letters.replace(" ", ""))


@lru_cache(maxsize=8_192)
def _compile(expression: str) -> re2._Regexp:
    return re2.compile(expression, _OPTIONS)


def _expand(inner: str, *, is_korean: bool) -> str:
    """The phrase between its outer wildcards, each gap as short as it can be."""
    parts = WILDCARD.split(inner)
    expression, previous, gaps = "", "", list[str]()
    for piece, gap in itertools.zip_longest(parts[::2], parts[1::2]):
        if piece:
            if previous:
                expression += (_join if is_korean else _join_words)(previous, gaps, piece)
            expression += _spell(piece, is_korean=is_korean)
            previous, gaps = piece, []
        gaps.append(gap)
    return expression


def _spell(piece: str, *, is_korean: bool) -> str:
    if is_korean:
        return spell_korean(piece, " ?") if piece.strip() else ""
    return spell_english(piece, "[ -]")


def _join(_previous: str, gaps: list[str], _following: str) -> str:
    """The gaps between two pieces of a Korean phrase."""
    return "".join(
        f"{_WORD}{{0,{MAX_LETTERS}}}?" if gap == "*" else f".{{0,{MAX_GAP}}}?" for gap in gaps
    )


def _join_words(previous: str, gaps: list[str], following: str) -> str:
    """The gaps between two pieces of an English phrase: words are whole on both sides of dots."""
    ways = [
        "".join(filler.expression for filler in fillers if filler)
        for fillers in itertools.product(*(_FILLERS[gap] for gap in gaps))
        if _has_whole_words(previous, gaps, fillers, following)
    ]
    return f"(?:{'|'.join(ways)})" if ways else _NEVER


def _has_whole_words(
    previous: str, gaps: list[str], fillers: tuple[_Filler | None, ...], following: str
) -> bool:
    """Whether each "..." begins and ends where a word does, if the gaps are filled like this."""
    for index, (gap, filler) in enumerate(zip(gaps, fillers, strict=True)):
        if gap == "*":
            continue
        left = [_is_word(previous[-1]), *(f.ends_in_word for f in fillers[:index] if f)][-1]
        right = [*(f.starts_in_word for f in fillers[index + 1 :] if f), _is_word(following[0])][0]
        first, last = (filler.starts_in_word, filler.ends_in_word) if filler else (right, left)
        if left == first or last == right:
            return False
    return True


def _is_word(character: str) -> bool:
    """Whether a character, moved by `move_signs` where it is a sign, is one of a word."""
    return character.isalnum() or character == "_"
