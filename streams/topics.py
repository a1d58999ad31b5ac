"""The one list of topics. `callmood topics` makes them, docs/topics.md explains them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
from streams.messages.callers import CallerEvent, ReturningCaller
from streams.messages.calls import (
    AudioChunk,
    CallEvent,
    LineMarkMessage,
    TranscriptMessage,
    TurnMessage,
    UtteranceClip,
)
from streams.messages.channels import ChannelFaultMessage
from streams.messages.corrections import Correction
from streams.messages.dead_letters import DeadLetter
from streams.messages.evidence import EvidenceSeal
from streams.messages.readings import MoodMessage, ReadingMessage
from streams.retention_periods import RetentionPeriods

if TYPE_CHECKING:
    from streams.cloudevents import Message
    from streams.settings import Settings

APP_ID = "callmood-worker"
"""The worker's consumer group, and the beginning of its changelog topics' names."""

MAX_SEGMENT_AGE = timedelta(days=7)
"""Kafka's own default; ten years of smaller segments would be very many files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaTopic:
    """One topic.

    Attributes:
        message: the class of everything on it; ``None`` for a worker's changelog.
        retention: how long Kafka keeps it at most; of a changelog: the newest per key.
        description: what, in a few words.
        limit: the field of `RetentionPeriods` that shortens that where it is less, but never to
            less than a day: a worker that was away for an evening still reads what it missed.
    """

    name: str
    message: type[Message] | None
    retention: timedelta
    description: str
    limit: Literal["calls", "clips", "callers"] | None = None

    def limited_to(self, settings: Settings) -> KafkaTopic:
        """The topic with the retention that settings leave of it."""
        if self.limit is None:
            return self
        period: timedelta = getattr(RetentionPeriods.of(settings), self.limit)
        return replace(self, retention=min(self.retention, max(period, timedelta(days=1))))

    @property
    def config(self) -> dict[str, str]:
        """Kafka's topic configuration."""
        if self.message is not None:
            return {
                "cleanup.policy": "delete",
                "retention.ms": _milliseconds(self.retention),
                # Kafka deletes whole segments: what is in one stays up to so much longer.
                "segment.ms": _milliseconds(min(self.retention / 4, MAX_SEGMENT_AGE)),
            }
        return {
            "cleanup.policy": "compact,delete",
            "retention.ms": _milliseconds(self.retention),
            "segment.ms": str(3_600_000),
            # What is forgotten is gone within a day, however little else is written.
            "max.compaction.lag.ms": str(24 * 3_600_000),
        }


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration / timedelta(milliseconds=1)))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CALLS = KafkaTopic(
    name="calls.v1",
    message=CallEvent,
    retention=30 * DAY,
    description="a call started or ended",
    limit="calls",
)
AUDIO = KafkaTopic(
    name="audio.v1", message=AudioChunk, retention=6 * HOUR, description="200 ms of both channels"
)
TRANSCRIPTS = KafkaTopic(
    name="transcripts.v1",
    message=TranscriptMessage,
    retention=7 * DAY,
    description="a line of text, partial or final",
    limit="calls",
)
UTTERANCES = KafkaTopic(
    name="utterances.v1",
    message=UtteranceClip,
    retention=1 * DAY,
    description="the customer's voice in one utterance, where recording was agreed to",
    limit="clips",
)
TURNS = KafkaTopic(
    name="turns.v1",
    message=TurnMessage,
    retention=7 * DAY,
    description="who spoke when, silences, talk-over",
    limit="calls",
)
LINE_MARKS = KafkaTopic(
    name="line-marks.v1",
    message=LineMarkMessage,
    retention=7 * DAY,
    description="a line was told again, or counts for nothing",
    limit="calls",
)
READINGS = KafkaTopic(
    name="readings.v1",
    message=ReadingMessage,
    retention=30 * DAY,
    description="a detector's opinion of one utterance or line",
    limit="calls",
)
MOODS = KafkaTopic(
    name="moods.v1",
    message=MoodMessage,
    retention=7 * DAY,
    description="the customer's mood, now",
    limit="calls",
)
ALERTS = KafkaTopic(
    name="alerts.v1",
    message=AlertMessage,
    retention=30 * DAY,
    description="a playbook fired",
    limit="calls",
)
FEEDBACK = KafkaTopic(
    name="feedback.v1",
    message=Feedback,
    retention=365 * DAY,
    description="an alert helped, or was wrong",
)
STEPS = KafkaTopic(
    name="steps.v1",
    message=StepConfirmation,
    retention=365 * DAY,
    description="a person confirmed a step of an alert",
)
SEALS = KafkaTopic(
    name="seals.v1",
    message=EvidenceSeal,
    retention=3650 * DAY,
    description="the hash of a sealed bundle of evidence",
)
CORRECTIONS = KafkaTopic(
    name="corrections.v1",
    message=Correction,
    retention=3650 * DAY,
    description="a trainer's right label",
)
CALLER_EVENTS = KafkaTopic(
    name="caller-events.v1",
    message=CallerEvent,
    retention=7 * DAY,
    description="a caller called, needed care, or is to be forgotten",
)
RETURNING_CALLERS = KafkaTopic(
    name="returning.v1",
    message=ReturningCaller,
    retention=7 * DAY,
    description="earlier calls from the number that a call comes from",
    limit="callers",
)
CHANNEL_FAULTS = KafkaTopic(
    name="channel-faults.v1",
    message=ChannelFaultMessage,
    retention=7 * DAY,
    description="a call's channels are exchanged, or carry one recording",
    limit="calls",
)
DEAD_LETTERS = KafkaTopic(
    name="dead-letters.v1",
    message=DeadLetter,
    retention=14 * DAY,
    description="what could not be handled, and why",
)

TOPICS: tuple[KafkaTopic, ...] = (
    CALLS,
    AUDIO,
    TRANSCRIPTS,
    UTTERANCES,
    TURNS,
    LINE_MARKS,
    READINGS,
    MOODS,
    ALERTS,
    FEEDBACK,
    STEPS,
    SEALS,
    CORRECTIONS,
    CALLER_EVENTS,
    RETURNING_CALLERS,
    CHANNEL_FAULTS,
    DEAD_LETTERS,
)

CALL_AUDIO_TABLE = "listening"
ADVICE_TABLE = "advice"
CALLERS_TABLE = "callers"
CHANNELS_TABLE = "channels"

MAX_CALLER_DAYS = 365
"""The most that ``CALLMOOD_CALLER_DAYS`` may be: as long as their changelog is kept."""

CHANGELOGS: tuple[KafkaTopic, ...] = tuple(
    KafkaTopic(
        name=f"{APP_ID}-{table}-changelog",
        message=None,
        retention=retention,
        description=carries,
        limit="callers" if table == CALLERS_TABLE else None,
    )
    for table, retention, carries in (
        (CALL_AUDIO_TABLE, DAY, "how far each call has been read, to go on after a crash"),
        (ADVICE_TABLE, DAY, "each call's mood and playbook state, likewise"),
        (CHANNELS_TABLE, DAY, "which calls' channels are not to be trusted, likewise"),
        (CALLERS_TABLE, MAX_CALLER_DAYS * DAY, "earlier calls of each caller, by hash"),
    )
)

ALL_TOPICS = TOPICS + CHANGELOGS
