"""Sound files of any rate and coding, decoded to 16-bit sound at the telephone's rate.

libsndfile decodes. What it keeps to itself is looked at first: a format that it does not know by
name, a file that was cut short. It is handed an open file and no name, so that content alone
decides: by the name it would take any bytes for headerless sound.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from detectors.utterance import SAMPLE_RATE
from streams.ingest.replay.container import Container
from streams.ingest.replay.file_header import FileHeader, conversion_advice, read_header
from streams.ingest.replay.input_file import RecordingError, open_input
from streams.ingest.replay.repaired_file import RepairedFile
from streams.ingest.replay.wav_format import CODECS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

Samples: TypeAlias = NDArray[np.int16]

MAX_CHANNELS = 2
MAX_HOURS = 4
"""Four hours of both speakers are 461 MB; a longer file is hardly one call."""

RATES = range(4_000, 384_001)
"""Sampling rates (Hz) that can be meant: outside them the header is damaged."""

_READ_FRAMES = 4_096
"""Frames read at once. Small, because a broken file loses the block in which it breaks."""

_UNKNOWN_FRAMES = 1 << 62
"""libsndfile's count for a FLAC of unknown length is the largest one there is."""

_AUDIBLE_S = 0.05
"""Less than this is a block that a coder did not fill, not a cut."""

_MAX_TAG_BYTES = 4_096
"""What may follow the sound of an MP3 (a title, an artist) without being sound."""

_HEADERLESS = {
    Container.GSM: {"format": "RAW", "subtype": "GSM610", "samplerate": 8_000, "channels": 1}
}
"""What a decoder must be told of a file that says nothing of itself."""

_EXPECTED = "a recording, e.g. WAV, FLAC or MP3"
_STDERR = 2


@dataclass(frozen=True, slots=True, eq=False)
class AudioTrack:
    """A decoded file.

    Attributes:
        path: where it came from.
        samples: ``int16[n, channels]`` at `SAMPLE_RATE`, in the file's own order of channels.
        warnings: one line each: what is odd, but does not keep it from being played.
        missing_s: how much of its end is known to be lost.
    """

    path: Path
    samples: Samples
    warnings: tuple[str, ...] = ()
    missing_s: float = 0.0

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(self.samples.shape[1])


class _SequentialFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """Read from its start to its end.

    By itself soundfile seeks after every block, and where a block depends on those before it
    (MP3) each seek is a click in the sound.
    """

    def seekable(self) -> bool:
        """Never."""
        return False


def decode(path: Path) -> AudioTrack:
    """Decode a whole file.

    Raises:
        RecordingError: it cannot be played; the message is one line.
    """
    with open_input(path, expected=_EXPECTED, error=RecordingError) as stream:
        header = read_header(path, stream)
        try:
            samples, missing_s = _decode_stream(path, stream, header)
        except soundfile.LibsndfileError as error:
            raise _build_decoding_error(path, header, error) from error
    if not len(samples):
        raise RecordingError(path, "holds no sound", "record or export the call again")
    oddity = _describe_missing(header, missing_s) or header.warning
    warning = f"{path}: {oddity}; playing {len(samples) / SAMPLE_RATE:.1f} s"
    return AudioTrack(path, samples, (warning,) if oddity else (), missing_s)


def _build_decoding_error(
    path: Path, header: FileHeader, error: soundfile.LibsndfileError
) -> RecordingError:
    if header.codec in CODECS.values():
        what = f"is coded as {header.codec}, unknown here"
        return RecordingError(path, what, conversion_advice(path))
    what = f"cannot be decoded ({error.error_string.rstrip('.')})"
    return RecordingError(path, what, "export it again as WAV or FLAC")


