"""Forms of a line beside the one that was written, in which disguised words can be read.

Words are disguised by callers, and distorted by recognisers that write what they heard: letters
spelled out or apart ("k i l l", "죽.고.싶.어", "ㅈㅜㄱㄱㅗ"), stretched ("시이이발", "fuuuck"),
with digits or signs for letters ("sh1t", "시1발"), with fillers between ("죽고 어 싶어"). An
ordinary line has none of it and no other form than the one without punctuation, so that it costs
what it did.

Other forms only add what can be found: nothing is ever quoted from them but the original.
"""

from __future__ import annotations

import re
import string
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import re2

from detectors.text.jamo import STRETCHED_SYLLABLE, compose_spelled_jamo, shorten_vowels
from detectors.text.normalising import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.text.text_form import NormalisedText

_SAID = r"\w$\u20ac\u00a3\u00a5\u20a9%+#@&"
"""Letters, digits and the signs that are said: of an amount, and as in "c++"."""

_PUNCTUATION = re.compile(rf"[^{_SAID}'-]{{2,}}|[^{_SAID}' -]")
"""Signs and spaces that are more than one space."""
_OUTER_SIGN = re.compile(r"(?<![a-z])['-]|['-](?![a-z])")
"""An apostrophe or a hyphen that is not within a word (don't, self-harm)."""

_TIGHT_PUNCTUATION = re.compile(r"(?<=[가-힣ㄱ-ㅣ])(?:_|[^\w\s,?!$%+#@&']){1,4}(?=[가-힣ㄱ-ㅣ])")
"""What stands between two Hangul letters without a space and ends no part of a sentence."""

_SEPARATOR = r"[ .,\-_*·•~/|:;!+]{1,3}"
_LATIN_APART = rf"(?<![a-z0-9])[a-z](?P<gap>{_SEPARATOR})[a-z](?:(?P=gap)[a-z](?![a-z0-9])){{1,60}}"
_HANGUL_APART = (
    rf"(?<![가-힣ㄱ-ㅣ])[가-힣ㄱ-ㅣ](?P<space>{_SEPARATOR})[가-힣ㄱ-ㅣ]"
    r"(?:(?P=space)[가-힣ㄱ-ㅣ](?![가-힣ㄱ-ㅣ])){2,60}"
)
_LETTERS_APART = re.compile(f"{_LATIN_APART}|{_HANGUL_APART}")
"""Letters spelled out, at least three, or four syllables, always with the same between them.
Three syllables may be three words (자 살 게 있어요)."""

_WIDE_GAP = re.compile(r"(?<=\S)[ \u00a0\u3000]{2,}(?=\S)")
"""Between two words that are both spelled out ("k i l l  m y s e l f")."""

_SHORT_SPELLED_WORD = re.compile(r"(?<=, )[a-z] [a-z](?=,|$)")
"""Two letters that stand between such gaps."""

_UNDERSCORE = re.compile(r"(?<=[a-z]{2})_(?=[a-z]{2})|(?<=\bi)_(?=[a-z]{2})")
"""Between words, not for a letter (f_ck)."""

_ENTITY = re.compile(r"&(?:(?:nbsp|#160);|(?P<apostrophe>apos|#39|#x27);|(?:amp|quot|lt|gt|#34);)")
"""Of HTML, which some recognisers' files still hold ("don&#39;t")."""
_CLITIC_GAP = re.compile(r"(?<=[a-z]) (?=n't\b|'(?:m|s|d|re|ve|ll)\b)")
"""As tokenisers part words ("do n't", "I 'm")."""

_GAP = r"[ ,.~-]{1,4}"
_FILLER_WORD = r"(?:어+|음+|으음|엄|흠+|뭐랄까|그 뭐냐|uh+|um+|erm?|ehm+|hmm+|mm+|you know|i mean)"
_FILLER = re.compile(rf"(?<=[가-힣a-z0-9]){_GAP}{_FILLER_WORD}(?={_GAP}[가-힣a-z0-9])")
"""What people say while they look for words, between two of these."""

_SIGN_IN_HANGUL = re.compile(r"(?<=[가-힣])(?<![0-9][가-힣])[0-9a-z@$](?=[가-힣])")
_WORD_WITH_SIGNS = re.compile(r"(?<![^\s'\"(])(?=[^\s]*[a-z])[a-z0-9@$!|]{3,40}")
_COUNT = re.compile(r"[$@]?[0-9]+[a-z]{0,3}|[a-z]{1,3}(?!11\b)[0-9]+")
"""A digit before or behind letters counts (4th, mp3); one between them stands for a letter."""

_SHAPES = dict(zip("0134578@$|", "oieastbasl", strict=True))
_OTHER_SHAPES = _SHAPES | {"1": "l"}
_SHAPED_SIGN = re.compile(r"[0134578@$|]|!(?=[a-z])")

