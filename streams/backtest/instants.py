"""Instants as people write them, on their own clock; the zone is told once, by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.utterance import Language

if TYPE_CHECKING:
    from datetime import datetime

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NOON = 12


def format_instant(
    instant: datetime, language: Language, *, reference: datetime | None = None
) -> str:
    """``11월 25일 오후 5:30``, ``Nov 25, 5:30 PM``.

    Args:
        instant: the instant.
        language: of the text.
        reference: an instant that the reader knows; only another year than its own is told.
    """
    at = instant.astimezone()
    with_year = reference is None or at.year != reference.astimezone().year
    clock = f"{at.hour % _NOON or _NOON}:{at.minute:02}"
    if language == Language.KOREAN:
        year = f"{at.year}년 " if with_year else ""
        return f"{year}{at.month}월 {at.day}일 {'오전' if at.hour < _NOON else '오후'} {clock}"
    year = f", {at.year}" if with_year else ""
    half = "AM" if at.hour < _NOON else "PM"
    return f"{_MONTHS[at.month - 1]} {at.day}{year}, {clock} {half}"


def format_zone(instant: datetime) -> str:
    """The reader's zone at an instant: ``KST (UTC+09:00)``; the sign alone if it has no name."""
    at = instant.astimezone()
    name, hours = at.tzname() or "", f"UTC{at.isoformat()[-6:]}"
    if name == "UTC":
        return name
    return f"{name} ({hours})" if name.isalpha() else hours
