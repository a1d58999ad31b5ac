"""The chart's bands are the mood's thresholds."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from detectors.mood import ENTER_THRESHOLDS, MoodLevel


@pytest.mark.parametrize("level", list(ENTER_THRESHOLDS))
def test_the_chart_colours_the_band_where_the_level_begins(level: MoodLevel) -> None:
    script = files("streams.desk").joinpath("static/trend.js").read_text(encoding="utf-8")
    (value,) = re.findall(rf"^const {level.name} = ([\d.]+);$", script, re.MULTILINE)
    assert float(value) == ENTER_THRESHOLDS[level]
