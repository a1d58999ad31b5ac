"""How values are shown: template filters, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from playbooks.conditions.reason_wording import word_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from playbooks.reason import Reason
    from streams.site.translations import TranslationCatalogue

UNRESERVED = "~"


class RepeatCallInfo(Protocol):
    """What is known of a caller's earlier calls."""

    @property
    def nth_in_week(self) -> int:
        """Which call within 7 days this is, from 1."""
        ...

    @property
    def last_ago_ms(self) -> int:
        """How long before this call's start the last one began."""
        ...


def clock(milliseconds: int) -> str:
    """Time since the call's start: ``3:07``, or ``1:03:07`` after an hour."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000))


def ago(milliseconds: int, words: TranslationCatalogue) -> str:
    """How long ago, in the largest unit that fits: ``3 days ago``."""
    for unit, unit_ms in _UNITS:
        count = milliseconds // unit_ms
        if count:
            return words(f"ago.{unit}" if count == 1 else f"ago.{unit}s", count=count)
    return words("ago.now")


def nth_call(returning: RepeatCallInfo, words: TranslationCatalogue) -> str:
    """``third call in 7 days``; of somebody who last called before that: when that was."""
    nth = returning.nth_in_week
    if nth == 1:
        return words("returning.last", ago=ago(returning.last_ago_ms, words))
    return words.known(f"returning.nth.{nth}", words("returning.nth_more", nth=nth))


def percent(ratio: float) -> str:
    """``0.716`` as ``72%``."""
    return f"{ratio:.0%}"


def seconds(milliseconds: int) -> str:
    """A duration in seconds, with at most one digit behind the point."""
    return f"{milliseconds / 1000:.1f}".removesuffix(".0")


def in_path(part: str) -> str:
    """One part of a URL's path. Ids hold ``~ : @ +``."""
    return quote(part, safe=UNRESERVED)


def instant(value: datetime | None) -> str:
    """For a ``time`` element; the browser shows it in the reader's own time zone."""
    return value.isoformat(timespec="seconds") if value is not None else ""


def in_language(texts: Mapping[str, object], language: str) -> object:
    """What a playbook says in one language, else in any that it has, else nothing."""
    return texts.get(language) or next(iter(texts.values()), "")


def size(count: int) -> str:
    """Bytes as people read them: ``184 KB``, ``2.3 MB``."""
    kilo = count / 1000
    return f"{kilo / 1000:.1f} MB" if kilo >= 1000 else f"{max(1, round(kilo))} KB"  # noqa: PLR2004


def evidence(reason: Reason | str, words: TranslationCatalogue) -> str:
    """A reason in the reader's words.

    Args:
        reason: a playbook's reason; or a detector's, which is a code (``voice:louder``) or words
            that were said, shown as they are.
        words: of the site, in the reader's language.
    """
    if isinstance(reason, str):
        return words.known(f"evidence.{reason.replace(':', '.')}", reason)
    return word_reason(reason, words)


FILTERS: dict[str, Callable[..., object]] = {
    "clock": clock,
    "ago": ago,
    "nth_call": nth_call,
    "percent": percent,
    "seconds": seconds,
    "in_path": in_path,
    "instant": instant,
    "in_language": in_language,
    "evidence": evidence,
    "size": size,
}