_REPEATED = re.compile(r"([가-힣a-z])\1{2,}")
_HANGUL_WORD = re.compile(r"[가-힣]{2,}")
_MAY_BE_DISGUISED = re2.compile(
    "|".join(
        [
            *(letter * 3 for letter in string.ascii_lowercase),
            "[ㄱ-ㅎ][ㅏ-ㅣ]",
            "[가-힣][0-9a-z@$ㄱ-ㅎ][가-힣]",
            "[a-z][0-9@$!|]{1,3}[a-z]|[a-z]11|(?:^|[ '\"(])[0-9@$!|][a-z]{2}",
            rf"(?:^|[^a-z0-9])[a-z](?:{_SEPARATOR}[a-z]){{2}}(?:[^a-z0-9]|$)",
            rf"(?:^|[^가-힣])[가-힣ㄱ-ㅣ](?:{_SEPARATOR}[가-힣ㄱ-ㅣ]){{3}}(?:[^가-힣]|$)",
            r"[가-힣ㄱ-ㅣ][^ ,?!$%+#@&'a-z0-9가-힣ㄱ-ㅣ]{1,4}[가-힣ㄱ-ㅣ]",
            STRETCHED_SYLLABLE,
            "[a-z]_[a-z]",
            "&[a-z#0-9]{2,5};",
            "[a-z] n?'[a-z]",
            rf"[가-힣a-z0-9]{_GAP}{_FILLER_WORD}{_GAP}[가-힣a-z0-9]",
        ]
    )
)
"""Whether one of the steps below could change something: cheap, and true of few lines."""


@lru_cache(maxsize=64)
def find_forms(text: str) -> tuple[NormalisedText, ...]:
    """The forms in which a line is searched.

    Args:
        text: a line as written.

    Returns:
        First the line without its punctuation, its words joined by single spaces; then, where
        there may be a disguise, one or two more without it.
    """
    line = normalise(text)
    forms: dict[str, NormalisedText] = {}
    for form in (line, *_undo_disguises(_separate_spelled_words(line))):
        words = drop_punctuation(form)
        forms.setdefault(words.text, words)
    return tuple(forms.values())


def drop_punctuation(line: NormalisedText) -> NormalisedText:
    """The words of a line joined by single spaces, whatever stood between them.

    Apostrophes and hyphens within Latin words stay.
    """
    if "'" in line.text or "-" in line.text:
        line = line.replace(_OUTER_SIGN, " ")
    return line.replace(_PUNCTUATION, " ").strip()


def drop_phrase_punctuation(text: str) -> str:
    """The same of a part of a phrase; a space at its ends stays."""
    return _PUNCTUATION.sub(" ", _OUTER_SIGN.sub(" ", text))


def _separate_spelled_words(line: NormalisedText) -> NormalisedText:
    """With a comma where the line as written has a wide gap, if letters are spelled out in it."""
    text = line.original
    if not _WIDE_GAP.search(text) or not _LETTERS_APART.search(line.text):
        return line
    # As long as the gap: all places in the original stay.
    marked = _WIDE_GAP.sub(lambda gap: ",".ljust(len(gap.group())), text)
    return replace(normalise(marked), original=text).replace(_SHORT_SPELLED_WORD, _drop_gap)


def _drop_gap(match: re.Match[str]) -> str:
    return match.group().replace(" ", "")


def _undo_disguises(line: NormalisedText) -> Iterator[NormalisedText]:
    if not _MAY_BE_DISGUISED.search(line.text):
        return
    whole = line.replace(_ENTITY, _write_entity).replace(_CLITIC_GAP, "")
    whole = whole.replace(_UNDERSCORE, " ").replace(_FILLER, "")
    whole = whole.replace(_LETTERS_APART, _join_letters)
    whole = whole.replace(_TIGHT_PUNCTUATION, "")
    whole = compose_spelled_jamo(whole).replace(_SIGN_IN_HANGUL, "")
    # A letter that is written three times was meant once (sooo) or twice (killll).
    yield (
        whole.replace(_WORD_WITH_SIGNS, _write_letters)
        .replace(_REPEATED, _write_once)
        .replace(_HANGUL_WORD, shorten_vowels)
    )
    yield whole.replace(_WORD_WITH_SIGNS, _write_other_letters).replace(_REPEATED, _write_twice)


def _write_entity(match: re.Match[str]) -> str:
    return "'" if match["apostrophe"] else " "


def _join_letters(match: re.Match[str]) -> str:
    return match.group().replace(match["gap"] or match["space"], "")


def _write_once(match: re.Match[str]) -> str:
    return match.group(1)


def _write_twice(match: re.Match[str]) -> str:
    return match.group(1) * 2


def _write_letters(match: re.Match[str]) -> str:
    return _translate_signs(match.group(), _SHAPES)


def _write_other_letters(match: re.Match[str]) -> str:
    return _translate_signs(match.group(), _OTHER_SHAPES)


def _translate_signs(word: str, shapes: dict[str, str]) -> str:
    if _COUNT.fullmatch(word):
        return word
    return _SHAPED_SIGN.sub(lambda sign: shapes.get(sign.group(), "i"), word)
