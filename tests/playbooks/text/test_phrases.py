from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import Language
from playbooks.text.phrases import PhraseError, Phrases, normalise, validate_phrase


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
    assert (
        korean("금감원").find_first(unicodedata.normalize("NFD", "금감원에 갈게요")) == "금감원에"
    )


def test_english_is_found_as_whole_words_in_any_case() -> None:
    assert english("sue you").find_first("I will SUE you!") == "sue you"
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


PIECES = st.sampled_from(["ab", "a", "가나", "가", "나 다", "*", "...", " ... "])


@given(
    phrase=st.lists(PIECES, min_size=1, max_size=5).map("".join),
    text=st.text(alphabet="ab 가나다_!", max_size=60),
    language=st.sampled_from(Language),
)
@settings(max_examples=500)
def test_a_phrase_is_found_where_its_expression_would_be(
    phrase: str, text: str, language: Language
) -> None:
    try:
        phrases = Phrases({language: (phrase,)})
    except PhraseError:
        return
    assert bool(phrases.find_first(text)) == bool(
        re.search(written_out(phrase, language), normalise(text))
    )


def written_out(phrase: str, language: Language) -> str:
    """The whole phrase as one expression, which is short to write and can be slow to search."""
    text = re.sub(r"\s*\.\.\.\s*", "...", normalise(phrase))
    korean = language is Language.KOREAN
    start = "" if text.startswith(("*", "...")) else r"(?<!\w)"
    end = "" if korean or text.endswith("*") else r"\b" if text.endswith("...") else r"(?!\w)"
    inner = re.sub(r"^(?:\*|\.\.\.)+|(?:\*|\.\.\.)+$", "", text)
    gaps = {"*": r"\w{0,20}", "...": r".{0,25}" if korean else r"\b.{0,25}\b"}
    letters = r"\s?".join if korean else "".join
    parts = (
        gaps.get(part) or letters(re.escape(c) for c in part if not (korean and c == " "))
        for part in re.split(r"(\*|\.\.\.)", inner)
    )
    return start + "".join(parts) + end


TEXTS = st.text(alphabet="abc 가나다'\u2019*.", max_size=40)


@given(phrase=TEXTS, text=TEXTS, language=st.sampled_from(Language))
def test_the_quick_look_never_hides_a_match(phrase: str, text: str, language: Language) -> None:
    try:
        phrases = Phrases({language: (phrase,)})
    except PhraseError:
        return
    for line in (text, f"{text} {phrase} {text}"):
        if any(one.find(normalise(line)) for one in phrases._finders_by_anchor.values()):
            assert phrases.find_first(line)


@given(st.text(alphabet="가나다라마", min_size=2, max_size=8), TEXTS)
def test_a_phrase_is_found_in_a_line_that_begins_with_it(phrase: str, rest: str) -> None:
    assert korean(phrase).find_first(f"{phrase} {rest}")
