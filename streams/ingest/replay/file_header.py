"""What a recording says of itself before it is decoded, and which ones are refused by that."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.ingest.replay.container import (
    DECODABLE,
    SIZED,
    Container,
    SoundSize,
    detect_container,
    has_mp3_length,
    has_ogg_end,
    read_sound_size,
)
from streams.ingest.replay.input_file import RecordingError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".caf")
"""Names that files of `DECODABLE` formats usually have. A name decides nothing."""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a file says of itself.

    Attributes:
        container: its format.
        size: the bytes of sound that it promises and holds, where it says so.
        has_length: a decoder's count of its frames is a promise, not a guess.
        has_end: it is not known to lack its end mark.
    """

    container: Container
    size: SoundSize | None
    has_length: bool
    has_end: bool


def read_header(path: Path, stream: BinaryIO) -> FileHeader:
    """Look at the file before a decoder does.

    Raises:
        RecordingError: no decoder here can read it; the message is one line.
    """
    container = detect_container(stream)
    if not stream.seek(0, 2):
        raise RecordingError(path, "is empty", "record or export the call again")
    if container not in DECODABLE:
        raise _build_unplayable_error(path, container)
    size = read_sound_size(stream, container) if container in SIZED else None
    if container in SIZED and size is None:
        raise RecordingError(
            path, "ends before its sound begins", "record or export the call again"
        )
    has_length = container is not Container.MP3 or has_mp3_length(stream)
    has_end = container is not Container.OGG or has_ogg_end(stream)
    return FileHeader(container, size, has_length, has_end)


def _build_unplayable_error(path: Path, container: Container | None) -> RecordingError:
    todo = conversion_advice(path)
    if container is None:
        return RecordingError(path, "is in no sound format that is known here", todo)
    name = f" although it is named {path.suffix}" if path.suffix in SUFFIXES else ""
    return RecordingError(path, f"holds {container} sound{name}", todo)


def conversion_advice(path: Path) -> str:
    """What to do with a file that cannot be played as it is."""
    target = path.with_suffix(".wav" if path.suffix == ".flac" else ".flac")
    return f"convert it to WAV or FLAC, e.g. {shlex.join(['ffmpeg', '-i', str(path), str(target)])}"
