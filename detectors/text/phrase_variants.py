"""The ways in which a phrase is said, as one expression: Korean particles, English contractions.

The expressions have no look-around, so that both RE2 and Python's `re` take them.
"""

from __future__ import annotations

import re

from detectors.text.jamo import has_final

_PARTICLES = "을|를|이|가|은|는|도|만|의|에|까지|마저|조차|부터|이나|나|이라도|라도"
"""What may follow a noun or a connective ending without making another thing of a phrase."""

_PARTICLES_APART = "을|를|은|는"
"""Those that recognisers may write as words of their own, and that are none by themselves."""

_DROPPABLE_BY_FINAL = {True: ("을", "이", "은"), False: ("를", "가", "는")}
"""Particles that are left out in speech, by whether what they follow ends in a consonant."""
_OBJECT_PARTICLES = frozenset("을를")

_TAKES_NO_PARTICLE = frozenset(
    [
        "이",
        "그",
        "저",
        "요",
        "이런",
        "그런",
        "저런",
        "안",
        "못",
        "더",
        "다",
        "잘",
        "개",
        "왜",
        "좀",
        "막",
        "참",
        "꼭",
        "또",
        "너무",
        "정말",
        "진짜",
        "두",
        "세",
        "한",
    ]
)
"""Determiners and adverbs: with a particle they would be nouns (개가 새끼를 낳았어요)."""

_SPOKEN_ENDINGS = {"고": "[고구]", "도": "[도두]"}
"""The end of a word that is followed by another one, as it is often pronounced."""

_WISH = re.compile(r"싶(?:어요|습니다|어|다|네요)$")
_WISH_FORMS = "(?:싶|십|시프|시퍼|시픈)"

_SHORT_WORD = 2
"""Syllables of a word that two words may happen to spell (이 병 신고)."""
_HANGUL_WORD = re.compile(r"[가-힣]+")

_OTHER_WORDS = re.compile(r"(?<![a-z])(?:we're|we'll|he'll|she'll|we'd|she'd)(?![a-z])")
"""Without their apostrophe these are other words (were, well, hell, shell, wed, shed)."""

_BARE_CONTRACTIONS = {
    contraction.replace("'", ""): contraction
    for contraction in [
        "don't",
        "can't",
        "won't",
        "isn't",
        "aren't",
        "wasn't",
        "weren't",
        "didn't",
        "doesn't",
        "hasn't",
        "haven't",
        "hadn't",
        "couldn't",
        "wouldn't",
        "shouldn't",
        "mustn't",
        "ain't",
        "i'm",
        "i've",
        "you're",
        "you've",
        "you'll",
        "they're",
        "they've",
        "they'll",
        "that's",
        "what's",
        "there's",
        "he's",
        "she's",
        "who's",
        "how's",
        "where's",
        "y'all",
    ]
}
_LATIN_WORD = re.compile(r"[a-z']+")


def spell_korean(phrase: str, gap: str) -> str:
    """The ways in which a Korean phrase, or a part of one, is said.

    Spaces may be anywhere. Between two of its words a particle may be added or left out, where it
    is one; a word of two syllables alone is not found across two words.

    Args:
        phrase: lower case, its words apart by spaces, as `disguises.drop_punctuation` gives it.
        gap: the expression of what may be between two letters.
    """
    words = _WISH.sub("싶", phrase).split()
    if len(words) == 1 and len(phrase.strip()) == _SHORT_WORD and _is_hangul(words[0]):
        gap = ""
    *inner, last = words
    spelled = [*(_spell_inner_word(word, gap) for word in inner), _spell_letters(last, gap)]
    if inner and len(last) > 1 and last[-1] in _SPOKEN_ENDINGS:
        spelled[-1] = spelled[-1][:-1] + _SPOKEN_ENDINGS[last[-1]]
    return gap.join(spelled)


def spell_english(phrase: str, gap: str) -> str:
    """The ways in which English words are written: a contraction with its apostrophe or without.

    Args:
        phrase: lower case, as `disguises.drop_punctuation` gives it.
        gap: the expression for what is between two words, and may be for a hyphen.
    """
    words = _LATIN_WORD.sub(lambda match: _BARE_CONTRACTIONS.get(match[0], match[0]), phrase)
    needed = [match.span() for match in _OTHER_WORDS.finditer(words)]
    return "".join(
        gap
        if letter == " "
        else f"(?:{gap})?"
        if letter == "-"
        else "[' ]?"
        if letter == "'" and not any(start <= place < end for start, end in needed)
        else re.escape(letter)
        for place, letter in enumerate(words)
    )


def loosen_apostrophes(pattern: str) -> str:
    """A regular expression whose apostrophes, outside of character classes, may be missing.

    Recognisers also write a space for one (don t).
    """
    return _APOSTROPHE_OR_CLASS.sub(lambda m: "[' ]?" if m.group() == "'" else m.group(), pattern)


_APOSTROPHE_OR_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|'(?![?*+{])", re.DOTALL)


def _spell_inner_word(word: str, gap: str) -> str:
    """A word that another one follows."""
    if word in _TAKES_NO_PARTICLE or not _is_hangul(word[-1]):
        return _spell_letters(word, gap)
    noun = _drop_particle(word)
    spelled = _spell_letters(noun[:-1], gap)
    end = _SPOKEN_ENDINGS.get(noun[-1], noun[-1]) if noun == word and spelled else noun[-1]
    apart = f"|{gap}(?:{_PARTICLES_APART})" if gap else ""
    return f"{gap.join(filter(None, (spelled, end)))}(?:{_PARTICLES}{apart})?"


def _drop_particle(word: str) -> str:
    """The word without its particle, where it has one for sure."""
    noun, particle = word[:-1], word[-1]
    if not noun or not _is_hangul(noun):
        return word
    is_long = len(noun) > 1 or particle in _OBJECT_PARTICLES
    return noun if is_long and particle in _DROPPABLE_BY_FINAL[has_final(noun[-1])] else word


def _spell_letters(text: str, gap: str) -> str:
    return gap.join(_WISH_FORMS if letter == "싶" else re.escape(letter) for letter in text)


def _is_hangul(text: str) -> bool:
    return _HANGUL_WORD.fullmatch(text) is not None
