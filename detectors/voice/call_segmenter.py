"""Both speakers of one call: utterances, silences, talk-over, and where to resume after a crash.

What the endpointer takes for speech goes through the speech gate: tones, music and noise become
turns of their own kind, and are no utterance, no talk-over and no end of anybody's silence.

Deterministic: the same chunks give the same `SegmenterResult`, also across a `Checkpoint`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan, Turn, TurnKind
from detectors.voice.endpointing import Endpointer, SpeechSegment
from detectors.voice.leakage import HISTORY_MS, LeakFilter, LeakState
from detectors.voice.speech_edges import trim_edges
from detectors.voice.speech_gate import SoundKind, SoundSpan, SpeechGate, load_speech_gate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MIN_TALK_OVER_MS = 800
"""Less is a "yes" or a "네" that shows somebody listens, or two people starting at once."""

SILENCE_STEP_MS = 5_000
"""A silence of both is reported each time it has grown by this much."""

MAX_GAP_MS = 1_000
"""Missing audio up to this counts as silence; a longer gap ends any utterance."""


SOUND_GAP_MS = 6_000
"""The same kind of sound again within this is one that goes on: the longest pause between two
rings of a ring-back tone (ITU-T E.180 allows 5 s), and more than that between gusts of wind."""

MIN_SOUND_BESIDE_SPEECH_MS = 500
"""Less before or after somebody's words is their breath, or the padding of the segment."""

MIN_MUSIC_MS = 1_000
"""Less of it, by itself, is not told from noise."""

