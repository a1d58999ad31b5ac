"""Odd times of a transcript: repaired, said once, and no line loses its words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.utterance import TimeSpan
from streams.ingest.replay.transcript_times import (
    MAX_CALL_MS,
    RawTimes,
    RepairedTimes,
    repair_times,
)

MINUTE_MS = 60_000


def repair(*pairs: tuple[Any, Any], duration_ms: int | None = MINUTE_MS) -> RepairedTimes:
    """Lines of ten characters each."""
    times = [RawTimes(line, start, end, 10) for line, (start, end) in enumerate(pairs, start=1)]
    return repair_times(times, duration_ms=duration_ms)


def spans(*pairs: tuple[Any, Any], duration_ms: int | None = MINUTE_MS) -> list[tuple[int, int]]:
    result = repair(*pairs, duration_ms=duration_ms)
    return [(span.start_ms, span.end_ms) for span in result.spans]


def test_whole_milliseconds_are_taken_as_they_are_without_a_word() -> None:
    result = repair((900, 2_400), (2_600, 5_000))
    assert result.spans == [TimeSpan(900, 2_400), TimeSpan(2_600, 5_000)]
    assert result.notes == []


@pytest.mark.parametrize(
    ("pair", "span"),
    [
        ((5_000.0, 7_000.0), (5_000, 7_000)),
        (("5000", "7000"), (5_000, 7_000)),
        (("00:00:05,200", "0:07.9"), (5_200, 7_900)),
        (("1:00:05", "01:00:07"), (3_605_000, 3_607_000)),
        ((5_000.4, 7_000.6), (5_000, 7_001)),
        ((-300, 700), (0, 700)),
        ((-900, -200), (0, 0)),
        ((5_000, 4_900), (5_000, 5_000)),
        ((5_000, None), (5_000, 6_200)),
        ((None, 7_000), (5_800, 7_000)),
        ((None, 500), (0, 500)),
        ((float("nan"), 7_000), (5_800, 7_000)),
        ((5_000, float("inf")), (5_000, 6_200)),
        ((5_000, 1e308), (5_000, 6_200)),
        ((5_000, True), (5_000, 6_200)),
        (([], {}), (4_000, 5_200)),
        ((10**400, 10**400), (4_000, 5_200)),
        ((1_764_000_000_000, 1_764_000_003_000), (4_000, 5_200)),
    ],
)
def test_an_odd_time_is_repaired_and_said_in_one_line(
    pair: tuple[Any, Any], span: tuple[int, int]
) -> None:
    result = repair((3_000, 4_000), pair)
    assert (result.spans[1].start_ms, result.spans[1].end_ms) == span
    note = result.notes[0]
    assert "line 2" in note
    assert len(result.notes) == 1 + (span[1] > MINUTE_MS)


def test_many_odd_times_are_one_summary() -> None:
    odd = [(-5, 10), (None, None), (900.0, 800.0)] * 100
    (note,) = repair((0, 900), *odd).notes
    assert note.count("100 ") == 4


@pytest.mark.parametrize(
    "pairs",
    [
        [(5.2, 7.9)],
        [(0.0, 3.25), (3.5, 8.0), (9, 12)],
        [(0, 3), (4, 8), (9, 12)],
        [("1.2", "4.5")],
        [(5.2, 5.2)],
        [(number * 5.5, number * 5.5 + 3.2) for number in range(40)],
    ],
)
def test_times_in_seconds_are_recognised_and_said(pairs: list[tuple[Any, Any]]) -> None:
    result = repair(*pairs)
    assert [(s.start_ms, s.end_ms) for s in result.spans] == [
        (round(float(a) * 1_000), round(float(b) * 1_000)) for a, b in pairs
    ]
    assert "are in seconds" in result.notes[0]


@pytest.mark.parametrize(
    "pairs",
    [
        [(0, 0)],
        [(0, 900)],
        [(100, 1_400), (1_500.5, 2_900), (3_000, 4_000)],
        [(0, 40), (50, 20_000)],
        [(1_000, 1_000), (5_000, 5_000)],
        [(10.5, 610.5), (700.25, 1_900.5)],
    ],
)
def test_milliseconds_are_not_taken_for_seconds(pairs: list[tuple[Any, Any]]) -> None:
    assert not any("are in seconds" in note for note in repair(*pairs).notes)
    assert spans(*pairs)[0][1] == round(pairs[0][1])


def test_lines_beyond_the_sound_are_said_once_and_kept() -> None:
    result = repair((1_000, 2_000), *[(70_000 + n, 71_000 + n) for n in range(50)])
    assert len(result.spans) == 51
    (note,) = result.notes
    assert "50 lines lie beyond the sound, which ends at 60.0 s (line 2)" in note


def test_a_line_that_ends_hours_behind_the_sound_is_said_to_lie_beyond_it() -> None:
    (note,) = repair((1_000, 2_000), (5_000, 80_000_000)).notes
    assert note.startswith("1 line lies beyond the sound, which ends at 60.0 s (line 2)")


def test_lines_without_times_do_not_make_a_transcript_look_like_another_recordings() -> None:
    result = repair(*[(None, None)] * 300)
    assert max(span.end_ms for span in result.spans) == MINUTE_MS
    (note,) = result.notes
    assert "300 without a time" in note


JSON = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([])
)


@given(st.lists(st.tuples(JSON, JSON), max_size=30), st.one_of(st.none(), st.integers(0, 10**7)))
def test_any_times_become_spans_of_a_call(
    pairs: list[tuple[Any, Any]], duration_ms: int | None
) -> None:
    result = repair(*pairs, duration_ms=duration_ms)
    assert len(result.spans) == len(pairs)
    assert all(0 <= span.start_ms <= span.end_ms <= 2 * MAX_CALL_MS for span in result.spans)
    assert len(result.notes) <= 3
