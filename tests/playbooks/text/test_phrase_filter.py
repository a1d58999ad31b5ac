from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import Language
from playbooks.text.phrase_filter import PhraseFilter
from playbooks.text.phrase_index import PhraseIndex
from playbooks.text.phrases import Phrases

SYLLABLES = "가나다라마바사아자차카타파하거너더러머버"


def test_a_filter_of_nothing_finds_nothing() -> None:
    assert PhraseFilter(()).match("anything") == []
    assert PhraseFilter(("a",)).match("") == []


def test_every_expression_in_a_line_is_found_in_order() -> None:
    assert PhraseFilter(("cd", "zz", "ab", "b.*c")).match("abcd") == [0, 2, 3]


def test_an_expression_without_any_letters_is_found_too() -> None:
    assert PhraseFilter((r"\d{4}", "가", ".")).match("1234") == [0, 2]


def test_letters_are_told_apart_by_case_unless_the_options_say_otherwise() -> None:
    any_case = re2.Options()
    any_case.case_sensitive = False
    assert PhraseFilter(("ab",)).match("AB") == []
    assert PhraseFilter(("ab",), any_case).match("AB") == [0]


def test_more_expressions_than_one_filter_can_hold_are_all_found() -> None:
    words = tuple("".join(four) * 7 for four in itertools.product(SYLLABLES[:8], repeat=4))
    whole = re2.Filter()
    for word in words:
        whole.Add(word)
    with pytest.raises(re2.error, match="failed to compile"):
        whole.Compile()
    phrase_filter = PhraseFilter(words)
    places = [0, 475, 476, 477, 2_000, 4_095]
    assert phrase_filter.match(" ".join(words[place] for place in places)) == places


def test_every_thread_gets_the_same_answer() -> None:
    phrase_filter = PhraseFilter(tuple(f"{a}{b}.*c" for a in SYLLABLES for b in SYLLABLES))
    lines = [f"{a}{b}{a} c" for a in SYLLABLES for b in SYLLABLES] * 5
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(phrase_filter.match, lines)) == list(
            map(phrase_filter.match, lines)
        )


PHRASES = st.lists(st.sampled_from(["가나", "나 다", "ab", "ab * ba", "b ... ab"]), max_size=3)


@given(
    owners=st.lists(
        st.tuples(PHRASES, PHRASES, st.lists(st.sampled_from(["a+b", r"\d"]), max_size=2)),
        max_size=5,
    ),
    text=st.text(alphabet="ab 가나다1!", max_size=30),
)
@settings(max_examples=300)
def test_the_index_names_those_who_may_have_something_in_the_line(
    owners: list[tuple[list[str], list[str], list[str]]], text: str
) -> None:
    phrases = [
        Phrases(
            {Language.KOREAN: tuple(inclusions)},
            exact={Language.ENGLISH: tuple(exact)},
            patterns=tuple(patterns),
        )
        for inclusions, exact, patterns in owners
    ]
    index = PhraseIndex(tuple((part, number) for number, part in enumerate(phrases)))
    expected = {number for number, part in enumerate(phrases) if part.may_match(text)}
    assert set(index.find_owners(text)) == expected
