"""Both speakers of one call: utterances, silences, talk-over, and where to resume after a crash.

Deterministic: the same chunks give the same `SegmenterResult`, also across a `Checkpoint`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan, Turn, TurnKind
from detectors.voice.endpointing import Endpointer, SpeechSegment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MIN_TALK_OVER_MS = 800
"""Less is a "yes" or a "네" that shows somebody listens, or two people starting at once."""

SILENCE_STEP_MS = 5_000
"""A silence of both is reported each time it has grown by this much."""

MAX_GAP_MS = 1_000
"""Missing audio up to this counts as silence; a longer gap ends any utterance."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to resume. Small, and numbers only, because it is written at each utterance.

    Attributes:
        read_until_ms: per speaker, since the call's start; everything before is decided.
        spans: speech that a later utterance of the other speaker may still overlap.
        quiet_since_ms: end of the last speech of either speaker.
        reported_silence_ms: how much of the current silence has been reported as a turn.
    """

    read_until_ms: Mapping[Speaker, int] = field(default_factory=dict)
    spans: tuple[tuple[Speaker, TimeSpan], ...] = ()
    quiet_since_ms: int | None = None
    reported_silence_ms: int = 0


@dataclass(frozen=True, slots=True)
class SegmenterResult:
    """What ended in a chunk.

    Attributes:
        customer_segments: the customer's utterances, with their audio. The agent's are left
            out: they serve turn-taking only.
        turns: timing of both speakers, in the order found.
        checkpoint: set when it moved; this result and earlier ones cover all audio before it.
    """

    customer_segments: tuple[SpeechSegment, ...] = ()
    turns: tuple[Turn, ...] = ()
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class SpeechProgress:
    """How far one speaker was listened to.

    Attributes:
        start_ms: where listening to them began, in ms since the call's start.
        until_ms: how far it came.
        open_since_ms: when an utterance that has not ended began; ``None``: there is none.
    """

    speaker: Speaker
    start_ms: int
    until_ms: int
    open_since_ms: int | None = None


class CallSegmenter:
    """Listens to one call, from a checkpoint or from its first chunk on."""

    def __init__(self, call_id: str, checkpoint: Checkpoint | None = None) -> None:
        self._call_id = call_id
        start = checkpoint or Checkpoint()
        self._endpointers = {
            speaker: Endpointer(at_ms) for speaker, at_ms in start.read_until_ms.items()
        }
        self._spans = list(start.spans)
        self._quiet_since_ms = start.quiet_since_ms
        self._reported_silence_ms = start.reported_silence_ms
        self._last_read_until_ms = start.read_until_ms
        self._listening_since_ms = dict(start.read_until_ms)

    @property
    def checkpoint_ms(self) -> int:
        """The point, in ms since the call's start, before which no audio is needed again."""
        return min(
            (endpointer.checkpoint_ms for endpointer in self._endpointers.values()), default=0
        )

    @property
    def speech_progress(self) -> tuple[SpeechProgress, ...]:
        """How far each speaker who is still there was listened to."""
        return tuple(
            SpeechProgress(
                speaker,
                self._listening_since_ms.setdefault(speaker, endpointer.checkpoint_ms),
                endpointer.processed_until_ms,
                endpointer.open_since_ms,
            )
            for speaker, endpointer in self._endpointers.items()
        )

    def feed(self, start_ms: int, sound: Mapping[Speaker, NDArray[np.int16]]) -> SegmenterResult:
        """Take the next chunk of the call.

        Args:
            start_ms: of the chunk, since the call's start. Audio that was fed before is skipped.
                A gap up to `MAX_GAP_MS` counts as silence, a longer one ends speech.
            sound: ``int16[samples]`` at 8 kHz for each speaker. A speaker whose channel is missing
                has finished.

        Returns:
            Utterances and turns that ended in this chunk, and a new checkpoint if it moved.
        """
        segments = [
            (speaker, utterance)
            for speaker in set(self._endpointers) - set(sound)
            for utterance in self._endpointers.pop(speaker).finish()
        ]
        segments += [
            (speaker, utterance)
            for speaker, pcm in sound.items()
            for utterance in self._feed_speaker(speaker, start_ms, pcm)
        ]
        return self._build_result(segments, include_silence=len(sound) > 1)

    def finish(self) -> SegmenterResult:
        """End the call's audio.

        Returns:
            Utterances and turns that were still open, and a new checkpoint if it moved.
        """
        segments = [
            (speaker, segment)
            for speaker, endpointer in self._endpointers.items()
            for segment in endpointer.finish()
        ]
        return self._build_result(segments, include_silence=False)

    def _feed_speaker(
        self, speaker: Speaker, start_ms: int, pcm: NDArray[np.int16]
    ) -> list[SpeechSegment]:
        endpointer = self._endpointers.setdefault(speaker, Endpointer(start_ms))
        self._listening_since_ms.setdefault(speaker, start_ms)
        segments: list[SpeechSegment] = []
        gap_ms = start_ms - endpointer.next_sample_ms
        if gap_ms > MAX_GAP_MS:
            segments += endpointer.finish()
            endpointer = self._endpointers[speaker] = Endpointer(start_ms)
        elif gap_ms > 0:
            segments += endpointer.feed(_silent_pcm(gap_ms))
        skipped_samples = max(0, -gap_ms) * SAMPLE_RATE // 1000
        return segments + endpointer.feed(pcm[skipped_samples:])

    def _build_result(
        self, segments: list[tuple[Speaker, SpeechSegment]], *, include_silence: bool
    ) -> SegmenterResult:
        turns: list[Turn] = []
        for speaker, utterance in sorted(segments, key=lambda pair: pair[1].span.end_ms):
            turns += self._speech_turns(speaker, utterance.span)
        if include_silence:
            turns += self._silence_turns()
        return SegmenterResult(
            customer_segments=tuple(
                segment for speaker, segment in segments if speaker is Speaker.CUSTOMER
            ),
            turns=tuple(turns),
            checkpoint=self._next_checkpoint(),
        )

    def _speech_turns(self, speaker: Speaker, span: TimeSpan) -> list[Turn]:
        turns = [Turn(self._call_id, TurnKind.SPEECH, span, speaker)]
        for other, earlier_span in self._spans:
            if other is speaker or span.overlap_ms(earlier_span) < MIN_TALK_OVER_MS:
                continue
            interrupter = speaker if span.start_ms >= earlier_span.start_ms else other
            overlap = TimeSpan(
                max(span.start_ms, earlier_span.start_ms),
                min(span.end_ms, earlier_span.end_ms),
            )
            turns.append(Turn(self._call_id, TurnKind.TALK_OVER, overlap, interrupter))
        self._spans.append((speaker, span))
        self._quiet_since_ms = max(span.end_ms, self._quiet_since_ms or 0)
        self._reported_silence_ms = 0
        return turns

    def _silence_turns(self) -> list[Turn]:
        endpointers = self._endpointers.values()
        now_ms = min(endpointer.processed_until_ms for endpointer in endpointers)
        if self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms
        if any(endpointer.is_speaking for endpointer in endpointers):
            return []
        quiet_ms = now_ms - self._quiet_since_ms
        if quiet_ms < self._reported_silence_ms + SILENCE_STEP_MS:
            return []
        self._reported_silence_ms = quiet_ms // SILENCE_STEP_MS * SILENCE_STEP_MS
        span = TimeSpan(self._quiet_since_ms, self._quiet_since_ms + self._reported_silence_ms)
        return [Turn(self._call_id, TurnKind.SILENCE, span)]

    def _next_checkpoint(self) -> Checkpoint | None:
        read_until_ms = {
            speaker: endpointer.checkpoint_ms for speaker, endpointer in self._endpointers.items()
        }
        if read_until_ms == self._last_read_until_ms:
            return None
        self._last_read_until_ms = read_until_ms
        # Speech that ended before the other's checkpoint can overlap nothing still to come.
        self._spans = [
            (speaker, span)
            for speaker, span in self._spans
            if speaker.other in read_until_ms and span.end_ms > read_until_ms[speaker.other]
        ]
        return Checkpoint(
            read_until_ms=read_until_ms,
            spans=tuple(self._spans),
            quiet_since_ms=self._quiet_since_ms,
            reported_silence_ms=self._reported_silence_ms,
        )


def _silent_pcm(duration_ms: int) -> NDArray[np.int16]:
    return np.zeros(duration_ms * SAMPLE_RATE // 1000, dtype=np.int16)
