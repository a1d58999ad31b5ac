"""What is read out is in the customer's language; advice is in the reader's."""

from __future__ import annotations

import pytest

from detectors.utterance import Language
from streams.desk.models import AlertView
from streams.desk.spoken_step import SpokenStep, build_spoken_step
from streams.store.rows import to_row
from tests.support.protocol import FIRST, SECOND, THIRD
from tests.support.records import with_changes

KO, EN = Language.KOREAN, Language.ENGLISH
READ = "읽어 드릴 문장: “죄송합니다.” 그리고 “확인하겠습니다.”라고 하세요."
SPOKEN = "To read out: “I am sorry.” Then say “I will check.”"


def shown(said: SpokenStep) -> list[tuple[str, bool, str]]:
    return [(part.text, part.said, part.language.value) for part in said.parts]


def test_sentences_are_in_the_calls_language_and_the_words_around_them_in_the_readers() -> None:
    said = build_spoken_step(READ, SPOKEN, call_language=EN, reader_language=KO)
    assert shown(said) == [
        ("읽어 드릴 문장:", False, "ko"),
        ("I am sorry.", True, "en"),
        ("그리고", False, "ko"),
        ("I will check.", True, "en"),
        ("라고 하세요.", False, "ko"),
    ]
    assert said.meaning == "죄송합니다. 확인하겠습니다."


def test_a_reader_of_the_calls_language_is_told_nothing_twice() -> None:
    said = build_spoken_step(READ, READ, call_language=KO, reader_language=KO)
    assert [part.text for part in said.parts if part.said] == ["죄송합니다.", "확인하겠습니다."]
    assert said.meaning == ""


def test_where_the_languages_quote_differently_the_whole_step_is_the_calls() -> None:
    said = build_spoken_step("“죄송합니다.”", SPOKEN, call_language=EN, reader_language=KO)
    assert {part.language for part in said.parts} == {EN}
    assert said.meaning == "죄송합니다."


def test_a_step_that_quotes_nothing_is_all_to_say() -> None:
    said = build_spoken_step("죄송합니다.", "I am sorry.", call_language=EN, reader_language=KO)
    assert shown(said) == [("I am sorry.", True, "en")]
    assert said.meaning == "죄송합니다."


@pytest.mark.parametrize(("call", "reader"), [(EN, KO), (KO, EN)])
def test_only_what_is_said_aloud_follows_the_call(call: Language, reader: Language) -> None:
    message = with_changes(FIRST, language=call)
    sentence, advice = AlertView.model_validate(to_row(message)).step_rows(reader)
    assert (advice.text, advice.to_say) == (FIRST.record.suggestion[reader][0], None)
    assert sentence.to_say is not None
    (said,) = [part for part in sentence.to_say.parts if part.said]
    assert said.language is call
    assert said.text in FIRST.record.suggestion[call][1]
    assert sentence.to_say.meaning in FIRST.record.suggestion[reader][1]


def test_a_protocols_sentence_comes_before_the_advice_that_leads_to_it() -> None:
    rows = AlertView.model_validate(to_row(FIRST)).step_rows(KO)
    assert [row.index for row in rows] == [1, 0], "a confirmed step keeps its number"
    third = AlertView.model_validate(to_row(THIRD)).step_rows(KO)
    assert [row.index for row in third] == list(range(len(THIRD.record.actions)))


def test_an_alert_that_does_not_know_its_calls_language_speaks_the_readers() -> None:
    alert = AlertView.model_validate(to_row(with_changes(SECOND, language=None)))
    said = alert.step_rows(EN)[0].to_say
    assert said is not None
    assert {part.language for part in said.parts} == {EN}
    assert said.meaning == ""


def test_a_playbook_without_the_calls_language_is_read_out_as_it_is() -> None:
    only = with_changes(THIRD, suggestion={EN: THIRD.record.suggestion[EN]}, language=KO)
    said = AlertView.model_validate(to_row(only)).step_rows(EN)[0].to_say
    assert said is not None
    assert [part.text for part in said.parts if part.said] != []
    assert said.meaning == ""
