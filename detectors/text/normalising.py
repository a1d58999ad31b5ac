"""Normalisation of text as people type it and recognisers transcribe it."""

from __future__ import annotations

import re
import unicodedata

from detectors.text.spellings import load_spellings
from detectors.utterance import Language

_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\ufeff\ufffd]")
_SPACE = re.compile(r"\s+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1{2,}")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019]+")
_SCRIPTS = {Language.KOREAN: _HANGUL, Language.ENGLISH: re.compile(r"[A-Za-z]")}
_WORD_CHARACTER = re.compile(r"\w")


def clean_text(text: str) -> str:
    """Clean a line without changing its words: this form is searched and quoted from.

    Composes Hangul (NFC), drops control and invisible characters and joins white space.
    """
    composed = unicodedata.normalize("NFC", text)
    return _SPACE.sub(" ", _CONTROL.sub("", composed)).strip()


def normalise_text(text: str) -> str:
    """Fold variants that mean the same to a model: case, links, spellings, repeats (ㅋㅋㅋㅋ)."""
    lowered = _LINK.sub("link", clean_text(text)).lower().replace("\u2019", "'").replace("ㅜ", "ㅠ")
    # NFKC makes single compatibility jamo (ㅋ, ㅠ) conjoining ones; the model sees those too.
    folded = unicodedata.normalize("NFKC", load_spellings().correct(lowered))
    return _REPEATED.sub(r"\1\1", folded)


def decompose_jamo(text: str) -> str:
    """Decompose Hangul syllables (값 -> ㄱㅏㅄ): endings and typing errors then share n-grams."""
    return unicodedata.normalize("NFD", text)


def has_words(text: str) -> bool:
    """Whether a text has at least one letter or digit of any script."""
    return _WORD_CHARACTER.search(text) is not None


def has_script(text: str, language: Language) -> bool:
    """Whether a text has any letter in the script of the language."""
    return _SCRIPTS[language].search(text) is not None


def is_hangul(text: str) -> bool | None:
    """Whether a text has Hangul; ``None`` for one without that has fewer than two Latin words."""
    if _HANGUL.search(text):
        return True
    return False if len(_LATIN_WORD.findall(text)) > 1 else None
