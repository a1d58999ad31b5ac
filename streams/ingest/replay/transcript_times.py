"""The times of a transcript, put right where they cannot be taken as they stand.

A line whose time is odd is still something that a person said: its words count, at the best place
that can be had for it, and one summary says what was done.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from detectors.utterance import TimeSpan

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CALL_MS = 24 * 3_600_000
MAX_NUMBER_CHARS = 24

MS_PER_CHARACTER = 120
"""Of speech, for a line with one time only: about eight characters a second."""
MAX_GUESSED_MS = 10_000

MIN_MS_PER_CHARACTER = 15
"""Nobody speaks as fast as this: such times are seconds."""
_CLOCK = re.compile(r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]?\d(?:[.,]\d{1,9})?)", re.ASCII)
"""Times as subtitles write them (SubRip, WebVTT)."""

MIN_FRACTIONS = 3
"""One time in so many has a fraction where seconds are meant."""
MAX_SECONDS = 4 * 3_600
"""Larger times are milliseconds: no recording is as long."""
BEYOND_SOUND_MS = 2_000
"""A recogniser's clock and the recording's may differ by so much."""


class Repair(Enum):
    """What was done to a line's times, as the summary names it."""

    DECIMAL = "as a decimal, a text or a clock's, taken as milliseconds"
    NEGATIVE = "before the call's start, put at its start"
    REVERSED = "with the end before the start, taken to end where it starts"
    MISSING = "without a time that can be used, put behind the line before"


@dataclass(frozen=True, slots=True)
class RawTimes:
    """A line's times as they are written: any JSON value, ``None`` where there is none."""

    line: int
    start: object
    end: object
    characters: int


@dataclass(slots=True)
class RepairedTimes:
    """Times that can be used.

    Attributes:
        spans: one a line, in the order given.
        notes: one line each: what was repaired, and what a person should look at.
    """

    spans: list[TimeSpan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def repair_times(times: Sequence[RawTimes], *, duration_ms: int | None) -> RepairedTimes:
    """Make spans of a transcript's times.

    Args:
        times: of its lines, in the order of the file.
        duration_ms: of the sound, where there is one.

    Returns:
        A span for each line, and what to say of them.
    """
    result = RepairedTimes()
    numbers = [(_to_number(each.start), _to_number(each.end)) for each in times]
    scale = 1_000 if _are_seconds(times, numbers, duration_ms) else 1
    if scale != 1:
        result.notes.append("times are in seconds, taken so; write whole milliseconds")
    repairs: dict[Repair, list[int]] = {}
    for raw, (start, end) in zip(times, numbers, strict=True):
        previous = result.spans[-1] if result.spans else TimeSpan(0, 0)
        span, kinds = _build_span(raw, start, end, scale, previous)
        if Repair.MISSING in kinds and duration_ms is not None:
            # A guess must not make a transcript look like another recording's.
            span = TimeSpan(min(span.start_ms, duration_ms), min(span.end_ms, duration_ms))
        result.spans.append(span)
        for kind in kinds:
            repairs.setdefault(kind, []).append(raw.line)
    result.notes += _describe_repairs(repairs)
    result.notes += _describe_beyond(times, result.spans, duration_ms)
    return result


def _to_number(value: object) -> float | None:
    """A time as a number; ``None`` for what is none, or not finite."""
    if isinstance(value, str):
        value = _parse_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) <= 10 * MAX_CALL_MS else None
    return value if math.isfinite(value) and abs(value) <= 10 * MAX_CALL_MS else None


def _parse_text(text: str) -> float | None:
    """A number as a text; of a clock's ``1:02:03.4`` and ``0:05,2`` the milliseconds."""
    if len(text) > MAX_NUMBER_CHARS:
        return None
    clock = _CLOCK.fullmatch(text.strip())
    if clock is not None:
        hours, minutes, seconds = clock.groups(default="0")
        return (
            3_600_000 * int(hours)
            + 60_000 * int(minutes)
            + 1_000 * float(seconds.replace(",", "."))
        )
    try:
        return float(text)
    except ValueError:
        return None


