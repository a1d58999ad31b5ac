"""Normalisation of text as people type it and recognisers transcribe it.

`normalise` is the one normaliser: phrases, word lists and models all read lines through it. It
keeps where each character stood, so that what is found can be quoted as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from detectors.text.jamo import compose_spelled_jamo
from detectors.text.look_alikes import APOSTROPHES, LATIN_SHAPES, LETTER_SYMBOLS, STRAY_JAMO
from detectors.text.spellings import load_spellings
from detectors.text.text_form import NormalisedText
from detectors.utterance import Language

MAX_LINE = 2_000
"""Characters of one line that are searched: about two minutes of speech."""

MAX_ORIGINAL_LINE = 4 * MAX_LINE
"""Characters of a line as written that are looked at: a flood of invisible ones hides nothing
that stands before its end."""

_IGNORABLE = (
    r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u302e\u302f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Control and format characters, fillers and selectors: they show nothing and are said by nobody.
Unicode's Default_Ignorable_Code_Point, the controls that are no spaces, Hangul's tone marks, and
the replacement character that stands for bytes that a recogniser could not write."""

_MARKS = r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_IGNORABLE_CHARACTER = re.compile(f"[{_IGNORABLE}]")
_DROPPED = re.compile(f"[{_IGNORABLE}{_MARKS}]")
_MARK = re.compile(f"[{_MARKS}]")
_PLAIN = re.compile(r"[ -_a-~\uac00-\ud7a3]*")
"""A line that only needs its case folded: nearly every one."""
_SYLLABLE_PARTS = re.compile(
    r"[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]"
)
_STRAY_JAMO = re.compile(r"[\u1100-\u11ff]")
_HALF_WIDTH_JAMO = re.compile(
    r"[\uffa1-\uffbe\uffc2-\uffc7\uffca-\uffcf\uffd2-\uffd7\uffda-\uffdc]"
)
_GREEK_OR_CYRILLIC = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FOLD_ROUNDS = 4

_MODEL_FOLDS = {ord(character): "'" for character in "\u2018\u2019\u02bc\u00b4\uff07"} | {
    code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0xFF10, 0xFF5B), 0x3000)
}
"""Done before spellings are looked up: apostrophes of every kind, full width."""
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\ufeff\ufffd]")
_SPACE = re.compile(r"\s+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1{2,}")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019]+")
_SCRIPTS = {Language.KOREAN: _HANGUL, Language.ENGLISH: re.compile(r"[A-Za-z]")}
_WORD_CHARACTER = re.compile(r"\w")


@lru_cache(maxsize=64)
def normalise(text: str) -> NormalisedText:
    """Write a line in one way, however it was typed.

    Compatibility forms (full and half width, mathematical and circled letters) become plain ones,
    Hangul is composed, accents and whatever shows nothing go, apostrophes of every kind are one,
    letters of other scripts that look Latin are Latin in a Latin line, case is folded, and white
    space is single. Punctuation stays: patterns look for it.

    Args:
        text: any string. The first `MAX_ORIGINAL_LINE` characters are read.

    Returns:
        At most `MAX_LINE` characters, none of them half of a surrogate pair.
    """
    if _is_plain(text):
        return NormalisedText(text, text.lower(), (range(len(text)), range(1, len(text) + 1)))
    line = _fold_characters(text)
    line = line.replace(_SYLLABLE_PARTS, _compose).replace(_STRAY_JAMO, _write_stray_jamo)
    if _HALF_WIDTH_JAMO.search(text):
        line = compose_spelled_jamo(line)
    if _is_disguised_latin(line.text):
        line = line.replace(_GREEK_OR_CYRILLIC, lambda match: LATIN_SHAPES[match.group()])
    return line.replace(_SPACE, " ").strip()


def _is_plain(text: str) -> bool:
    return (
        len(text) <= MAX_LINE
        and _PLAIN.fullmatch(text) is not None
        and "  " not in text
        and text == text.strip(" ")
    )


def _fold_characters(text: str) -> NormalisedText:
    parts: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text[:MAX_ORIGINAL_LINE]):
        folded = _fold_character(character)
        parts.append(folded)
        places += [place] * len(folded)
    places = places[:MAX_LINE]
    ends = [place + 1 for place in places]
    return NormalisedText(text, "".join(parts)[:MAX_LINE], (places, ends))


@lru_cache(maxsize=4_096)
def _fold_character(character: str) -> str:
    for _ in range(_FOLD_ROUNDS):
        folded = "".join(map(_fold_once, character))
        if folded == character:
            break
        character = folded
    return character


def _fold_once(character: str) -> str:
    if character in APOSTROPHES:
        return "'"
    if character in LETTER_SYMBOLS:
        return LETTER_SYMBOLS[character]
    if _SURROGATE.match(character):
        return "?"
    if _HALF_WIDTH_JAMO.match(character):
        return chr(int(unicodedata.decomposition(character).removeprefix("<narrow> "), base=16))
    if _HANGUL.match(character):
        return "" if _DROPPED.match(character) else character
    decomposed = unicodedata.normalize("NFKD", character)
    if not _MARK.search(decomposed):
        decomposed = unicodedata.normalize("NFKC", character)
    return _DROPPED.sub("", decomposed).casefold()


def _compose(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match.group())


def _write_stray_jamo(match: re.Match[str]) -> str:
    return STRAY_JAMO.get(match.group(), match.group())


def _is_disguised_latin(text: str) -> bool:
    """Whether all its Greek and Cyrillic letters look like Latin ones, among which they stand."""
    foreign = _GREEK_OR_CYRILLIC.findall(text)
    return (
        bool(foreign)
        and all(letter in LATIN_SHAPES for letter in foreign)
        and has_script(text, Language.ENGLISH)
    )


def clean_text(text: str) -> str:
    """Clean a line without changing its words.

    Composes Hangul (NFC), drops control and invisible characters and joins white space.
    """
    composed = unicodedata.normalize("NFC", _IGNORABLE_CHARACTER.sub("", text))
    return _SPACE.sub(" ", _CONTROL.sub("", composed)).strip()


def normalise_text(text: str) -> str:
    """Fold variants that mean the same to a model: case, links, spellings, repeats (ㅋㅋㅋㅋ).

    Ordinary text gives the same as what the models were trained with.
    """
    lowered = _LINK.sub("link", clean_text(text)).lower().replace("ㅜ", "ㅠ")
    lowered = lowered.translate(_MODEL_FOLDS)
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
