from __future__ import annotations

import time
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import Language
from playbooks.conditions.phrase_condition import PhraseCondition
from playbooks.files.loader import load_library
from playbooks.text.phrases import PhraseError, Phrases, validate_phrase
from tests.playbooks.text.reference_search import reference_find


def korean(*phrases: str, but_not: tuple[str, ...] = ()) -> Phrases:
    return Phrases({Language.KOREAN: phrases}, {Language.KOREAN: but_not})


def english(*phrases: str) -> Phrases:
    return Phrases({Language.ENGLISH: phrases})


@pytest.mark.parametrize("text", ["죽고 싶어요", "죽고싶다고요", "정말 죽 고 싶 어"])
def test_korean_is_found_whatever_the_spacing(text: str) -> None:
    assert korean("죽고 싶").find_first(text)


def test_korean_is_found_only_at_the_start_of_a_word() -> None:
    assert korean("시발").find_first("출시발표") is None
    assert korean("시발").find_first("아 시발 뭐야") == "시발"


def test_a_leading_star_finds_it_inside_a_word() -> None:
    assert korean("*씨발").find_first("야이씨발아") == "씨발아"


def test_decomposed_hangul_is_the_same_text() -> None:
    assert korean("금감원").find_first(
        unicodedata.normalize("NFD", "금감원에 갈게요")
    ) == unicodedata.normalize("NFD", "금감원에")


def test_english_is_found_as_whole_words_in_any_case() -> None:
    assert english("sue you").find_first("I will SUE you!") == "SUE you"
    assert english("sue you").find_first("an issue you have") is None
    assert english("fuck*").find_first("are you fucking serious") == "fucking"


def test_a_curly_apostrophe_is_an_apostrophe() -> None:
    assert english("don't understand").find_first("I don\u2019t understand")


def test_three_dots_bridge_a_few_words_and_no_more() -> None:
    phrases = english("burn ... down")
    assert phrases.find_first("I'll burn your office down")
    assert phrases.find_first(f"burn {'very ' * 10}down") is None


def test_a_false_friend_is_passed_over_but_the_real_thing_beside_it_is_found() -> None:
    phrases = korean("자살", but_not=("자살 면책",))
    assert phrases.find_first("자살면책 기간이요") is None
    assert phrases.find_first("자살 면책 말고 자살하고 싶다고요") == "자살하고"


@pytest.mark.parametrize("phrase", ["가", "*", "...", "a ... *", "x" * 81, "ab*cd*ef*gh*ij"])
def test_a_phrase_that_would_match_everything_or_nothing_is_refused(phrase: str) -> None:
    with pytest.raises(PhraseError, match="; "):
        validate_phrase(phrase)


@pytest.mark.parametrize(
    "phrase",
    [
        "aa*aa*aa*aa",
        "aa ... aa ... aa ... ab",
        "...aa...a...z",
        "가가 ... 가가 ... 가나",
        "...가가...가...하",
        "가가*가가*가가*하하",
    ],
)
@pytest.mark.parametrize("but_not", [False, True])
def test_no_phrase_makes_a_long_line_stand_still(phrase: str, *, but_not: bool) -> None:
    these = dict.fromkeys(Language, (phrase,))
    phrases = Phrases({Language.ENGLISH: ("aa",)}, these) if but_not else Phrases(these)
    started = time.process_time()
    for text in ("a" * 100_000, "aa " * 40_000, "가" * 100_000, "가가 " * 40_000):
        phrases.find_first(text)
    assert time.process_time() - started < 1, "it took 0.3 s for each line"


@pytest.mark.parametrize("phrase", ["vip's 라운지", "i'm 죽", "e-mail 해킹"])
def test_a_korean_phrase_with_an_apostrophe_or_a_hyphen_is_found(phrase: str) -> None:
    assert korean(phrase).find_first(f"저기 {phrase}") == phrase


PIECES = st.sampled_from(
    [
        "ab",
        "a",
        "b",
        "가나",
        "가",
        "나 다",
        "*",
        "...",
        " ... ",
        " * ",
        "…",
        "!",
        "'",
        "é",
        "£",
        "_",
    ]
)
PHRASES = st.tuples(
    st.sampled_from(Language), st.lists(PIECES, min_size=1, max_size=6).map("".join)
)
FILLERS = st.sampled_from(["", " ", "a", "가", "!", "£", " ab ", " xx" * 9, "가" * 22, "😀", "ß"])
TEXTS = st.text(alphabet="ab  가나다_!'\u2019é£1😀ßİ*.", max_size=60)


