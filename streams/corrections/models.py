"""What the trainers' API answers and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from detectors.labels import Emotion, Topic
from detectors.reading import Reading
from detectors.utterance import MAX_LINE_LENGTH, Speaker
from streams.corrections.segments import Cause
from streams.messages.corrections import CorrectionFields
from streams.messages.readings import ReadingMessage
from streams.site.responses import RecordView

if TYPE_CHECKING:
    from collections.abc import Mapping

Label = Emotion | Literal["unclear"]
ClipState = Literal["ready", "not_agreed", "not_kept", "deleted", "missing"]


_DISTRESSING_TOPICS = (Topic.SELF_HARM, Topic.THREAT, Topic.SEXUAL_HARASSMENT, Topic.ABUSE)


class _TrainerModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SegmentView(_TrainerModel):
    """One item of the queue."""

    segment_id: str
    call_id: str
    start_ms: int
    end_ms: int
    cause: Cause
    urgency: float = Field(description="Worst first.")
    done: bool = Field(description="A trainer has answered it.")


class QueuePage(_TrainerModel):
    """Segments that wait for a trainer, worst first."""

    segments: list[SegmentView]
    total: int
    offset: int
    limit: int


class CorrectionView(CorrectionFields, _TrainerModel):
    """A trainer's answer."""

    correction_id: str
    call_id: str


class CorrectionsPage(_TrainerModel):
    """Corrections, newest first."""

    corrections: list[CorrectionView]
    total: int
    offset: int
    limit: int


class CorrectionIn(BaseModel):
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


class EstimateView(RecordView[Reading]):
    """What a detector had estimated."""

    derived: ClassVar[Mapping[str, str]] = ReadingMessage.derived
    omitted: ClassVar[Mapping[str, str]] = ReadingMessage.omitted


class ContextLineView(_TrainerModel):
    """A line around the segment."""

    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    language: str
    here: bool = Field(description="It was said in the segment itself.")


class SegmentDetail(_TrainerModel):
    """Everything a trainer needs to judge one segment."""

    segment: SegmentView
    clip: ClipState
    words: list[ContextLineView]
    text: str = Field(description="The customer's own words in it; empty: none are known.")
    estimates: list[EstimateView]
    answer: CorrectionView | None

    @property
    def hard(self) -> list[Topic]:
        """What may hurt to hear, where a detector or a trainer found it."""
        topics = {topic for estimate in self.estimates for topic in estimate.record.topics}
        topics |= set(self.answer.topics) if self.answer is not None else set()
        return [topic for topic in _DISTRESSING_TOPICS if topic in topics]


class CorrectionAccepted(_TrainerModel):
    """It is in Kafka and in the database."""

    id: str
    remaining: int = Field(description="Segments that still wait.")
