"""What several kinds of messages share: units, spans, and when a stage was passed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from detectors.utterance import (
    Language,
    TimeSpan,
)
from streams.cloudevents import Message

Ms = Annotated[int, Field(ge=0, le=24 * 3_600_000)]
"""Milliseconds since the call's start; no call lasts longer than a day."""

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
Valence = Annotated[float, Field(ge=-1.0, le=1.0)]
Texts = dict[Language, str]

MAX_LINE_LENGTH = 4_000
MAX_CHUNK_BYTES = 65_536


class SpanMessage(Message):
    """A message about a stretch of a call."""

    start_ms: Ms
    end_ms: Ms

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end_ms < self.start_ms:
            message = f"end_ms {self.end_ms} is before start_ms {self.start_ms}"
            raise ValueError(message)
        return self

    @property
    def span(self) -> TimeSpan:
        """The stretch."""
        return TimeSpan(self.start_ms, self.end_ms)


class StageTimestamps(Message):
    """When a thing passed each stage of the line, for latency (wall clock, UTC)."""

    heard_at: AwareDatetime | None = Field(
        default=None,
        description="The last audio sample (or word) of what was read was spoken.",
    )
    found_at: AwareDatetime | None = Field(default=None, description="Its end was recognised.")
    read_at: AwareDatetime | None = Field(default=None, description="The detector had answered.")
