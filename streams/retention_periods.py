"""How long each kind of thing is kept: the one place that works it out from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods:
    """Periods of one installation.

    Attributes:
        calls: after its end, what was said in a call and what was made of it.
        clips: after it was spoken, the customer's voice; never longer than the words.
        callers: after its beginning, that a call was of a caller; zero: nobody is recognised.
        evidence: after it was sealed, a bundle.
    """

    calls: timedelta
    clips: timedelta
    callers: timedelta
    evidence: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The periods that settings ask for."""
        return cls(
            calls=timedelta(days=settings.keep_days),
            clips=timedelta(days=min(settings.clip_days, settings.keep_days)),
            callers=timedelta(days=settings.caller_days),
            evidence=timedelta(days=settings.evidence_days),
        )
