"""Lines written for a theme: reading, playing and counting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.corpora.theme_lines import THEMES, LinesError, ThemeLine, load_theme_lines
from detectors.text.model import TextEmotion
from detectors.utterance import Language
from playbooks.files.loader import load_library
from streams.evaluation.line_playback import LineOutcome, play_lines
from streams.evaluation.theme_figures import measure_themes
from streams.evaluation.themes import PLAYBOOKS_BY_THEME
from streams.evaluation.unrelated_lines import measure_rates

if TYPE_CHECKING:
    from pathlib import Path


def theme_line(text: str, *, expected: bool) -> ThemeLine:
    return ThemeLine("x", Language.ENGLISH, "lost_card", expected, text)


def fired(*playbooks: str) -> LineOutcome:
    return LineOutcome(frozenset(playbooks), has_safety_alert="abusive-words" in playbooks)


def test_every_theme_names_playbooks_that_exist() -> None:
    names = {playbook.playbook_id for playbook in load_library()}
    assert set(PLAYBOOKS_BY_THEME) == set(THEMES)
    assert {name for row in PLAYBOOKS_BY_THEME.values() for name in row} <= names


def test_a_line_is_played_alone_through_detector_and_library() -> None:
    lines = [("I lost my card", Language.ENGLISH), ("?!", Language.ENGLISH)]
    played = list(play_lines(lines, TextEmotion(), load_library()))
    assert "lost-card" in played[0].playbook_ids
    assert played[1].playbook_ids == frozenset()


def test_recall_and_false_alarms_are_counted_apart() -> None:
    lines = [
        theme_line("a", expected=True),
        theme_line("b", expected=True),
        theme_line("c", expected=False),
    ]
    outcomes = [fired("lost-card"), fired("unknown-charge"), fired("lost-card", "abusive-words")]
    figures = measure_themes(lines, outcomes)[0]
    assert (figures.recall.hits, figures.recall.lines) == (1, 2)
    assert (figures.false_alarms.hits, figures.safety_alarms.hits) == (1, 1)


def test_what_was_judged_right_is_no_false_alarm() -> None:
    lines = [("a", Language.KOREAN), ("b", Language.KOREAN)]
    outcomes = [fired("lost-card"), fired("lost-card")]
    (rate,) = measure_rates("kote", lines, outcomes, {("lost-card", "a"): True})
    assert (rate.fired, rate.verdicts, rate.right_verdicts) == (2, 1, 1)
    assert rate.false_per_10_000 == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("theme\ttext\n", ":1: no header"),
        ("theme\texpected\ttext\nlost_card\tmaybe\tx\n", ":2: not a theme"),
        ("theme\texpected\ttext\nweather\tyes\tx\n", ":2: no theme 'weather'"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "x.en.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(LinesError, match=problem):
        load_theme_lines(tmp_path)