_TURN_KINDS = {
    SoundKind.TONE: TurnKind.TONE,
    SoundKind.MUSIC: TurnKind.MUSIC,
    SoundKind.NOISE: TurnKind.NOISE,
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to resume. Small, and numbers only, because it is written at each utterance.

    Attributes:
        read_until_ms: per speaker, since the call's start; everything before is decided.
        spans: speech that a later utterance of the other speaker may still overlap.
        quiet_since_ms: end of the last speech of either speaker.
        reported_silence_ms: how much of the current silence has been reported as a turn.
        sounds: per speaker the newest tone, music or noise of the channel: it may go on.
        leaks: what is known of the way of one channel's sound into the other.
    """

    read_until_ms: Mapping[Speaker, int] = field(default_factory=dict)
    spans: tuple[tuple[Speaker, TimeSpan], ...] = ()
    quiet_since_ms: int | None = None
    reported_silence_ms: int = 0
    sounds: Mapping[Speaker, tuple[TurnKind, TimeSpan]] = field(default_factory=dict)
    leaks: LeakState = field(default_factory=LeakState)


@dataclass(frozen=True, slots=True)
class SegmenterResult:
    """What ended in a chunk.

    Attributes:
        customer_segments: the customer's utterances, speech only, with their audio. The agent's
            are left out: they serve turn-taking only.
        turns: timing of both speakers, in the order found.
        checkpoint: set when it moved; this result and earlier ones cover all audio before it.
        echoes: segments that were the other speaker's sound throughout, and are no utterances.
        is_one_sound: both channels are known to carry one and the same recording.
    """

    customer_segments: tuple[SpeechSegment, ...] = ()
    turns: tuple[Turn, ...] = ()
    checkpoint: Checkpoint | None = None
    echoes: tuple[tuple[Speaker, TimeSpan], ...] = ()
    is_one_sound: bool = False


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

    def __init__(
        self,
        call_id: str,
        checkpoint: Checkpoint | None = None,
        *,
        gate: SpeechGate | None = None,
    ) -> None:
        self._call_id = call_id
        self._gate = gate or load_speech_gate()
        start = checkpoint or Checkpoint()
        self._endpointers = {
            speaker: Endpointer(at_ms) for speaker, at_ms in start.read_until_ms.items()
        }
        self._spans = list(start.spans)
        self._quiet_since_ms = start.quiet_since_ms
        self._reported_silence_ms = start.reported_silence_ms
        self._sounds = dict(start.sounds)
        self._is_aligned = True
        self._last_read_until_ms = start.read_until_ms
        self._leaks = LeakFilter(start.leaks)
        self._listening_since_ms = dict(start.read_until_ms)

    @property
    def checkpoint_ms(self) -> int:
        """The point, in ms since the call's start, before which no audio is needed again.

        Before the checkpoint itself: what follows is compared with the sound before it.
        """
        read_until_ms = min(
            (endpointer.checkpoint_ms for endpointer in self._endpointers.values()), default=0
        )
        return max(0, read_until_ms - HISTORY_MS)

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

    def feed(
        self,
        start_ms: int,
        sound: Mapping[Speaker, NDArray[np.int16]],
        *,
        aligned: bool = True,
    ) -> SegmenterResult:
        """Take the next chunk of the call.

        Args:
            start_ms: of the chunk, since the call's start. Audio that was fed before is skipped.
                A gap up to `MAX_GAP_MS` counts as silence, a longer one ends speech.
            sound: ``int16[samples]`` at 8 kHz for each speaker. A speaker whose channel is missing
                has finished.
            aligned: the channels share one clock; else neither talk-over nor silence is told.

        Returns:
            Utterances and turns that ended in this chunk, and a new checkpoint if it moved.
        """
        self._leaks.append(start_ms, sound)
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
        self._is_aligned = aligned
        return self._build_result(segments, include_silence=len(sound) > 1 and aligned)

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
        result = self._build_result(segments, include_silence=False)
        return replace(result, is_one_sound=self._leaks.state.is_one_sound(has_ended=True))

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
        segments, echoes = self._leaks.split_own(segments)
        turns: list[Turn] = []
        customer_segments: list[SpeechSegment] = []
        for speaker, segment in segments:
            for kind, part in self._split(segment):
                if kind is not SoundKind.SPEECH:
                    turns.append(self._sound_turn(speaker, _TURN_KINDS[kind], part.span))
                    continue
                speech = trim_edges(part)
                turns += self._speech_turns(speaker, speech.span)
                if speaker is Speaker.CUSTOMER:
                    customer_segments.append(speech)
        if include_silence:
            turns += self._silence_turns()
        return SegmenterResult(
            customer_segments=tuple(customer_segments),
            turns=tuple(turns),
            checkpoint=self._next_checkpoint(),
            echoes=tuple(echoes),
            is_one_sound=self._leaks.state.is_one_sound(),
        )

    def _split(self, segment: SpeechSegment) -> list[tuple[SoundKind, SpeechSegment]]:
        """A segment's speech and what else is in it, in order."""
        sounds = _join_short_edges(self._gate.split(segment.pcm))
        return [(sound.kind, _cut_segment(segment, sound.span)) for sound in sounds]

    def _sound_turn(self, speaker: Speaker, kind: TurnKind, span: TimeSpan) -> Turn:
        earlier_kind, earlier_span = self._sounds.get(speaker, (None, span))
        if earlier_kind is kind and earlier_span.gap_ms(span) <= SOUND_GAP_MS:
            span = TimeSpan(earlier_span.start_ms, span.end_ms)
        elif kind is TurnKind.MUSIC and span.duration_ms < MIN_MUSIC_MS:
            return self._sound_turn(speaker, TurnKind.NOISE, span)
        self._sounds[speaker] = (kind, span)
        if kind is not TurnKind.NOISE:
            # Whoever hears music or a ring does not wait in silence.
            self._end_silence(span.end_ms)
        return Turn(self._call_id, kind, span, speaker)

    def _end_silence(self, at_ms: int) -> None:
        self._quiet_since_ms = max(at_ms, self._quiet_since_ms or 0)
        self._reported_silence_ms = 0

    def _speech_turns(self, speaker: Speaker, span: TimeSpan) -> list[Turn]:
        turns = [Turn(self._call_id, TurnKind.SPEECH, span, speaker)]
        for other, earlier_span in self._spans:
            overlap_ms = span.overlap_ms(earlier_span) if self._is_aligned else 0
            if other is speaker or overlap_ms < MIN_TALK_OVER_MS:
                continue
            interrupter = speaker if span.start_ms >= earlier_span.start_ms else other
            overlap = TimeSpan(
                max(span.start_ms, earlier_span.start_ms),
                min(span.end_ms, earlier_span.end_ms),
            )
            turns.append(Turn(self._call_id, TurnKind.TALK_OVER, overlap, interrupter))
        self._spans.append((speaker, span))
        self._sounds.pop(speaker, None)
        self._end_silence(span.end_ms)
        return turns

    def _silence_turns(self) -> list[Turn]:
        # What has begun may turn out to be noise: until then it ends the silence, not what it was.
        now_ms = min(endpointer.quiet_until_ms for endpointer in self._endpointers.values())
        if self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms
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
            sounds=dict(self._sounds),
            leaks=self._leaks.state,
        )


def _join_short_edges(sounds: Sequence[SoundSpan]) -> list[SoundSpan]:
    """What is short beside speech belongs to it; where the speech begins, its level says."""
    joined: list[SoundSpan] = []
    for sound in sounds:
        earlier = joined[-1] if joined else None
        kinds = (earlier.kind if earlier else None, sound.kind)
        short = sound if sound.kind is not SoundKind.SPEECH else earlier
        if (
            earlier is None
            or kinds.count(SoundKind.SPEECH) != 1
            or short is None
            or short.span.duration_ms >= MIN_SOUND_BESIDE_SPEECH_MS
        ):
            joined.append(sound)
            continue
        joined[-1] = SoundSpan(TimeSpan(earlier.span.start_ms, sound.span.end_ms), SoundKind.SPEECH)
    return joined


def _cut_segment(segment: SpeechSegment, part: TimeSpan) -> SpeechSegment:
    """A part of a segment; ``part`` is in ms since the segment's start."""
    start_ms = segment.span.start_ms
    span = TimeSpan(start_ms + part.start_ms, min(start_ms + part.end_ms, segment.span.end_ms))
    first, last = (ms * SAMPLE_RATE // 1000 for ms in (part.start_ms, part.end_ms))
    return SpeechSegment(span, segment.pcm[first:last])


def _silent_pcm(duration_ms: int) -> NDArray[np.int16]:
    return np.zeros(duration_ms * SAMPLE_RATE // 1000, dtype=np.int16)
