"""Recordings that people have: stereo, two mono files, or one side of a call.

Whatever it was, it comes out as 16-bit sound at the telephone's rate, one column a speaker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from detectors.utterance import SAMPLE_RATE, Speaker
from streams.ingest.replay.decoder import AudioTrack, Samples, decode
from streams.ingest.replay.input_file import RecordingError

Side: TypeAlias = Literal["left", "right"]

BOTH_SPEAKERS = (Speaker.CUSTOMER, Speaker.AGENT)

MAX_CHANNEL_CORRELATION = 0.98
"""Channels that correlate as much hold one sound. Two people's correlate below 0.01 (measured
on real and on demo calls); one sound at two levels, or coded twice, above 0.99."""

SILENCE_PEAK = 33
"""Sound that never exceeds -60 dB of full scale is silence: line noise, no voice."""

MAX_LENGTH_DIFFERENCE_MS = 1_000
"""Two legs of one call that differ by more began or ended apart, or had clocks of their own."""
MAX_LENGTH_DIFFERENCE_RATIO = 0.01

_CORRELATION_FRAMES = 1 << 20
"""Frames compared at once, so that a long call's are never all in memory as floats."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The sound of one call.

    Attributes:
        path: where it came from (of a pair: the customer's file).
        samples: ``int16[n, len(speakers)]`` at `SAMPLE_RATE`, one column a speaker.
        speakers: whose column is which. Both, customer first; or the only one there is.
        warnings: one line each: what is odd, but does not keep it from being played.
        aligned: the channels share one clock, so that who spoke over whom can be told.
    """

    path: Path
    samples: Samples
    speakers: tuple[Speaker, ...] = BOTH_SPEAKERS
    warnings: tuple[str, ...] = ()
    aligned: bool = True

    @property
    def duration_ms(self) -> int:
        """How long it is; a last part of a millisecond counts."""
        return -(-len(self.samples) * 1_000 // SAMPLE_RATE)

    def channel(self, speaker: Speaker) -> Samples:
        """One speaker's sound, ``int16[n]``.

        Raises:
            KeyError: the recording has only the other side.
        """
        if speaker not in self.speakers:
            raise KeyError(speaker)
        return self.samples[:, self.speakers.index(speaker)]


def open_recording(
    path: Path | str, *, customer_side: Side = "right", mono_speaker: Speaker = Speaker.CUSTOMER
) -> Recording:
    """Open a stereo file (a speaker on each channel) or a mono file (one side of a call).

    Args:
        path: a sound file of a `DECODABLE` format, whatever its name says.
        customer_side: the channel the customer is on, where there are two.
        mono_speaker: who is heard, where there is one channel.

    Raises:
        RecordingError: it cannot be played; the message is one line.
    """
    track = decode(Path(path))
    if track.channels == 1:
        return _check_sides(Recording(track.path, track.samples, (mono_speaker,), track.warnings))
    samples = track.samples if customer_side == "left" else track.samples[:, ::-1]
    return _check_sides(Recording(track.path, samples, BOTH_SPEAKERS, track.warnings))


def open_pair(customer_path: Path | str, agent_path: Path | str) -> Recording:
    """Open two mono files that start together. The shorter one is followed by silence.

    Raises:
        RecordingError: one of them cannot be played; the message is one line.
    """
    tracks = [decode(Path(customer_path)), decode(Path(agent_path))]
    for track in tracks:
        if track.channels != 1:
            todo = "give two mono files, or the stereo file alone"
            raise RecordingError(track.path, "has two channels", todo)
    samples = np.zeros((max(len(track.samples) for track in tracks), 2), np.int16)
    for column, track in enumerate(tracks):
        samples[: len(track.samples), column] = track.samples[:, 0]
    warnings = tracks[0].warnings + tracks[1].warnings
    difference = _describe_difference(*tracks)
    return _check_sides(
        Recording(
            tracks[0].path,
            samples,
            BOTH_SPEAKERS,
            (*warnings, difference) if difference else warnings,
            aligned=not difference,
        )
    )


def _describe_difference(customer: AudioTrack, agent: AudioTrack) -> str:
    """What to say of legs that cannot have one clock; empty: they can."""
    # A leg whose end is lost, and known to be, shares the other's clock all the same.
    short, long = sorted(
        len(track.samples) + round(track.missing_s * SAMPLE_RATE) for track in (customer, agent)
    )
    allowed = min(
        MAX_LENGTH_DIFFERENCE_MS * SAMPLE_RATE // 1_000, int(MAX_LENGTH_DIFFERENCE_RATIO * long)
    )
    if long - short <= max(allowed, SAMPLE_RATE // 5):
        return ""
    seconds = " and ".join(
        f"{len(track.samples) / SAMPLE_RATE:.1f} s" for track in (customer, agent)
    )
    return (
        f"{customer.path}: the customer's and the agent's file differ in length ({seconds}), so "
        "neither talk-over nor silence is told; export both sides in one stereo file"
    )


def _check_sides(recording: Recording) -> Recording:
    """Refuse what would have the agent's voice scored; warn of silence."""
    silent = [name for name in recording.speakers if _is_silent(recording.channel(name))]
    both = len(recording.speakers) == len(BOTH_SPEAKERS)
    if both and not silent and _correlation(recording.samples) > MAX_CHANNEL_CORRELATION:
        what = "both sides hold the same sound, so the agent would be taken for the customer"
        raise RecordingError(recording.path, what, "export one speaker per channel")
    if silent:
        where = (
            "both channels" if len(silent) == len(BOTH_SPEAKERS) else f"the {silent[0]}'s channel"
        )
        warning = f"{recording.path}: nothing but silence on {where}"
        recording = replace(recording, warnings=(*recording.warnings, warning))
    return recording


def _correlation(samples: Samples) -> float:
    """How alike the two channels of ``int16[n, 2]`` are, 0-1, whatever their levels and signs."""
    count, sums, products = len(samples), np.zeros(2), np.zeros((2, 2))
    for start in range(0, count, _CORRELATION_FRAMES):
        part = samples[start : start + _CORRELATION_FRAMES].astype(np.float64)
        sums += part.sum(axis=0)
        products += part.T @ part
    covariance = products - np.outer(sums, sums) / count
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return abs(float(covariance[0, 1])) / spread if spread > 0 else 0.0


def _is_silent(samples: Samples) -> bool:
    return bool(samples.max() < SILENCE_PEAK and samples.min() > -SILENCE_PEAK)
