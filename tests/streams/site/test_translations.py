"""Every phrase exists in every language, and no template asks for one that does not."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import streams
from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.utterance import Language
from playbooks.alert import Action, AlertLevel
from playbooks.files.loader import LIBRARY, find_playbook_files
from playbooks.sensitivity import SensitivityKind
from streams.corrections.segments import Cause
from streams.desk.help_requests import HELP_ACTIONS
from streams.desk.spoken_step import build_spoken_step
from streams.site.filters import evidence, size
from streams.site.hub import FeedState
from streams.site.translations import load_catalogue

SOURCE = Path(streams.__file__).parent
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
ASKED = re.compile(r"\bt\('([a-z_.]+)'(?!\s*~)")
CODES = re.compile(r'"(voice:[a-z_]+)"')


def names(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


def test_every_language_has_the_same_phrases_with_the_same_values() -> None:
    english = load_catalogue(Language.ENGLISH).phrases
    for language in Language:
        phrases = load_catalogue(language).phrases
        assert phrases.keys() == english.keys()
        assert {k: names(v) for k, v in phrases.items()} == {
            k: names(v) for k, v in english.items()
        }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_asks_for_a_phrase_that_is_missing(template: Path) -> None:
    asked = set(ASKED.findall(template.read_text(encoding="utf-8")))
    assert asked <= load_catalogue(Language.KOREAN).phrases.keys()


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("emotion", [*Emotion, "unclear"]),
        ("seems", list(Emotion)),
        ("topic", list(Topic)),
        ("mood.level", list(MoodLevel)),
        ("mood.trend", list(Trend)),
        ("alerts.level", list(AlertLevel)),
        ("trainer.cause", list(Cause)),
        ("sensitive", list(SensitivityKind)),
        ("line_state", [*FeedState, "offline"]),
        ("language", list(Language)),
        ("rules.do", list(Action)),
        ("rules.theme", ["top", *{file.parent.name for file in find_playbook_files(LIBRARY)}]),
        ("steps.do", list(Action)),
        ("steps.by", ["agent", "supervisor"]),
        ("help.asks", [*HELP_ACTIONS, "both"]),
        ("help.what", list(HELP_ACTIONS)),
        ("evidence_seals.cause", ["asked", "call_ended"]),
        ("evidence_seals.role", ["agent", "supervisor", "desk"]),
    ],
)
def test_every_value_that_is_shown_has_a_word(prefix: str, values: list[str]) -> None:
    found = {key.rpartition(".")[2] for key in load_catalogue(Language.KOREAN).phrases
             if key.rpartition(".")[0] == prefix}  # fmt: skip
    assert found == {str(value) for value in values}


def test_every_reason_code_of_the_voice_detector_has_a_word() -> None:
    detectors = SOURCE.parent / "detectors" / "voice"
    codes = {code for file in detectors.glob("*.py") for code in CODES.findall(file.read_text())}
    assert codes
    for code in codes:
        assert evidence(code, load_catalogue(Language.KOREAN)) != code


def test_words_that_were_said_are_shown_as_they_are() -> None:
    assert evidence("장난하세요", load_catalogue(Language.ENGLISH)) == "장난하세요"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("읽으실 문장: “안녕히.”", [("읽으실 문장:", False), ("안녕히.", True)]),
        ('To read out: "Goodbye." Then end it.',
         [("To read out:", False), ("Goodbye.", True), ("Then end it.", False)]),
        ("상담을 종료하겠습니다.", [("상담을 종료하겠습니다.", True)]),
        ("a lone “ quote", [("a lone “ quote", True)]),
        ("", [("", True)]),
    ],
)  # fmt: skip
def test_the_sentence_to_say_is_told_from_what_stands_around_it(
    text: str, parts: list[tuple[str, bool]]
) -> None:
    said = build_spoken_step(
        text, text, call_language=Language.ENGLISH, reader_language=Language.ENGLISH
    )
    assert [(part.text, part.said) for part in said.parts] == parts


def test_sizes_are_shown_as_people_read_them() -> None:
    assert [size(count) for count in (0, 999, 79_400, 2_340_000)] == [
        "1 KB", "1 KB", "79 KB", "2.3 MB",
    ]  # fmt: skip
