"""Is what a channel carries the other person's voice again, and which part of it is its own?

Two people who speak at once, or in the same words, are two different sounds: nothing that one
filter makes of the one resembles the other. Only a copy of the very same sound is an echo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.echo_path import HOP_MS, match_blocks
from detectors.voice.endpointing import FRAME_MS, SpeechSegment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.voice.echo_path import BlockMatch

CLEAR_SHARPNESS: Final = 13.0
"""A correlation as sharp as this is a copy. Two people's stay below 11.2 in 113 blocks of three
calls; copies at -30 dB, coded, filtered and in noise are at 20 to 65."""

FAINT_SHARPNESS: Final = 7.0
"""Enough at the delay at which this call's echo is known to come back, or of two blocks at one
delay: a peak as high as this lies anywhere among 5,100 delays."""

SAME_DELAY: Final = 5 * SAMPLE_RATE // 1000
"""Delays that differ by less are one: clocks drift, and the block is long."""

EXPLAINED_SHARE: Final = 0.9
"""A short block of which the other channel explains so much is a copy at `FAINT_SHARPNESS`."""

OWN_TO_ECHO: Final = 1.6
"""A frame whose rest is this many times its echo is a person's own speech: codecs, clipping and
long rooms leave a rest of up to the echo's own power (measured: tests/detectors/voice)."""

OWN_TO_NOISE: Final = 4.0
"""And so many times the quietest frame: line noise is nobody's speech."""

MAX_GAIN_RISE: Final = 6.0
"""In power: how much louder an echo is at times, per band and moment, than at its faintest."""

MAX_ECHO_GAIN: Final = 4.0
"""In power: what is louder than this times the other channel's loudest frame is no echo of it."""

EQUAL_GAIN: Final = 2.0
"""In power. Two channels that differ by less, at no delay, carry one sound: which of them it
belongs to cannot be said."""

NO_DELAY: Final = 8 * SAMPLE_RATE // 1000
"""Less delay than this says nothing of which was first: recorders put channels side by side."""

MIN_OWN_MS: Final = 240
"""As the endpointer's `min_speech_ms`: less is a cough, or what a filter left."""

BRIDGE_MS: Final = 440
OWN_MARGIN_MS: Final = 100
MIN_CUT_MS: Final = 400
"""Echo of less than this beside own speech stays in: a cut costs more than it brings."""

_SMEAR_FRAMES: Final = 3


@dataclass(frozen=True, slots=True)
class EchoFinding:
    """What a segment turned out to be.

    Attributes:
        own: the parts that are this channel's own speech: the segment itself where there is no
            echo or where somebody speaks over it throughout, none where it is all echo.
        delay: of the echo, in samples; ``None``: there is none.
        gain: power of the echo over that of its source; 0 where there is none.
        is_original: at no delay the other channel is the weaker copy of this one.
        is_shared: both channels carry it alike, so it cannot be said whose voice it is.
    """

    own: tuple[SpeechSegment, ...]
    delay: int | None = None
    gain: float = 0.0
    is_original: bool = False
    is_shared: bool = False


def split_echo(
    segment: SpeechSegment, other: NDArray[np.int16], *, usual_delay: int | None = None
) -> EchoFinding:
    """Tell a segment's own speech from the echo of the other channel.

    Args:
        segment: one stretch of speech of a channel.
        other: the other channel's samples around it, as `match_blocks` takes them.
        usual_delay: of earlier echoes of this call on this channel, in samples.

    Returns:
        The parts that are its own, and what is known of the echo.
    """
    if not _can_be_source(segment.pcm, other):
        return EchoFinding((segment,))
    matches = match_blocks(segment.pcm, other)
    echoes = _find_copies(matches, usual_delay)
    if not any(echoes):
        return EchoFinding((segment,))
    copies = [match for match, is_copy in zip(matches, echoes, strict=True) if is_copy]
    delay = max(copies, key=lambda match: match.sharpness).delay
    gain = min(copies, key=_rest_share).gain
    if abs(delay) <= NO_DELAY and gain > EQUAL_GAIN:
        return EchoFinding((segment,), delay, gain, is_original=True)
    own = _cut_own(segment, _own_frames(matches, echoes, gain))
    is_shared = not own and abs(delay) <= NO_DELAY and gain > 1 / EQUAL_GAIN
    return EchoFinding(own, delay, gain, is_shared=is_shared)


