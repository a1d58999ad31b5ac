"""Recordings that people have: stereo, two mono files, or one side; any rate and coding.

Whatever it was, it comes out as 16-bit sound at the telephone's rate, one column a speaker.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from detectors.utterance import SAMPLE_RATE, Speaker
from streams.ingest.replay.container import Container, WavSize, detect_container, read_wav_size
from streams.ingest.replay.input_file import InputFileError, open_input

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

Side: TypeAlias = Literal["left", "right"]
Samples: TypeAlias = NDArray[np.int16]

BOTH_SPEAKERS = (Speaker.CUSTOMER, Speaker.AGENT)
PLAYABLE = (Container.WAV, Container.FLAC)
MAX_HOURS = 4
"""Four hours of both speakers are 461 MB; a longer file is hardly one call."""

RATES = range(4_000, 384_001)
"""Sampling rates (Hz) that can be meant: outside them the header is damaged."""

MAX_CHANNEL_CORRELATION = 0.98
"""Channels that correlate as much hold one sound. Two people's correlate below 0.01 (measured
on real and on demo calls); one sound at two levels, or coded twice, above 0.99."""

SILENCE_PEAK = 33
"""Sound that never exceeds -60 dB of full scale is silence: line noise, no voice."""

_READ_FRAMES = 4_096
"""Frames read at once. Small, because a broken file loses the block in which it breaks."""

_CORRELATION_FRAMES = 1 << 20
"""Frames compared at once, so that a long call's are never all in memory as floats."""

_UNKNOWN_FRAMES = 1 << 62
"""libsndfile's count for a FLAC of unknown length is the largest one there is."""


class RecordingError(InputFileError):
    """A recording cannot be played."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The sound of one call.

    Attributes:
        path: where it came from (of a pair: the customer's file).
        samples: ``int16[n, len(speakers)]`` at `SAMPLE_RATE`, one column a speaker.
        speakers: whose column is which. Both, customer first; or the only one there is.
        warnings: one line each: what is odd, but does not keep it from being played.
    """

    path: Path
    samples: Samples
    speakers: tuple[Speaker, ...] = BOTH_SPEAKERS
    warnings: tuple[str, ...] = ()

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
        path: WAV or FLAC, whatever its name says.
        customer_side: the channel the customer is on, where there are two.
        mono_speaker: who is heard, where there is one channel.

    Raises:
        RecordingError: it cannot be played; the message is one line.
    """
    track = _decode(Path(path))
    if track.channels == 1:
        return _check_sides(Recording(track.path, track.samples, (mono_speaker,), track.warnings))
    samples = track.samples if customer_side == "left" else track.samples[:, ::-1]
    return _check_sides(Recording(track.path, samples, BOTH_SPEAKERS, track.warnings))


def open_pair(customer_path: Path | str, agent_path: Path | str) -> Recording:
    """Open two mono files that start together. The shorter one is followed by silence.

    Raises:
        RecordingError: one of them cannot be played; the message is one line.
    """
    tracks = [_decode(Path(customer_path)), _decode(Path(agent_path))]
    for track in tracks:
        if track.channels != 1:
            todo = "give two mono files, or the stereo file alone"
            raise RecordingError(track.path, "has two channels", todo)
    samples = np.zeros((max(len(track.samples) for track in tracks), 2), np.int16)
    for column, track in enumerate(tracks):
        samples[: len(track.samples), column] = track.samples[:, 0]
    warnings = tracks[0].warnings + tracks[1].warnings
    return _check_sides(Recording(tracks[0].path, samples, BOTH_SPEAKERS, warnings))


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """A decoded file: ``samples`` are ``int16[n, channels]`` in the file's own order."""

    path: Path
    samples: Samples
    warnings: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])


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


def _decode(path: Path) -> _Track:
    size = _inspect(path)
    try:
        with soundfile.SoundFile(path) as file:
            _check_playable(path, file)
            samples, frames_read = _resample(path, file)
            missing_ratio = _missing_ratio(size, frames_read=frames_read, declared=file.frames)
    except soundfile.LibsndfileError as error:
        what = f"cannot be decoded ({error.error_string.rstrip('.')})"
        raise RecordingError(path, what, "export it again as WAV or FLAC") from error
    if not len(samples):
        raise RecordingError(path, "holds no sound", "record or export the call again")
    return _Track(path, samples, _truncation_warnings(path, samples, missing_ratio))


