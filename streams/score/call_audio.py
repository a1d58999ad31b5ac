"""One call while the worker listens to it, and what of it survives the worker."""

from __future__ import annotations

import base64
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from detectors.utterance import Baseline, Language, Span, Speaker
from detectors.voice.call_segmenter import Checkpoint, Heard, Listener
from streams.cloudevents import MessageError

LONGEST_LEAP_MS = 60_000
"""A chunk may lie this far ahead of the last one, and twice as far as time has passed."""

if TYPE_CHECKING:
    from streams.messages.records import AudioChunk
    from streams.processing.offset_tracker import Hold


@dataclass(slots=True)
class Job:
    """What one chunk brought to an end, waiting to be read and sent in the call's order.

    Attributes:
        closes: the chunk was the call's last one, so that nothing comes behind this job. A call
            that merely fell silent may go on.
    """

    heard: Heard
    clock: Clock
    found_at: datetime
    cause: Any
    releases: list[Hold] = field(default_factory=list)
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns ms of a call into wall-clock time: at ``at_ms`` it was ``at``."""

    at_ms: int
    at: datetime | None

    def when(self, ms: int) -> datetime | None:
        """When that was spoken, where the gateway told."""
        return None if self.at is None else self.at - timedelta(milliseconds=self.at_ms - ms)


class OngoingCall:
    """The listener of one call, its unacknowledged chunks and its unread utterances."""

    def __init__(self, call_id: str, partition: int, remembered: dict[str, Any] | None) -> None:
        checkpoint = _checkpoint(remembered) if remembered else None
        self.call_id = call_id
        self.partition = partition
        self.listener = Listener(call_id, checkpoint)
        self.checkpoint = checkpoint or Checkpoint()
        self.baseline = _baseline(remembered)
        self.language = Language.KOREAN
        self.keep_clips = False
        self.ended = False
        self.over = False
        self.touched = time.monotonic()
        self.jobs: deque[Job] = deque()
        self.busy = False
        self._held: deque[tuple[int, Hold]] = deque()
        self._heard_until_ms = 0

    def take(self, chunk: AudioChunk, hold: Hold) -> Heard:
        """Listen to a chunk; it stays held until its audio has been decided and read."""
        self._refuse_leap(chunk)
        self.touched = time.monotonic()
        self.language, self.keep_clips = chunk.language, chunk.keep_clips
        samples = chunk.samples
        self._held.append((chunk.end_ms, hold))
        sound = {speaker: samples[:, column] for column, speaker in enumerate(chunk.channels)}
        return self.listener.hear(chunk.start_ms, sound)

    def _refuse_leap(self, chunk: AudioChunk) -> None:
        """One chunk with a wrong clock must not deafen us to all that come after it."""
        quiet_ms = int(1000 * (time.monotonic() - self.touched))
        ahead_ms = chunk.start_ms - self._heard_until_ms
        if self._heard_until_ms and ahead_ms > LONGEST_LEAP_MS + 2 * quiet_ms:
            message = f"start_ms {chunk.start_ms} is {ahead_ms} ms ahead of the call"
            raise MessageError(message)
        self._heard_until_ms = max(self._heard_until_ms, chunk.end_ms)

    def decided(self) -> list[Hold]:
        """Takes out the holds of chunks that nothing to come will need again."""
        until_ms = self.listener.checkpoint_ms
        releases = []
        while self._held and self._held[0][0] <= until_ms:
            releases.append(self._held.popleft()[1])
        return releases

    def everything(self) -> list[Hold]:
        """Takes out all holds: the call's audio is over."""
        releases = [hold for _, hold in self._held]
        self._held.clear()
        return releases

    def to_json(self) -> dict[str, Any]:
        """What a worker needs to go on with this call."""
        return {
            "over": self.over,
            "read_until_ms": dict(self.checkpoint.read_until_ms),
            "spans": [[who, span.start_ms, span.end_ms] for who, span in self.checkpoint.spans],
            "quiet_since_ms": self.checkpoint.quiet_since_ms,
            "silence_told_ms": self.checkpoint.silence_told_ms,
            "baseline": {
                "count": self.baseline.count,
                "mean": base64.b64encode(self.baseline.mean).decode(),
            },
        }


def is_over(remembered: dict[str, Any] | None) -> bool:
    """Whether a call was read to its last chunk, and must not be begun again by a late one."""
    return bool(remembered and remembered.get("over"))


def _checkpoint(value: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        read_until_ms={Speaker(who): ms for who, ms in value["read_until_ms"].items()},
        spans=tuple((Speaker(who), Span(start, end)) for who, start, end in value["spans"]),
        quiet_since_ms=value["quiet_since_ms"],
        silence_told_ms=value["silence_told_ms"],
    )


def _baseline(value: dict[str, Any] | None) -> Baseline:
    if value is None:
        return Baseline()
    kept = value["baseline"]
    return Baseline(count=kept["count"], mean=base64.b64decode(kept["mean"]))
