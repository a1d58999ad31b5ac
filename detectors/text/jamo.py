"""Letters of Hangul (jamo): syllables that were typed apart or stretched, put together again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.text.text_form import NormalisedText

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
"""In the order of Unicode's syllables: 0xAC00 + (initial * 21 + vowel) * 28 + final."""

_FIRST_SYLLABLE = 0xAC00
_SILENT = INITIALS.index("ㅇ")
_JOINED_VOWELS = dict(
    zip(("ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"), "ㅘㅙㅚㅝㅞㅟㅢ", strict=True)
)
_SPELLED_SYLLABLE = re.compile(
    rf"([{INITIALS}])({'|'.join(_JOINED_VOWELS)}|[ㅏ-ㅣ])([ㄱ-ㅎ](?![ㅏ-ㅣ]))?"
)
_LATE_FINAL = re.compile(r"[가-힣][ㄱ-ㅎ](?=[가-힣])")


def _open_syllables(vowel: int) -> str:
    return "".join(_write_syllable(initial, vowel, 0) for initial in range(len(INITIALS)))


def _write_syllable(initial: int, vowel: int, final: int) -> str:
    return chr(_FIRST_SYLLABLE + (initial * len(VOWELS) + vowel) * len(FINALS) + final)


STRETCHED_SYLLABLE = "(?:{})".format(
    "|".join(
        f"[{_open_syllables(vowel)}]"
        f"[{_write_syllable(_SILENT, vowel, 0)}-{_write_syllable(_SILENT, vowel, len(FINALS) - 1)}]"
        for vowel in range(len(VOWELS))
    )
)
"""An expression: a syllable that only goes on with the vowel before it (시이, 주욱)."""


def has_final(syllable: str) -> bool:
    """Whether a Hangul syllable ends in a consonant."""
    return (ord(syllable) - _FIRST_SYLLABLE) % len(FINALS) > 0


def compose_spelled_jamo(line: NormalisedText) -> NormalisedText:
    """Put syllables together whose letters were typed one by one (ㅈㅜㄱㄱㅗ, 주ㄱ고)."""
    return line.replace(_SPELLED_SYLLABLE, _compose).replace(_LATE_FINAL, _attach_final)


def _compose(match: re.Match[str]) -> str:
    initial, vowel, final = match.groups()
    place = FINALS.find(final or "\0")
    syllable = _write_syllable(
        INITIALS.index(initial), VOWELS.index(_JOINED_VOWELS.get(vowel, vowel)), max(place, 0)
    )
    return syllable if place >= 0 else syllable + final


def _attach_final(match: re.Match[str]) -> str:
    syllable, final = match.group()[0], match.group()[1]
    place = FINALS.find(final)
    return match.group() if has_final(syllable) or place < 0 else chr(ord(syllable) + place)


def shorten_vowels(match: re.Match[str]) -> str:
    """A word without the syllables that only go on with a vowel (시이이발 -> 시발)."""
    word = ""
    for syllable in match.group():
        if word and _goes_on(word[-1], syllable):
            final = (ord(syllable) - _FIRST_SYLLABLE) % len(FINALS)
            word = word[:-1] + chr(ord(word[-1]) + final)
        else:
            word += syllable
    return word


def _goes_on(before: str, syllable: str) -> bool:
    if has_final(before):
        return False
    initial, rest = divmod(ord(syllable) - _FIRST_SYLLABLE, len(VOWELS) * len(FINALS))
    vowel = (ord(before) - _FIRST_SYLLABLE) // len(FINALS) % len(VOWELS)
    return initial == _SILENT and rest // len(FINALS) == vowel
