"""What detectors read, and the customer's mood. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import AwareDatetime, Field

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Contrast, Modality, Reading
from streams.messages.base import Ms, Ratio, SpanMessage, StageTimestamps, Valence


class ReadingMessage(SpanMessage, StageTimestamps):
    """One detector's opinion of one utterance or line of the customer (``readings.v1``).

    There is no field for a speaker: an agent is never read.
    """

    ce_type: ClassVar[str] = "callmood.reading.v1"

    modality: Modality
    detector: str
    version: str
    label: Emotion
    scores: dict[Emotion, Ratio]
    confidence: Ratio
    abstained: bool
    arousal: Ratio | None = None
    valence: Valence | None = Field(
        default=None, description="-1 (unpleasant) to 1 (pleasant), where it is estimated."
    )
    topics: tuple[Topic, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.reading.reading_id

    @property
    def reading(self) -> Reading:
        """What fusion, mood and playbooks take."""
        return Reading(
            call_id=self.call_id,
            span=self.span,
            modality=self.modality,
            detector=self.detector,
            version=self.version,
            scores=self.scores,
            confidence=self.confidence,
            abstained=self.abstained,
            arousal=self.arousal,
            valence=self.valence,
            topics=self.topics,
            reasons=self.reasons,
        )

    @classmethod
    def of(cls, reading: Reading, **stages: AwareDatetime | None) -> Self:
        """As it travels. ``stages`` are the fields of `StageTimestamps`."""
        return cls(
            call_id=reading.call_id,
            start_ms=reading.span.start_ms,
            end_ms=reading.span.end_ms,
            modality=reading.modality,
            detector=reading.detector,
            version=reading.version,
            label=reading.label,
            scores={label: _clip_ratio(score) for label, score in reading.scores.items()},
            confidence=_clip_ratio(reading.confidence),
            abstained=reading.abstained,
            arousal=None if reading.arousal is None else _clip_ratio(reading.arousal),
            valence=None if reading.valence is None else _clip_valence(reading.valence),
            topics=reading.topics,
            reasons=reading.reasons,
            **stages,
        )


class MoodMessage(StageTimestamps):
    """The customer's mood after a reading (``moods.v1``)."""

    ce_type: ClassVar[str] = "callmood.mood.v1"

    at_ms: Ms
    label: Emotion
    scores: dict[Emotion, Ratio]
    strain: Ratio
    level: MoodLevel
    level_since_ms: Ms
    trend: Trend
    shift: bool
    disagreement: bool
    number: int = Field(default=0, ge=0)
    contrast: Contrast | None = Field(
        default=None, description="How voice and words contradict each other, where they do."
    )
    arousal: Ratio | None = Field(default=None, description="Smoothed; 0 low, 1 high.")
    valence: Valence | None = Field(
        default=None, description="Smoothed; -1 unpleasant, 1 pleasant."
    )

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.mood.mood_id

    @property
    def mood(self) -> Mood:
        """The domain's value."""
        return Mood(
            call_id=self.call_id,
            at_ms=self.at_ms,
            scores=self.scores,
            strain=self.strain,
            level=self.level,
            level_since_ms=self.level_since_ms,
            trend=self.trend,
            shift=self.shift,
            disagreement=self.disagreement,
            number=self.number,
            contrast=self.contrast,
            arousal=self.arousal,
            valence=self.valence,
        )

    @classmethod
    def of(cls, mood: Mood, **stages: AwareDatetime | None) -> Self:
        """As it travels. ``stages`` are the fields of `StageTimestamps`."""
        return cls(
            call_id=mood.call_id,
            at_ms=mood.at_ms,
            label=mood.label,
            scores={label: _clip_ratio(score) for label, score in mood.scores.items()},
            strain=_clip_ratio(mood.strain),
            level=mood.level,
            level_since_ms=mood.level_since_ms,
            trend=mood.trend,
            shift=mood.shift,
            disagreement=mood.disagreement,
            number=mood.number,
            contrast=mood.contrast,
            arousal=None if mood.arousal is None else _clip_ratio(mood.arousal),
            valence=None if mood.valence is None else _clip_valence(mood.valence),
            **stages,
        )


def _clip_ratio(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


def _clip_valence(value: float) -> float:
    return min(1.0, max(-1.0, float(value)))