def _can_be_source(pcm: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Cheap, and true of hardly any utterance where people take turns."""
    loudest = max((_power(part) for part in np.array_split(other, 40)), default=0.0)
    return loudest * MAX_ECHO_GAIN > _power(pcm)


def _power(samples: NDArray[np.int16]) -> float:
    floats = samples.astype(np.float32)
    return float(floats @ floats) / max(1, len(floats))


def _find_copies(matches: Sequence[BlockMatch], usual_delay: int | None) -> list[bool]:
    """Which blocks hold a copy of the other channel, spoken over or not."""
    clear = [match for match in matches if match.sharpness >= CLEAR_SHARPNESS]
    clear += [
        match
        for match in matches
        if match.sharpness >= FAINT_SHARPNESS and _rest_share(match) < 1 - EXPLAINED_SHARE
    ]
    delays = [match.delay for match in clear]
    if usual_delay is not None:
        delays.append(usual_delay)
    faint = [match for match in matches if match.sharpness >= FAINT_SHARPNESS]
    delays += [a.delay for a in faint for b in faint if a is not b and _is_near(a, b.delay)]
    return [
        any(match is one for one in clear)
        or (match.sharpness >= FAINT_SHARPNESS and any(_is_near(match, d) for d in delays))
        for match in matches
    ]


def _rest_share(match: BlockMatch) -> float:
    return float(match.rest.sum()) / max(1.0, float(match.total.sum()))


def _is_near(match: BlockMatch, delay: int) -> bool:
    return abs(match.delay - delay) <= SAME_DELAY


def _own_frames(
    matches: Sequence[BlockMatch], echoes: Sequence[bool], gain: float
) -> list[tuple[int, bool]]:
    """``(first ms, is own)`` of each frame that is not silence, since the segment's start."""
    noise = min(float(match.total.min()) for match in matches)
    frames = []
    for match, is_copy in zip(matches, echoes, strict=True):
        echo = _echo_power(match, gain) if is_copy else np.zeros_like(match.echo)
        own = (match.rest if is_copy else match.total) > np.maximum(
            OWN_TO_ECHO * echo, OWN_TO_NOISE * noise
        )
        start_ms = match.first_sample * 1000 // SAMPLE_RATE
        frames += [(start_ms + index * HOP_MS, bool(is_own)) for index, is_own in enumerate(own)]
    return frames


def _echo_power(match: BlockMatch, gain: float) -> NDArray[np.float32]:
    """Of each frame. A filter fitted where somebody speaks over the echo explains too much."""
    most: NDArray[np.float32] = np.float32(MAX_GAIN_RISE * gain) * _smear(match.source)
    return np.minimum(_smear(match.echo), most)


def _smear(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """The loudest of the frames around each: a room and a codec leave their rest beside it."""
    padded = np.pad(power, _SMEAR_FRAMES)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _SMEAR_FRAMES + 1)
    loudest: NDArray[np.float32] = windows.max(axis=1)
    return loudest


def _cut_own(
    segment: SpeechSegment, frames: Sequence[tuple[int, bool]]
) -> tuple[SpeechSegment, ...]:
    length_ms = segment.span.duration_ms
    parts = [*_own_parts(frames, length_ms)]
    if parts and length_ms - sum(end - start for start, end in parts) < MIN_CUT_MS:
        return (segment,)
    return tuple(_cut(segment, start, end) for start, end in parts)


def _own_parts(frames: Sequence[tuple[int, bool]], length_ms: int) -> Iterator[tuple[int, int]]:
    """Stretches of own speech with short pauses in them, padded, in ms of the segment."""
    runs: list[list[int]] = []
    for start_ms, is_own in frames:
        if is_own and runs and start_ms - runs[-1][-1] <= BRIDGE_MS:
            runs[-1].append(start_ms)
        elif is_own:
            runs.append([start_ms])
    for run in runs:
        if len(run) * HOP_MS >= MIN_OWN_MS:
            start = max(0, run[0] - OWN_MARGIN_MS) // FRAME_MS * FRAME_MS
            end = (run[-1] + 2 * HOP_MS + OWN_MARGIN_MS) // FRAME_MS * FRAME_MS
            yield start, min(end, length_ms)


def _cut(segment: SpeechSegment, start_ms: int, end_ms: int) -> SpeechSegment:
    first, last = (ms * SAMPLE_RATE // 1000 for ms in (start_ms, end_ms))
    offset = segment.span.start_ms
    return SpeechSegment(TimeSpan(offset + start_ms, offset + end_ms), segment.pcm[first:last])