def _decode_stream(path: Path, stream: BinaryIO, header: FileHeader) -> tuple[Samples, float]:
    """Decode, and tell how many seconds are missing at the end."""
    descriptor = stream.fileno()
    with (
        _muted(header.container),
        _open_sound(stream, header) as file,
    ):
        _check_playable(path, file, header)
        samples, frames_read = _resample(path, file)
    unread_bytes = os.fstat(descriptor).st_size - os.lseek(descriptor, 0, os.SEEK_CUR)
    if not header.has_length and unread_bytes > _MAX_TAG_BYTES:
        what = "is an MP3 of a variable bit rate that does not say how long it is"
        raise RecordingError(path, what, conversion_advice(path))
    ratio = _missing_ratio(header, frames_read=frames_read, declared=file.frames)
    present_s = len(samples) / SAMPLE_RATE
    return samples, present_s / (1 - ratio) - present_s if ratio < 1 else 0.0


def _open_sound(stream: BinaryIO, header: FileHeader) -> _SequentialFile:
    """The decoder on the file itself, or on what the file should have been."""
    if header.repaired_head is not None:
        return _SequentialFile(RepairedFile(stream, header.repaired_head, header.sound))
    os.lseek(stream.fileno(), 0, os.SEEK_SET)  # libsndfile begins where the file stands
    return _SequentialFile(stream.fileno(), closefd=False, **_HEADERLESS.get(header.container, {}))


@contextmanager
def _muted(container: Container) -> Iterator[None]:
    """The decoder of MP3 prints notes on cut or damaged files; `decode` says it in one line."""
    if container is not Container.MP3:
        yield
        return
    sys.stderr.flush()
    stderr, nowhere = os.dup(_STDERR), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    try:
        yield
    finally:
        os.dup2(stderr, _STDERR)
        os.close(stderr)
        os.close(nowhere)


def _check_playable(path: Path, file: soundfile.SoundFile, header: FileHeader) -> None:
    if file.channels > MAX_CHANNELS:
        what = f"has {file.channels} channels"
        raise RecordingError(path, what, "export the customer and the agent only, one channel each")
    if file.samplerate not in RATES:
        what = f"has a sampling rate of {file.samplerate} Hz"
        raise RecordingError(path, what, f"export it at {SAMPLE_RATE} Hz or more")
    if header.has_length and file.frames < _UNKNOWN_FRAMES:  # at once, not after four hours of it
        _check_length(path, file, file.frames)


def _check_length(path: Path, file: soundfile.SoundFile, frames: int) -> None:
    if frames > MAX_HOURS * 3_600 * file.samplerate:
        raise RecordingError(path, f"is longer than {MAX_HOURS} hours", "split it into calls")


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
        _check_length(path, file, frames_read)
        sound += _to_int16(resample(block))
    sound += _to_int16(resample(np.zeros((0, file.channels), np.float32), last=True))
    return np.frombuffer(sound, np.int16).reshape(-1, file.channels), frames_read


def _read_blocks(path: Path, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Yield ``float32[frames, channels]`` up to the end, or to where the file breaks off."""
    start = 0
    while True:
        try:
            block = file.read(_READ_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:  # a cut file: `_missing_ratio` reports it
            return
        if not len(block):
            return
        if not np.isfinite(block).all():
            at = start + int(np.argmin(np.isfinite(block).all(axis=1)))
            what = f"has a sample that is not a finite number at {at / file.samplerate:.3f} s"
            raise RecordingError(path, what, "export it again as 16-bit PCM")
        start += len(block)
        yield block


def _to_int16(block: NDArray[np.float32]) -> bytes:
    """Scale -1..1 to 16 bits: 16-bit input comes out bit for bit, louder sound is clipped."""
    return np.clip(np.rint(block * 32_768), -32_768, 32_767).astype(np.int16).tobytes()


def _missing_ratio(header: FileHeader, *, frames_read: int, declared: int) -> float:
    """Tell how much of the promised sound is not there, 0-1."""
    size = header.size
    if size is not None:
        return 1 - size.actual / size.declared if size.is_truncated else 0.0
    if not header.has_length or declared >= _UNKNOWN_FRAMES:
        return 0.0
    return 1 - frames_read / max(declared, frames_read, 1)


def _describe_missing(header: FileHeader, missing_s: float) -> str:
    """What cannot be heard although it should; empty: nothing."""
    if missing_s >= _AUDIBLE_S:
        return f"is cut short, its last {missing_s:.1f} s are missing"
    return "" if header.has_end else "is cut short: it has no end mark, so its last part is missing"