def _inspect(path: Path) -> WavSize | None:
    """Look at the file before a decoder does.

    Returns:
        What a WAV promises and holds; ``None`` for other files.
    """
    with open_input(path, expected="a WAV or FLAC file", error=RecordingError) as stream:
        return _inspect_content(path, stream)


def _inspect_content(path: Path, stream: BinaryIO) -> WavSize | None:
    container = detect_container(stream)
    if not stream.seek(0, 2):
        raise RecordingError(path, "is empty", "record or export the call again")
    if container not in PLAYABLE:
        raise _build_unplayable_error(path, container)
    size = read_wav_size(stream) if container is Container.WAV else None
    if container is Container.WAV and size is None:
        raise RecordingError(
            path, "ends before its sound begins", "record or export the call again"
        )
    return size


def _build_unplayable_error(path: Path, container: Container | str | None) -> RecordingError:
    target = path.with_suffix(".wav" if path.suffix == ".flac" else ".flac")
    command = shlex.join(["ffmpeg", "-i", str(path), str(target)])
    todo = f"convert it to WAV or FLAC, e.g. {command}"
    if container is None:
        return RecordingError(path, "is neither WAV nor FLAC", todo)
    name = f" although it is named {path.suffix}" if path.suffix in {".wav", ".flac"} else ""
    return RecordingError(path, f"holds {container} sound{name}", todo)


def _check_playable(path: Path, file: soundfile.SoundFile) -> None:
    if file.subtype.startswith("MPEG"):
        raise _build_unplayable_error(path, Container.MP3)
    if file.channels > len(BOTH_SPEAKERS):
        what = f"has {file.channels} channels"
        raise RecordingError(path, what, "export the customer and the agent only, one channel each")
    if file.samplerate not in RATES:
        what = f"has a sampling rate of {file.samplerate} Hz"
        raise RecordingError(path, what, f"export it at {SAMPLE_RATE} Hz or more")


def _resample(path: Path, file: soundfile.SoundFile) -> tuple[Samples, int]:
    """Resample to `SAMPLE_RATE` block by block: never more than the result is in memory.

    Returns:
        ``int16[n, channels]``, and how many of the file's own frames it was made from.
    """
    resample = soxr.ResampleStream(
        file.samplerate, SAMPLE_RATE, file.channels, dtype="float32", quality="HQ"
    ).resample_chunk
    sound = bytearray()
    frames_read = 0
    for block in _read_blocks(path, file):
        frames_read += len(block)
        if frames_read > MAX_HOURS * 3_600 * file.samplerate:
            raise RecordingError(path, f"is longer than {MAX_HOURS} hours", "split it into calls")
        sound += _to_int16(resample(block))
    sound += _to_int16(resample(np.zeros((0, file.channels), np.float32), last=True))
    return np.frombuffer(sound, np.int16).reshape(-1, file.channels), frames_read


def _read_blocks(path: Path, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Yield ``float32[frames, channels]`` up to the end, or to where the file breaks off."""
    while True:
        start = file.tell()
        try:
            block = file.read(_READ_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:  # a cut FLAC: `_missing_ratio` reports it
            return
        if not len(block):
            return
        if not np.isfinite(block).all():
            at = start + int(np.argmin(np.isfinite(block).all(axis=1)))
            what = f"has a sample that is not a finite number at {at / file.samplerate:.3f} s"
            raise RecordingError(path, what, "export it again as 16-bit PCM")
        yield block


def _to_int16(block: NDArray[np.float32]) -> bytes:
    """Scale -1..1 to 16 bits: 16-bit input comes out bit for bit, louder sound is clipped."""
    return np.clip(np.rint(block * 32_768), -32_768, 32_767).astype(np.int16).tobytes()


def _missing_ratio(size: WavSize | None, *, frames_read: int, declared: int) -> float:
    """Tell how much of the promised sound is not there, 0-1."""
    if size is not None:
        return 1 - size.actual / size.declared if size.is_truncated else 0.0
    return 0.0 if declared >= _UNKNOWN_FRAMES else 1 - frames_read / max(declared, frames_read, 1)


def _truncation_warnings(path: Path, samples: Samples, missing_ratio: float) -> tuple[str, ...]:
    if missing_ratio <= 0:
        return ()
    present_s = len(samples) / SAMPLE_RATE
    missing_s = present_s / (1 - missing_ratio) - present_s
    return (
        f"{path}: is cut short, its last {missing_s:.1f} s are missing; playing {present_s:.1f} s",
    )
