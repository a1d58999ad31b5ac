"""Every message on the line, typed. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray  # noqa: TC002
from pydantic import AwareDatetime, Field, field_validator, model_validator

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Contrast, Modality, Reading
from detectors.utterance import (
    SAMPLE_RATE,
    Language,
    Speaker,
    TimeSpan,
    TranscriptLine,
    Turn,
    TurnKind,
)
from playbooks.alert import Action, Alert, AlertLevel
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind
from streams.cloudevents import BinaryMessage, Message
from streams.ids import join_id

if TYPE_CHECKING:
    from datetime import datetime

Ms = Annotated[int, Field(ge=0, le=24 * 3_600_000)]
"""Milliseconds since the call's start; no call lasts longer than a day."""

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
Valence = Annotated[float, Field(ge=-1.0, le=1.0)]
Texts = dict[Language, str]

MAX_LINE_LENGTH = 4_000
MAX_CHUNK_BYTES = 65_536


class _SpanMessage(Message):
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
        return TimeSpan(self.start_ms, self.end_ms)


class CallEvent(Message):
    """A call started or ended (``calls.v1``)."""

    ce_type: ClassVar[str] = "callmood.call.v1"

    event: Literal["started", "ended"]
    at: AwareDatetime
    agent_id: str = Field(default="", max_length=128)
    queue: str = Field(default="", max_length=128)
    language: Language = Language.KOREAN
    caller: str = Field(
        default="",
        pattern=r"^([0-9a-f]{32})?$",
        description="Keyed hash of the caller's number, made by the gateway; empty: not known. "
        "The number itself never travels.",
    )
    notice_given: bool = Field(
        default=False,
        description="The customer was told that tone and words are analysed.",
    )
    analysis_consent: bool = Field(
        default=False,
        description="Without it a gateway sends neither audio nor transcript.",
    )
    recording_consent: bool = Field(
        default=False,
        description="Without it no clip of the customer's voice is kept.",
    )
    duration_ms: Ms | None = Field(default=None, description="Of an ended call.")

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, self.event)


class AudioChunk(BinaryMessage):
    """What a gateway sends: 20-500 ms of both channels in one record (``audio.v1``).

    The payload is RFC 2586 ``audio/L16``: 16-bit samples in network byte order, 8 kHz, the
    channels interleaved in the order of ``channels``. ``ce_time`` is when its last sample was
    spoken, as the gateway knows it.
    """

    ce_type: ClassVar[str] = "callmood.audio.v1"
    content_type: ClassVar[str] = f"audio/L16;rate={SAMPLE_RATE};channels=2"

    sequence: int = Field(ge=0)
    start_ms: Ms
    channels: tuple[Speaker, ...] = (Speaker.CUSTOMER, Speaker.AGENT)
    language: Language = Language.KOREAN
    keep_clips: bool = Field(default=False, description="The customer agreed to recording.")
    last: bool = Field(default=False, description="The call's audio ends with this chunk.")
    payload: bytes = Field(max_length=MAX_CHUNK_BYTES)

    @field_validator("channels", mode="before")
    @classmethod
    def _split_channels(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_frames(self) -> Self:
        if len(set(self.channels)) != len(self.channels) or not self.channels:
            message = "channels must name customer, agent or both, each once"
            raise ValueError(message)
        if len(self.payload) % (2 * len(self.channels)):
            message = (
                f"{len(self.payload)} bytes are not whole frames of {len(self.channels)} channels"
            )
            raise ValueError(message)
        return self

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, "audio", self.sequence)

    @property
    def samples(self) -> NDArray[np.int16]:
        """``int16[samples, channels]`` in this machine's byte order."""
        return (
            np.frombuffer(self.payload, dtype=">i2")
            .astype(np.int16)
            .reshape(-1, len(self.channels))
        )

    @property
    def end_ms(self) -> int:
        """Where the chunk ends, in ms since the call's start."""
        frames = len(self.payload) // (2 * len(self.channels))
        return self.start_ms + frames * 1000 // SAMPLE_RATE

    @staticmethod
    def to_payload(samples: NDArray[np.int16]) -> bytes:
        """``int16[samples, channels]`` as the payload."""
        return samples.astype(">i2").tobytes()


class TranscriptMessage(_SpanMessage):
    """Text of one speaker, from whatever recogniser a site runs (``transcripts.v1``)."""

    ce_type: ClassVar[str] = "callmood.transcript.v1"

    speaker: Speaker
    text: str = Field(min_length=1, max_length=MAX_LINE_LENGTH)
    final: bool = True
    language: Language = Language.KOREAN
    heard_at: AwareDatetime | None = Field(
        default=None,
        description="When the line's last word was spoken.",
    )

    @property
    def message_id(self) -> str:  # noqa: D102
        state = "line" if self.final else f"partial~{len(self.text)}"
        return join_id(self.call_id, self.speaker, self.start_ms, state)

    @property
    def line(self) -> TranscriptLine:
        """What the text detector and the playbooks take."""
        return TranscriptLine(
            call_id=self.call_id,
            speaker=self.speaker,
            span=self.span,
            text=self.text,
            language=self.language,
            final=self.final,
        )


class UtteranceClip(BinaryMessage):
    """The customer's voice in one utterance, for the trainer (``utterances.v1``).

    Sent only where the customer agreed to recording; the agent's voice is never cut out.
    """

    ce_type: ClassVar[str] = "callmood.utterance.v1"
    content_type: ClassVar[str] = f"audio/L16;rate={SAMPLE_RATE};channels=1"

    start_ms: Ms
    end_ms: Ms

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, Speaker.CUSTOMER, self.start_ms, "clip")


