"""What trainers answer. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from detectors.labels import Emotion, Topic
from streams.ids import join_id
from streams.messages.base import MAX_LINE_LENGTH, SpanMessage


class Correction(SpanMessage):
    """A trainer's answer: the right label, for voice and for text apart (``corrections.v1``)."""

    ce_type: ClassVar[str] = "callmood.correction.v1"

    segment_id: str = Field(max_length=512, description="The queue item it answers.")
    voice_label: Emotion | Literal["unclear"] | None = None
    text_label: Emotion | Literal["unclear"] | None = None
    topics: tuple[Topic, ...] = ()
    text: str | None = Field(default=None, max_length=MAX_LINE_LENGTH)
    trainer: str = Field(default="", max_length=128)
    note: str = Field(default="", max_length=2_000)
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.segment_id, self.trainer or "someone")
