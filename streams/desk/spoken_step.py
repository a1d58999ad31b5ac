"""What an agent says to the customer, taken out of a step: in the call's language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.utterance import Language

_QUOTED = re.compile('[“"]([^“”"]+)[”"]')


@dataclass(frozen=True, slots=True)
class StepPart:
    """A piece of a step.

    Attributes:
        said: it is a sentence to say, not advice around one.
    """

    text: str
    said: bool
    language: Language


@dataclass(frozen=True, slots=True)
class SpokenStep:
    """A step to read out, as its reader needs it.

    Attributes:
        parts: in order; sentences in the call's language, what stands around them in the
            reader's.
        meaning: the sentences in the reader's language; empty where that is the call's.
    """

    parts: tuple[StepPart, ...]
    meaning: str = ""


def build_spoken_step(
    reader_text: str, call_text: str, *, call_language: Language, reader_language: Language
) -> SpokenStep:
    """Put one step's two languages together.

    Args:
        reader_text: the step in the reader's language.
        call_text: the same step in the call's.
        call_language: what the customer speaks.
        reader_language: what the page is in.
    """
    reader_parts = _split_parts(reader_text, reader_language)
    if call_language == reader_language:
        return SpokenStep(reader_parts)
    call_parts = _split_parts(call_text, call_language)
    sentences = [part for part in call_parts if part.said]
    meanings = [part.text for part in reader_parts if part.said]
    if len(sentences) != len(meanings):
        return SpokenStep(call_parts, " ".join(meanings))
    next_sentence = iter(sentences)
    parts = tuple(next(next_sentence) if part.said else part for part in reader_parts)
    return SpokenStep(parts, " ".join(meanings))


def _split_parts(text: str, language: Language) -> tuple[StepPart, ...]:
    """A step that quotes nothing is all one sentence to say: only steps to read out come here."""
    pieces = [piece.strip() for piece in _QUOTED.split(text)]
    if len(pieces) == 1:
        return (StepPart(text, said=True, language=language),)
    return tuple(
        StepPart(piece, said=number % 2 == 1, language=language)
        for number, piece in enumerate(pieces)
        if piece
    )