class TurnMessage(_SpanMessage):
    """Who spoke when, silences, talk-over: timing of both, tone of neither (``turns.v1``)."""

    ce_type: ClassVar[str] = "callmood.turn.v1"

    kind: TurnKind
    speaker: Speaker | None = None
    heard_at: AwareDatetime | None = None

    @property
    def message_id(self) -> str:  # noqa: D102
        speaker = self.speaker or "both"
        until = f"~{self.end_ms}" if self.kind is TurnKind.SILENCE else ""
        return join_id(self.call_id, self.kind, speaker, self.start_ms) + until

    @property
    def turn(self) -> Turn:
        """What the playbooks take."""
        return Turn(call_id=self.call_id, kind=self.kind, span=self.span, speaker=self.speaker)

    @classmethod
    def of(cls, turn: Turn, *, heard_at: AwareDatetime | None) -> Self:
        """As it travels."""
        return cls(
            call_id=turn.call_id,
            kind=turn.kind,
            speaker=turn.speaker,
            start_ms=turn.span.start_ms,
            end_ms=turn.span.end_ms,
            heard_at=heard_at,
        )


class StageTimestamps(Message):
    """When a thing passed each stage of the line, for latency (wall clock, UTC)."""

    heard_at: AwareDatetime | None = Field(
        default=None,
        description="The last audio sample (or word) of what was read was spoken.",
    )
    found_at: AwareDatetime | None = Field(default=None, description="Its end was recognised.")
    read_at: AwareDatetime | None = Field(default=None, description="The detector had answered.")


class ReadingMessage(_SpanMessage, StageTimestamps):
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


class AlertMessage(StageTimestamps):
    """A playbook fired (``alerts.v1``)."""

    ce_type: ClassVar[str] = "callmood.alert.v1"

    playbook_id: str
    playbook_version: int
    level: AlertLevel
    at_ms: Ms
    step: int = Field(ge=1, description="Which rung of the playbook's ladder, from 1.")
    title: Texts
    suggestion: dict[Language, tuple[str, ...]]
    why: Texts
    reasons: tuple[Reason, ...] = ()
    cause_ids: tuple[str, ...] = ()
    actions: tuple[Action | None, ...] = Field(
        default=(), description="For each step, what a person confirms; null: nothing."
    )
    sensitive: SensitivityKind | None = Field(
        default=None, description="The kind of sensitive customer it speaks of."
    )
    language: Language | None = Field(
        default=None, description="Of the call: what is read out; null in older messages."
    )
    advised_at: AwareDatetime | None = Field(default=None, description="The playbook had fired.")

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, self.playbook_id, self.at_ms)

    @classmethod
    def of(cls, alert: Alert, *, advised_at: datetime, **stages: AwareDatetime | None) -> Self:
        """As it travels. ``stages`` are the fields of `StageTimestamps`."""
        return cls(
            call_id=alert.call_id,
            playbook_id=alert.playbook_id,
            playbook_version=alert.playbook_version,
            level=alert.level,
            at_ms=alert.at_ms,
            step=alert.step,
            title={Language(language): text for language, text in alert.title.items()},
            suggestion={
                Language(language): tuple(text) for language, text in alert.suggestion.items()
            },
            why={Language(language): text for language, text in alert.why.items()},
            reasons=alert.reasons,
            cause_ids=alert.cause_ids,
            actions=alert.actions,
            sensitive=alert.sensitive,
            language=alert.language,
            advised_at=advised_at,
            **stages,
        )


class Feedback(Message):
    """An agent's or supervisor's answer to an alert (``feedback.v1``). The last one counts.

    ``withdrawn`` takes an earlier answer back.
    """

    ce_type: ClassVar[str] = "callmood.feedback.v1"

    alert_id: str = Field(max_length=512)
    verdict: Literal["helped", "wrong", "withdrawn"]
    given_by: str = Field(default="", max_length=128)
    role: Literal["agent", "supervisor"] = "agent"
    note: str = Field(default="", max_length=2_000)
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, self.role, self.given_by or "someone")


class StepConfirmation(Message):
    """A person confirms a step of an alert, or takes that back (``steps.v1``). The last one counts.

    An agent says that they did it; a supervisor, of what asks for one, that they took care of it.
    """

    ce_type: ClassVar[str] = "callmood.step.v1"

    alert_id: str = Field(max_length=512)
    index: int = Field(ge=0, le=99, description="Which step of the alert, from 0.")
    action: Action
    state: Literal["done", "undone"]
    given_by: str = Field(default="", max_length=128)
    role: Literal["agent", "supervisor"] = "agent"
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, "step", self.index, self.role, self.given_by or "someone")


class EvidenceSeal(Message):
    """What is known of a call was put into a sealed bundle (``seals.v1``).

    Its hash is here so that it lies outside the file that it speaks of.
    """

    ce_type: ClassVar[str] = "callmood.seal.v1"

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the whole bundle.")
    previous_sha256: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="Of the call's bundle before this one; empty: it is the first.",
    )
    size: int = Field(ge=0, description="Of the bundle, in bytes.")
    file: str = Field(max_length=512, description="Where it lies, below the evidence folder.")
    cause: Literal["asked", "call_ended"] = Field(
        description="A person asked for it, or a call that had been sealed before has ended."
    )
    cause_id: str = Field(default="", max_length=1_024, description="The confirmation that asked.")
    sealed_by: str = Field(default="", max_length=128)
    role: Literal["agent", "supervisor", "desk"] = "desk"
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, "seal", self.sha256)


class Correction(_SpanMessage):
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


def _clip_ratio(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


def _clip_valence(value: float) -> float:
    return min(1.0, max(-1.0, float(value)))
