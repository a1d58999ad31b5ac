"""The hand-written calls: complete, split by call, and refused with file and line when broken."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from detectors.corpora.corpora import CorpusError
from detectors.text.model import TextEmotion
from detectors.training.text.dialogues import (
    find_best_weight,
    load_dialogues,
    measure_context,
    score_lines,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

CALLS = [call for language in Language for call in load_dialogues(language)]


def test_there_are_enough_calls_in_both_parts_and_languages() -> None:
    assert len(CALLS) >= 24
    count = Counter((call.language, call.part) for call in CALLS)
    assert min(count[language, part] for language in Language for part in ("dev", "test")) >= 6


def test_no_call_is_in_two_parts_and_every_call_has_short_lines() -> None:
    names = Counter((call.language, call.name) for call in CALLS)
    # A topic may come up in both parts, never the same words.
    long_lines = Counter(
        text for call in CALLS for _, text in call.lines if len(text.split()) > len("네 맞아요")
    )
    assert max(names.values()) == 1
    assert max(long_lines.values()) == 1
    assert all(any(len(text.split()) <= 2 for _, text in call.lines) for call in CALLS)


def test_a_broken_line_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "ko.txt").write_text("[dev one]\nrage\t네\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"ko\.txt:2: .*rage"):
        load_dialogues(Language.KOREAN, tmp_path)
    with pytest.raises(CorpusError, match=r"en\.txt: no such file"):
        load_dialogues(Language.ENGLISH, tmp_path)


def test_the_shipped_weight_is_the_one_that_the_dev_calls_choose() -> None:
    detector = TextEmotion()
    lines = score_lines(detector, [call for call in CALLS if call.part == "dev"])
    shipped = {found.context_weight for found in detector.calibration.values()}
    assert shipped == {find_best_weight(detector, lines)}


def test_the_lines_before_tell_more_than_short_lines_alone() -> None:
    detector = TextEmotion()
    lines = score_lines(detector, [call for call in CALLS if call.part == "test"])
    found = measure_context(detector, lines, short_only=True)
    assert found.in_context > found.alone
