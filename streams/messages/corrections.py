"""What trainers answer. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from detectors.labels import Emotion, Topic
from detectors.quantities import Ms
from detectors.record_ids import join_id
from detectors.utterance import MAX_LINE_LENGTH
from streams.cloudevents import Message


class CorrectionFields(BaseModel):
    """What a trainer answered: in the message, and in the API."""

    start_ms: Ms
    end_ms: Ms
    segment_id: str = Field(max_length=512, description="The queue item it answers.")
    voice_label: Emotion | Literal["unclear"] | None = None
    text_label: Emotion | Literal["unclear"] | None = None
    topics: tuple[Topic, ...] = ()
    text: str | None = Field(default=None, max_length=MAX_LINE_LENGTH)
    trainer: str = Field(default="", max_length=128)
    note: str = Field(default="", max_length=2_000)
    at: AwareDatetime

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end_ms < self.start_ms:
            message = f"end_ms {self.end_ms} is before start_ms {self.start_ms}"
            raise ValueError(message)
        return self


class Correction(CorrectionFields, Message):
    """A trainer's answer: the right label, for voice and for text apart (``corrections.v1``)."""

    ce_type: ClassVar[str] = "callmood.correction.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.segment_id, self.trainer or "someone")