def by_language(phrases: list[tuple[Language, str]]) -> dict[Language, tuple[str, ...]]:
    """Those that can be looked for at all."""
    texts: dict[Language, tuple[str, ...]] = dict.fromkeys(Language, ())
    for language, phrase in phrases:
        with suppress(PhraseError):
            texts[language] = (*texts[language], validate_phrase(phrase))
    return texts


@st.composite
def lines(draw: st.DrawFn, phrases: list[tuple[Language, str]]) -> str:
    """A line in which the phrases are, or nearly."""
    said = [
        phrase.replace("*", draw(FILLERS)).replace("...", draw(FILLERS)) + draw(FILLERS)
        for _, phrase in phrases
    ]
    return draw(TEXTS) + draw(FILLERS).join(draw(st.permutations(said))) + draw(TEXTS)


@given(st.lists(PHRASES, max_size=4), st.lists(PHRASES, max_size=2), st.data())
@settings(max_examples=500)
def test_what_is_found_is_what_a_plain_expression_for_each_phrase_finds(
    phrases: list[tuple[Language, str]], but_not: list[tuple[Language, str]], data: st.DataObject
) -> None:
    inclusions, exclusions = by_language(phrases), by_language(but_not)
    searched = Phrases(inclusions, exclusions)
    for text in (data.draw(TEXTS), data.draw(lines(phrases + but_not))):
        answer = searched.find_first(text)
        assert answer == reference_find(inclusions, exclusions, text)
        assert answer is None or searched.may_match(text)


LIBRARY = [
    leaf.phrases
    for playbook in load_library()
    for leaf in playbook.when.leaves
    if isinstance(leaf, PhraseCondition)
]
SAID = sorted(
    {
        (language, phrase)
        for phrases in LIBRARY
        for texts in (phrases.inclusions, phrases.exclusions)
        for language in texts
        for phrase in texts[language]
    }
)


@given(st.lists(st.sampled_from(SAID), max_size=4).flatmap(lines) | st.text(max_size=80))
@settings(max_examples=20, deadline=None)
def test_the_library_finds_what_plain_expressions_find(text: str) -> None:
    for phrases in LIBRARY:
        if phrases.exact or phrases.patterns:
            continue
        expected = reference_find(phrases.inclusions, phrases.exclusions, text)
        assert phrases.find_first(text) == expected


def test_a_false_friend_said_twice_is_passed_over_twice() -> None:
    phrases = korean("자살", but_not=("자살 ... 면책",))
    assert phrases.find_first("자살 사고 면책 자살 사고 면책") is None


def test_false_friends_that_overlap_are_both_passed_over() -> None:
    phrases = korean("자살", but_not=("면책 자살", "자살 면책"))
    assert phrases.find_first("자살 면책 자살") is None


def test_of_phrases_that_begin_at_one_place_the_longest_is_the_evidence() -> None:
    for phrases in (english("sue you", "sue you all"), english("sue you all", "sue you")):
        assert phrases.find_first("I will sue you all") == "sue you all"


@pytest.mark.parametrize("sign", ["\u2014", "\u20ac", "\U0001f600", "\ue000", "\U0010fffd", "!"])
def test_any_sign_ends_a_word_and_no_letter_does(sign: str) -> None:
    assert english("sue you").find_first(f"{sign}sue you{sign}") == "sue you"
    for letter in ("\u00e9", "\uac00", "\U00020000", "\u0661", "_"):
        assert english("sue you").find_first(f"sue you{letter}") is None


def test_a_sign_in_a_phrase_is_that_sign() -> None:
    assert english("\u00a3100 fee").find_first("a \u00a3100 fee") == "\u00a3100 fee"
    assert english("\u00a3100 fee").find_first("a \u20ac100 fee") is None


def test_half_a_surrogate_pair_in_a_line_is_survived() -> None:
    assert korean("죽고싶").find_first("\ud83d 죽고 싶다") == "죽고 싶다"
    assert Phrases({}, patterns=(r"\d{4}",)).find_first("\ud83d 1234") == "1234"


@given(st.text(alphabet="가나다라마", min_size=2, max_size=8), TEXTS)
def test_a_phrase_is_found_in_a_line_that_begins_with_it(phrase: str, rest: str) -> None:
    assert korean(phrase).find_first(f"{phrase} {rest}")
