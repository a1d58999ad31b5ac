"""What the trainers' API answers and takes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from detectors.labels import Emotion, Topic
from detectors.reading import Modality
from detectors.utterance import Speaker
from streams.corrections.segments import Cause
from streams.messages.records import MAX_LINE_LENGTH

Label = Emotion | Literal["unclear"]
ClipState = Literal["ready", "not_agreed", "not_kept", "deleted", "missing"]


_HARD = (Topic.SELF_HARM, Topic.THREAT, Topic.SEXUAL_HARASSMENT, Topic.ABUSE)


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SegmentShown(_Shown):
    """One item of the queue."""

    segment_id: str
    call_id: str
    start_ms: int
    end_ms: int
    cause: Cause
    urgency: float = Field(description="Worst first.")
    done: bool = Field(description="A trainer has answered it.")


class QueuePage(_Shown):
    """Segments that wait for a trainer, worst first."""

    segments: list[SegmentShown]
    total: int
    offset: int
    limit: int


class CorrectionShown(_Shown):
    """A trainer's answer."""

    correction_id: str
    segment_id: str
    call_id: str
    start_ms: int
    end_ms: int
    voice_label: Label | None
    text_label: Label | None
    topics: list[Topic]
    text: str | None
    trainer: str
    note: str
    at: datetime


class CorrectionsPage(_Shown):
    """Corrections, newest first."""

    corrections: list[CorrectionShown]
    total: int
    offset: int
    limit: int


class CorrectionGiven(BaseModel):
    """The right labels of a segment. A later one of the same trainer replaces it."""

    model_config = ConfigDict(extra="forbid")

    segment_id: str = Field(max_length=512)
    voice_label: Label | None = None
    text_label: Label | None = None
    topics: list[Topic] = Field(default=[], max_length=len(Topic))
    text: str | None = Field(
        default=None, max_length=MAX_LINE_LENGTH, description="What was really said."
    )
    trainer: str = Field(default="", max_length=128)
    note: str = Field(default="", max_length=2_000)


class EstimateShown(_Shown):
    """What a detector had estimated."""

    modality: Modality
    label: Emotion
    confidence: float
    abstained: bool
    topics: list[Topic]
    reasons: list[str]


class WordsShown(_Shown):
    """A line around the segment."""

    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    language: str
    here: bool = Field(description="It was said in the segment itself.")


class SegmentDetail(_Shown):
    """Everything a trainer needs to judge one segment."""

    segment: SegmentShown
    clip: ClipState
    words: list[WordsShown]
    text: str = Field(description="The customer's own words in it; empty: none are known.")
    estimates: list[EstimateShown]
    answer: CorrectionShown | None

    @property
    def hard(self) -> list[Topic]:
        """What may hurt to hear, where a detector or a trainer found it."""
        found = {topic for one in self.estimates for topic in one.topics}
        found |= set(self.answer.topics) if self.answer is not None else set()
        return [topic for topic in _HARD if topic in found]


class CorrectionKept(_Shown):
    """It is in Kafka and in the database."""

    id: str
    remaining: int = Field(description="Segments that still wait.")
