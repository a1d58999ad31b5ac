"""What `callmood bench detectors` gives the detectors to read, and how it counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from detectors.utterance import CONTEXT_LINES, SAMPLE_RATE, Language
from streams.bench.detector_latency import (
    UTTERANCE_SECONDS,
    WARM_UP,
    ReadingCost,
    load_lines,
    load_utterances,
    measure_readings,
)
from streams.cli.bench import bench

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seconds", UTTERANCE_SECONDS)
def test_utterances_are_as_long_as_they_say_also_without_recordings(seconds: int) -> None:
    made = load_utterances(seconds, None)
    assert made
    assert {one.pcm.size for one in made} == {seconds * SAMPLE_RATE}


@pytest.mark.parametrize("language", list(Language))
def test_lines_have_as_many_lines_before_them_as_asked_for(language: Language) -> None:
    made = load_lines(language, None, before=CONTEXT_LINES)
    assert [len(one.context) for one in made[:5]] == [0, 1, 2, 3, 3]
    assert made[4].context == tuple(one.text for one in made[1:4])
    assert all(one.context == () for one in load_lines(language, None))


def test_warming_up_is_read_but_not_counted() -> None:
    read: list[str] = []
    cost = measure_readings("x", read.append, ["a", "b", "c"], readings=100)
    assert len(read) == WARM_UP + 100
    assert len(cost.wall_ms) == len(cost.cpu_ms) == 100
    assert set(read) == {"a", "b", "c"}


def test_an_aim_is_about_the_99th_percentile() -> None:
    slow_once_in_200 = (1.0,) * 199 + (50.0,)
    slow_once_in_50 = (1.0,) * 98 + (50.0,) * 2
    assert ReadingCost("x", slow_once_in_200, slow_once_in_200, target_ms=3.0).is_met()
    cost = ReadingCost("x", slow_once_in_50, (1.0,) * 100, target_ms=3.0)
    assert not cost.is_met()
    assert cost.is_met(cpu=True), "the time was others'"
    assert ReadingCost("x", (1.0,), (1.0,)).is_met() is None


def test_the_command_measures_every_kind_of_reading_and_fails_nothing(tmp_path: Path) -> None:
    out = tmp_path / "cost.json"
    ran = CliRunner().invoke(bench, ["detectors", "--readings", "100", "--json", str(out)])
    assert ran.exit_code == 0, ran.output
    figures = json.loads(out.read_text())
    assert len(figures) == 2 * len(UTTERANCE_SECONDS) + 2 * len(Language)
    for one in figures:
        assert one["n"] == 100
        assert 0 < one["wall_ms"]["p50"] <= one["wall_ms"]["p95"] <= one["wall_ms"]["p99"]
    aims = {one["reading"]: one["aim_p99_ms"] for one in figures}
    assert aims["utterance of 3 s"] == 8.0
    assert aims["Korean line"] == aims["English line"] == 3.0