def _are_seconds(
    times: Sequence[RawTimes],
    numbers: Sequence[tuple[float | None, float | None]],
    duration_ms: int | None,
) -> bool:
    """Whether the whole transcript counts in seconds.

    Two of three speak for it: its times end within the sound's seconds (or within two hours, where
    the sound is not known); they have fractions; nobody could speak that fast in milliseconds.
    But where most lines could be spoken in their milliseconds, they are milliseconds.
    """
    values = [value for pair in numbers for value in pair if value is not None and value >= 0]
    limit_s = 7_200.0 if duration_ms is None else (duration_ms + BEYOND_SOUND_MS) / 1_000
    if not values or not 0 < max(values) <= MAX_SECONDS:
        return False
    pace = _count_paces(times, numbers)
    if pace[False] > pace[True]:
        return False
    has_fractions = MIN_FRACTIONS * sum(value != int(value) for value in values) >= len(values)
    return (max(values) <= limit_s) + has_fractions + (pace[True] > pace[False]) > 1


def _count_paces(
    times: Sequence[RawTimes], numbers: Sequence[tuple[float | None, float | None]]
) -> Counter[bool]:
    """How many lines are too fast for speech in milliseconds, and how many are not.

    A line without a length says nothing: some recognisers write the same time twice.
    """
    return Counter(
        end - start < MIN_MS_PER_CHARACTER * raw.characters
        for raw, (start, end) in zip(times, numbers, strict=True)
        if start is not None and end is not None and end > start and raw.characters
    )


def _build_span(
    raw: RawTimes, start: float | None, end: float | None, scale: int, previous: TimeSpan
) -> tuple[TimeSpan, list[Repair]]:
    kinds: list[Repair] = []
    start_ms, end_ms = (_to_ms(value, scale) for value in (start, end))
    guess_ms = min(MAX_GUESSED_MS, MS_PER_CHARACTER * raw.characters)
    if start_ms is None or end_ms is None:
        kinds.append(Repair.MISSING)
        if start_ms is None:
            start_ms = previous.end_ms if end_ms is None else max(0, end_ms - guess_ms)
        if end_ms is None:
            end_ms = start_ms + guess_ms
    elif scale == 1 and not (type(raw.start) is int and type(raw.end) is int):
        kinds.append(Repair.DECIMAL)
    if start_ms < 0:
        kinds.append(Repair.NEGATIVE)
        start_ms, end_ms = 0, max(0, end_ms)
    if end_ms < start_ms:
        kinds.append(Repair.REVERSED)
        end_ms = start_ms
    return TimeSpan(start_ms, end_ms), kinds


def _to_ms(value: float | None, scale: int) -> int | None:
    ms = None if value is None else round(value * scale)
    return ms if ms is not None and ms <= MAX_CALL_MS else None


def _describe_repairs(repairs: dict[Repair, list[int]]) -> list[str]:
    if not repairs:
        return []
    parts = [
        f"{len(lines)} {kind.value} (line {lines[0]}{' and on' * (len(lines) > 1)})"
        for kind, lines in repairs.items()
    ]
    return [f"times were repaired: {'; '.join(parts)}; the words of all of them count"]


def _describe_beyond(
    times: Sequence[RawTimes], spans: Sequence[TimeSpan], duration_ms: int | None
) -> list[str]:
    if duration_ms is None:
        return []
    lines = [
        raw.line
        for raw, span in zip(times, spans, strict=True)
        if span.end_ms > duration_ms + BEYOND_SOUND_MS
    ]
    if not lines:
        return []
    what = "1 line lies" if len(lines) == 1 else f"{len(lines)} lines lie"
    where = f"beyond the sound, which ends at {duration_ms / 1_000:.1f} s (line {lines[0]})"
    return [f"{what} {where}; is it this recording's transcript?"]
