"""What an agent says to the customer, taken out of a step: in the call's language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.utterance import Language

_QUOTED = re.compile('[“"]([^“”"]+)[”"]')


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a step.

    Attributes:
        said: it is a sentence to say, not advice around one.
    """

    text: str
    said: bool
    language: Language


@dataclass(frozen=True, slots=True)
class ToSay:
    """A step to read out, as its reader needs it.

    Attributes:
        parts: in order; sentences in the call's language, what stands around them in the
            reader's.
        meaning: the sentences in the reader's language; empty where that is the call's.
    """

    parts: tuple[Part, ...]
    meaning: str = ""


def to_say(read: str, spoken: str, *, call: Language, reader: Language) -> ToSay:
    """Put one step's two languages together.

    Args:
        read: the step in the reader's language.
        spoken: the same step in the call's.
        call: what the customer speaks.
        reader: what the page is in.
    """
    own = _parts(read, reader)
    if call == reader:
        return ToSay(own)
    theirs = _parts(spoken, call)
    sentences = [part for part in theirs if part.said]
    meant = [part.text for part in own if part.said]
    if len(sentences) != len(meant):
        return ToSay(theirs, " ".join(meant))
    following = iter(sentences)
    parts = tuple(next(following) if part.said else part for part in own)
    return ToSay(parts, " ".join(meant))


def _parts(text: str, language: Language) -> tuple[Part, ...]:
    """A step that quotes nothing is all one sentence to say: only steps to read out come here."""
    pieces = [piece.strip() for piece in _QUOTED.split(text)]
    if len(pieces) == 1:
        return (Part(text, said=True, language=language),)
    return tuple(
        Part(piece, said=number % 2 == 1, language=language)
        for number, piece in enumerate(pieces)
        if piece
    )
