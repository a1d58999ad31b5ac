"""What several kinds of messages share: an envelope with a record, and when a stage was passed."""

from __future__ import annotations

from typing import Any, Generic, Self

from pydantic import AwareDatetime, Field

from streams.cloudevents import Message
from streams.flat_record import FlatRecord, RecordT, clip_to_bounds

MAX_CHUNK_BYTES = 65_536


class RecordMessage(FlatRecord[RecordT], Message, Generic[RecordT]):
    """A record of the pure core as it travels: beside it only what the way adds."""

    @classmethod
    def of(cls, record: RecordT, **envelope: AwareDatetime | None) -> Self:
        """A record as it travels. ``envelope`` are the other fields."""
        clipped: Any = clip_to_bounds(record, omitted=cls.omitted)
        return cls(call_id=clipped.call_id, record=clipped, **envelope)


class StageTimestamps(Message):
    """When a thing passed each stage of the pipeline, for latency (wall clock, UTC)."""

    heard_at: AwareDatetime | None = Field(
        default=None,
        description="The last audio sample (or word) of what was read was spoken.",
    )
    found_at: AwareDatetime | None = Field(default=None, description="Its end was recognised.")
    read_at: AwareDatetime | None = Field(default=None, description="The detector had answered.")
