"""Instants are written as people write them, on the reader's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from detectors.utterance import Language
from streams.backtest.instants import format_instant, format_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVENING = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts the reader into a time zone."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_of_the_same_year_only_day_and_clock_are_told(reader: Callable[[str], None]) -> None:
    reader("Asia/Seoul")
    assert format_instant(EVENING, Language.KOREAN, reference=EVENING) == "11월 25일 오후 5:30"
    assert format_instant(EVENING, Language.ENGLISH, reference=EVENING) == "Nov 25, 5:30 PM"


def test_another_year_is_told_and_the_reader_s_clock_says_which_it_is(
    reader: Callable[[str], None],
) -> None:
    reader("Asia/Seoul")
    last_hour = datetime(2026, 12, 31, 15, 5, tzinfo=UTC)
    assert (
        format_instant(last_hour, Language.KOREAN, reference=EVENING) == "2027년 1월 1일 오전 12:05"
    )
    assert format_instant(last_hour, Language.ENGLISH, reference=EVENING) == "Jan 1, 2027, 12:05 AM"
    assert format_instant(EVENING, Language.ENGLISH) == "Nov 25, 2026, 5:30 PM"


def test_noon_is_twelve_in_the_afternoon(reader: Callable[[str], None]) -> None:
    reader("UTC")
    noon = EVENING.replace(hour=12, minute=0)
    assert format_instant(noon, Language.KOREAN, reference=noon) == "11월 25일 오후 12:00"
    assert format_instant(noon, Language.ENGLISH, reference=noon) == "Nov 25, 12:00 PM"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("Asia/Seoul", "KST (UTC+09:00)"),
        ("America/New_York", "EST (UTC-05:00)"),
        ("America/Sao_Paulo", "UTC-03:00"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_told_by_its_name_if_it_has_one(
    reader: Callable[[str], None], place: str, told: str
) -> None:
    reader(place)
    assert format_zone(EVENING) == told
