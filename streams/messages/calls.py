"""What a gateway sends of a call, and who spoke when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray  # noqa: TC002
from pydantic import AwareDatetime, Field, field_validator, model_validator

from detectors.line_ledger import LineMark
from detectors.quantities import Ms
from detectors.record_ids import join_id
from detectors.utterance import (
    SAMPLE_RATE,
    Language,
    Speaker,
    TranscriptLine,
    Turn,
)
from streams.cloudevents import BinaryMessage, Message
from streams.messages.base import MAX_CHUNK_BYTES, RecordMessage


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
    aligned: bool = Field(
        default=True,
        description="The channels share one clock; else neither talk-over nor silence is told.",
    )
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


class TranscriptMessage(RecordMessage[TranscriptLine]):
    """Text of one speaker, from whatever recogniser a site runs (``transcripts.v1``)."""

    ce_type: ClassVar[str] = "callmood.transcript.v1"
    omitted: ClassVar[Mapping[str, str]] = {
        "context": "made by who reads the lines in order",
        "thread": "made by who reads the lines in order",
    }

    heard_at: AwareDatetime | None = Field(
        default=None,
        description="When the line's last word was spoken.",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_line_id(cls, value: object) -> object:
        """Recognisers call it ``line_id`` or ``id``."""
        if not isinstance(value, dict) or "record" in value or value.get("source_id"):
            return value
        given = value.get("line_id") or value.get("id")
        return value if given is None else value | {"source_id": given}

    @property
    def message_id(self) -> str:  # noqa: D102
        line = self.record
        if line.final:
            return join_id(line.line_id, line.span.start_ms, line.span.end_ms)
        start_ms = line.span.start_ms
        return join_id(line.call_id, line.speaker, start_ms, "partial", len(line.text))

    @property
    def record_id(self) -> str:
        """Of the line: its partial states are one line, its final words are a line of their own."""
        return self.record.line_id


class LineMarkMessage(RecordMessage[LineMark]):
    """What was found out about a line after it came (``line-marks.v1``)."""

    ce_type: ClassVar[str] = "callmood.line-mark.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.mark_id


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


class TurnMessage(RecordMessage[Turn]):
    """Who spoke when, silences, talk-over: timing of both, tone of neither (``turns.v1``)."""

    ce_type: ClassVar[str] = "callmood.turn.v1"

    heard_at: AwareDatetime | None = None

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.turn_id
