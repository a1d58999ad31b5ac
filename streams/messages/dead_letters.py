"""What could not be handled. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from detectors.record_ids import join_id
from streams.cloudevents import BinaryMessage
from streams.messages.base import MAX_CHUNK_BYTES


class DeadLetter(BinaryMessage):
    """What could not be handled, as it came, and why (``dead-letters.v1``).

    The payload is the original value, cut to `MAX_CHUNK_BYTES`, and nothing where it is sound;
    where it came from is in the attributes, so that the whole can be read again from there.
    """

    ce_type: ClassVar[str] = "callmood.dead-letter.v1"
    content_type: ClassVar[str] = "application/octet-stream"

    reason: str = Field(max_length=1_000)
    stage: str
    source_topic: str
    source_partition: int
    source_offset: int
    size: int = Field(description="Of the original value, in bytes.")
    payload: bytes = Field(max_length=MAX_CHUNK_BYTES)

    @property
    def message_id(self) -> str:  # noqa: D102
        origin = (self.source_topic, self.source_partition, self.source_offset)
        return join_id(self.stage, *origin)
