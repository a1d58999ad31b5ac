"""What was said in pieces, as one text: recognisers cut sentences, and words, in two."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.utterance import LinePiece, TranscriptLine

_END_SIGNS = " .,?!\u2026\u3002\uff0c\uff1f\uff01-"

MAX_SIDE_CHARS = 200
"""Characters of the pieces on each side of a line: more than the longest phrase."""

MAX_FREE_CUTS = 3
"""Up to so many cuts, each may be within a word or between two; of more, two at most, or all."""

_BROKEN_WORD = re.compile(r"\S+[-\u2010-\u2015~]$")
"""A word that breaks off ("my li-"): it is often said again, whole, after the cut."""


def join_pieces(line: TranscriptLine) -> tuple[str, ...]:
    """A line with what adjoins it, in every way in which it may have been said; empty: nothing.

    With spaces between the pieces, with none, with none at some of the cuts, and without the
    words that break off at a cut.
    """
    thread = line.thread
    if thread.is_alone:
        return ()
    before, after = _texts(thread.before), _texts(thread.after)
    return _join(before, line.text, after)


def join_neighbours(line: TranscriptLine) -> tuple[str, ...]:
    """What adjoins a line, without it: before it and after it."""
    thread = line.thread
    sides = (_texts(thread.before), _texts(thread.after))
    return tuple(text for side in sides if side for text in _join(side[:-1], side[-1], ()))


def _texts(pieces: tuple[LinePiece, ...]) -> tuple[str, ...]:
    return tuple(piece.text for piece in pieces)


@lru_cache(maxsize=64)
def _join(before: tuple[str, ...], text: str, after: tuple[str, ...]) -> tuple[str, ...]:
    pieces = (*before, text, *after)
    cuts = len(pieces) - 1
    most = cuts if cuts <= MAX_FREE_CUTS else 2
    ways = [set(way) for size in range(most + 1) for way in combinations(range(cuts), size)]
    ways.append(set(range(cuts)))
    joined = [_join_at(pieces, closed=closed) for closed in ways]
    joined += _join_without_broken_words(pieces)
    start = max(0, sum(len(piece) + 1 for piece in before) - MAX_SIDE_CHARS)
    size = MAX_SIDE_CHARS + len(text) + MAX_SIDE_CHARS
    return tuple(dict.fromkeys(_cut(text, start, size) for text in joined))


def _join_without_broken_words(pieces: tuple[str, ...]) -> list[str]:
    rest = [_BROKEN_WORD.sub("", piece).rstrip() for piece in pieces[:-1]]
    if rest == list(pieces[:-1]):
        return []
    return [" ".join(filter(None, (*rest, pieces[-1])))]


def _join_at(pieces: tuple[str, ...], *, closed: set[int]) -> str:
    """The pieces with spaces between them, but for the ``closed`` cuts."""
    text = pieces[0]
    for cut, piece in enumerate(pieces[1:]):
        # A recogniser ends what it cuts with a sign, also inside a word.
        text = text.rstrip(_END_SIGNS) + piece if cut in closed else f"{text} {piece}"
    return text


def _cut(text: str, start: int, size: int) -> str:
    """From the next word on, so that half a word is not taken for one."""
    if start:
        start = text.find(" ", start) + 1 or start
    return text[start : start + size]
