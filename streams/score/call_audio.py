"""One call while the worker listens to it, and what of it survives the worker."""

from __future__ import annotations

import base64
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language, Speaker, SpeakerBaseline, TimeSpan, TurnKind
from detectors.voice.call_segmenter import CallSegmenter, Checkpoint, SegmenterResult
from detectors.voice.leakage import LeakState
from streams.cloudevents import MessageError

MAX_CHUNK_GAP_MS = 60_000
"""A chunk may lie this far ahead of the last one, and twice as far as time has passed."""

if TYPE_CHECKING:
    from streams.kafka.record import Record
    from streams.messages.calls import AudioChunk
    from streams.processing.offset_tracker import PendingOffset


@dataclass(slots=True)
class Job:
    """What one chunk brought to an end, waiting to be read and sent in the call's order.

    Attributes:
        is_last: the chunk was the call's last one, so that nothing comes behind this job. A call
            that merely fell silent may go on.
    """

    result: SegmenterResult
    clock: Clock
    found_at: datetime
    record: Record
    pending: list[PendingOffset] = field(default_factory=list)
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns ms of a call into wall-clock time: at ``at_ms`` it was ``at``."""

    at_ms: int
    at: datetime | None

    def to_instant(self, ms: int) -> datetime | None:
        """When that was spoken, where the gateway told."""
        return None if self.at is None else self.at - timedelta(milliseconds=self.at_ms - ms)


class CallAudio:
    """The listener of one call, its unacknowledged chunks and its unread utterances."""

    def __init__(self, call_id: str, partition: int, saved: dict[str, Any] | None) -> None:
        checkpoint = _load_checkpoint(saved) if saved else None
        self.call_id = call_id
        self.partition = partition
        self.listener = CallSegmenter(call_id, checkpoint)
        self.checkpoint = checkpoint or Checkpoint()
        self.baseline = _load_baseline(saved)
        self.language = Language.KOREAN
        self.keep_clips = False
        self.has_ended = False
        self.is_complete = False
        self.last_activity = time.monotonic()
        self.jobs: deque[Job] = deque()
        self.is_busy = False
        self._pending: deque[tuple[int, PendingOffset]] = deque()
        self._received_until_ms = 0

    def feed(self, chunk: AudioChunk, pending: PendingOffset) -> SegmenterResult:
        """Listen to a chunk; it stays held until its audio has been decided and read."""
        self._check_gap(chunk)
        self.last_activity = time.monotonic()
        self.language, self.keep_clips = chunk.language, chunk.keep_clips
        samples = chunk.samples
        self._pending.append((chunk.end_ms, pending))
        channels = {speaker: samples[:, column] for column, speaker in enumerate(chunk.channels)}
        return self.listener.feed(chunk.start_ms, channels, aligned=chunk.aligned)

    def _check_gap(self, chunk: AudioChunk) -> None:
        """One chunk with a wrong clock must not deafen us to all that come after it."""
        quiet_ms = int(1000 * (time.monotonic() - self.last_activity))
        ahead_ms = chunk.start_ms - self._received_until_ms
        if self._received_until_ms and ahead_ms > MAX_CHUNK_GAP_MS + 2 * quiet_ms:
            message = f"start_ms {chunk.start_ms} is {ahead_ms} ms ahead of the call"
            raise MessageError(message)
        self._received_until_ms = max(self._received_until_ms, chunk.end_ms)

    def pop_completed(self) -> list[PendingOffset]:
        """Takes out the holds of chunks that nothing to come will need again."""
        until_ms = self.listener.checkpoint_ms
        completed = []
        while self._pending and self._pending[0][0] <= until_ms:
            completed.append(self._pending.popleft()[1])
        return completed

    def pop_all(self) -> list[PendingOffset]:
        """Takes out all holds: the call's audio is over."""
        pending_offsets = [pending for _, pending in self._pending]
        self._pending.clear()
        return pending_offsets

    def to_json(self) -> dict[str, Any]:
        """What a worker needs to go on with this call."""
        return {
            "over": self.is_complete,
            "read_until_ms": dict(self.checkpoint.read_until_ms),
            "spans": [
                [speaker, span.start_ms, span.end_ms] for speaker, span in self.checkpoint.spans
            ],
            "quiet_since_ms": self.checkpoint.quiet_since_ms,
            "silence_told_ms": self.checkpoint.reported_silence_ms,
            "sounds": {
                speaker: [kind, span.start_ms, span.end_ms]
                for speaker, (kind, span) in self.checkpoint.sounds.items()
            },
            "leaks": _dump_leaks(self.checkpoint.leaks),
            "baseline": {
                "count": self.baseline.count,
                "mean": base64.b64encode(self.baseline.mean).decode(),
            },
        }


def is_complete(saved: dict[str, Any] | None) -> bool:
    """Whether a call was read to its last chunk, and must not be begun again by a late one."""
    return bool(saved and saved.get("over"))


def _load_checkpoint(value: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        read_until_ms={Speaker(speaker): ms for speaker, ms in value["read_until_ms"].items()},
        spans=tuple(
            (Speaker(speaker), TimeSpan(start, end)) for speaker, start, end in value["spans"]
        ),
        quiet_since_ms=value["quiet_since_ms"],
        reported_silence_ms=value["silence_told_ms"],
        sounds={
            Speaker(speaker): (TurnKind(kind), TimeSpan(start, end))
            # A worker of an earlier version knew no sounds.
            for speaker, (kind, start, end) in value.get("sounds", {}).items()
        },
        # A worker of an earlier version knew no echoes.
        leaks=_load_leaks(value.get("leaks", {})),
    )


def _dump_leaks(state: LeakState) -> dict[str, Any]:
    return {
        "delays": dict(state.delays),
        "own_ms": dict(state.own_ms),
        "shared_ms": state.shared_ms,
    }


def _load_leaks(value: dict[str, Any]) -> LeakState:
    delays, own_ms = (
        {Speaker(speaker): number for speaker, number in value.get(name, {}).items()}
        for name in ("delays", "own_ms")
    )
    return LeakState(delays, own_ms, value.get("shared_ms", 0))


def _load_baseline(value: dict[str, Any] | None) -> SpeakerBaseline:
    if value is None:
        return SpeakerBaseline()
    baseline = value["baseline"]
    return SpeakerBaseline(count=baseline["count"], mean=base64.b64decode(baseline["mean"]))
