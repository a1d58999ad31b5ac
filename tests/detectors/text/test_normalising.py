# ruff: noqa: RUF001  (letters that look like others are what is tested)
"""The one normaliser: any string in, one spelling out, and every character's place remembered."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.disguises import find_forms
from detectors.text.normalising import MAX_LINE, normalise, normalise_text
from detectors.text.text_form import NormalisedText

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
TRICKY = st.text(
    alphabet="죽고싶ㅈㅜ죽ﾡﾢkl.i’´－ｋＩ\u00ad\u200b\u3164\u0301\ud83d\ufe0fİßﬁ㎏…аѕ 1@*-_ \t\n",
    max_size=40,
)

SAME = [
    ("죽\u00ad고 싶어요", "죽고 싶어요"),
    ("죽\u2060고\u200b 싶\u200d어\u200c요\ufeff", "죽고 싶어요"),
    ("죽\u3164고\u115f\u1160\uffa0 싶어요", "죽고 싶어요"),
    ("죽고\ufe0f 싶\u034f어\u180e요\U000e0041", "죽고 싶어요"),
    ("\u202e죽고\u2069 싶어\ufffb요", "죽고 싶어요"),
    (unicodedata.normalize("NFD", "죽고 싶어요"), "죽고 싶어요"),
    ("ｉ　ｗａｎｔ　ｔｏ　ｄｉｅ", "i want to die"),
    ("𝐤𝐢𝐥𝐥 ⓚⓘⓛⓛ 🅺🅸🅻🅻 🅚🅘🅛🅛 ᴋɪʟʟ", "kill kill kill kill kill"),
    ("I’m I´m I`m I＇m Iʼm I′m", "i'm i'm i'm i'm i'm i'm"),
    ("kіll mуѕеlf", "kill myself"),
    ("k\u0301íll mÿself", "kill myself"),
    ("  two\t\u00a0spaces\u2003here \n", "two spaces here"),
    ("\ud83d half", "? half"),
]


@pytest.mark.parametrize(("written", "meant"), SAME)
def test_a_line_is_one_line_however_it_was_typed(written: str, meant: str) -> None:
    assert normalise(written).text == meant


def test_half_width_letters_are_composed_like_others() -> None:
    assert normalise("\uffb8\uffd3\uffa1\uffa1\uffcc").text == "죽고"
    assert normalise("\uffb5\uffb2").text == "ㅅㅂ"


def test_russian_and_greek_stay_what_they_are() -> None:
    for line in ("привет, как дела", "это mail", "καλημέρα, ok"):
        assert normalise(line).text == unicodedata.normalize("NFC", line).replace("έ", "ε")


@given(ANY_TEXT | TRICKY)
def test_what_was_normalised_once_stays_as_it_is(text: str) -> None:
    line = normalise(text).text
    assert normalise(line).text == line
    assert len(line) <= MAX_LINE
    line.encode()


@given(ANY_TEXT | TRICKY)
def test_each_character_of_each_form_has_its_place_in_the_original(text: str) -> None:
    for form in (normalise(text), *find_forms(text)):
        starts, ends = list(form.starts), list(form.ends)
        assert len(starts) == len(ends) == len(form.text)
        assert starts == sorted(starts)
        assert ends == sorted(ends)
        for start, end in zip(starts, ends, strict=True):
            assert 0 <= start < end <= len(text)


@given(ANY_TEXT | TRICKY)
def test_no_form_has_signs_or_spaces_that_phrases_do_not_expect(text: str) -> None:
    for form in find_forms(text):
        assert form.text == " ".join(form.text.split())
        assert "." not in form.text
        assert "," not in form.text


@given(TRICKY, st.integers(0, 40), st.integers(1, 40))
def test_what_is_quoted_is_part_of_what_was_written(text: str, start: int, length: int) -> None:
    for form in find_forms(text):
        if start < len(form.text):
            assert form.quote(start, min(len(form.text), start + length)) in text


@given(ANY_TEXT | TRICKY)
def test_covering_a_quote_gives_at_least_the_words_that_were_quoted(text: str) -> None:
    for form in find_forms(text):
        if form.text:
            first, last = form.cover(*form.locate(0, len(form.text)))
            assert (first, last) == (0, len(form.text))


def test_a_flood_of_invisible_characters_hides_nothing_and_costs_little() -> None:
    assert "죽고 싶어요" in normalise("\u200b" * 5_000 + "죽고 싶어요").text
    started = time.process_time()
    for unit in (
        "\u200b",
        "\ufdfa",
        "a ",
        "가.",
        "시이",
        "ㅅㅣ",
        "sh1t ",
        "k-",
        "aaab",
        "'",
        "가1",
    ):
        find_forms(unit * 100_000)
    assert time.process_time() - started < 5, "no more than its first 8,000 characters are read"


def test_ordinary_lines_give_the_models_what_they_were_trained_with() -> None:
    for line in ("네, 알겠습니다ㅠㅠ", "I don't know... ok?", "카드 1234번이요", "ㅋㅋㅋㅋ 진짜"):
        expected = unicodedata.normalize("NFKC", line.lower().replace("ㅜ", "ㅠ"))
        assert normalise_text(line) == expected.replace("ᄏᄏᄏᄏ", "ᄏᄏ").replace("...", "..")
    assert normalise_text("죽\u00ad고 싶어요") == normalise_text("죽고 싶어요")
    assert normalise_text("ｉ don´t know") == normalise_text("i don't know")


def test_forms_are_values() -> None:
    assert normalise("가나") == NormalisedText("가나", "가나", None)
