"""What a recording says of itself before it is decoded, and which ones are refused by that."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.ingest.replay.container import (
    AU_HEADER,
    DECODABLE,
    SIZED,
    Container,
    SoundSize,
    detect_container,
    has_mp3_length,
    has_ogg_end,
    has_second_ogg,
    read_aiff_size,
    read_au_size,
)
from streams.ingest.replay.input_file import RecordingError
from streams.ingest.replay.trailing_bytes import is_filling
from streams.ingest.replay.wav_layout import (
    SEVERAL,
    WavLayout,
    build_wav_head,
    read_wav_layout,
)

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_MIN_AU_REST = 8_000
"""Bytes behind the sound that may be sound: a second of G.711."""

SUFFIXES = (
    ".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".caf", ".gsm",
)  # fmt: skip
"""Names that files of `DECODABLE` formats usually have. A name decides nothing."""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a file says of itself.

    Attributes:
        container: its format.
        size: the bytes of sound that it promises and holds, where it says so.
        has_length: a decoder's count of its frames is a promise, not a guess.
        has_end: it is not known to lack its end mark.
        codec: how a WAV file's sound is coded; empty for other formats.
        repaired_head: what a decoder must be given in place of the file's own header.
        sound: the file's bytes that belong behind it.
        warning: what a person should know, without a stop; empty: nothing.
    """

    container: Container
    size: SoundSize | None
    has_length: bool = True
    has_end: bool = True
    codec: str = ""
    repaired_head: bytes | None = None
    sound: range = range(0)
    warning: str = ""


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
    if container in SIZED:
        header = _read_sized_header(stream, container)
        if header is None:
            what = "ends before its sound begins"
            raise RecordingError(path, what, "record or export the call again")
        return header
    return FileHeader(
        container,
        size=None,
        has_length=container is not Container.MP3 or has_mp3_length(stream),
        has_end=container is not Container.OGG or has_ogg_end(stream),
        warning=SEVERAL if container is Container.OGG and has_second_ogg(stream) else "",
    )


def _read_sized_header(stream: BinaryIO, container: Container) -> FileHeader | None:
    if container is Container.WAV:
        layout = read_wav_layout(stream)
        return None if layout is None else _build_wav_header(layout)
    if container is Container.AU:
        return _read_au_header(stream)
    size = read_aiff_size(stream)
    return None if size is None else FileHeader(container, size)


def _build_wav_header(layout: WavLayout) -> FileHeader:
    return FileHeader(
        Container.WAV,
        SoundSize(declared=layout.declared, actual=layout.actual),
        codec=layout.codec,
        repaired_head=build_wav_head(layout) if layout.is_repaired else None,
        sound=range(layout.start, layout.start + layout.actual),
        warning=layout.warning,
    )


def _read_au_header(stream: BinaryIO) -> FileHeader | None:
    """Of an AU file; one whose recorder died before it wrote the size is played to its end."""
    size = read_au_size(stream)
    if size is None:
        return None
    stream.seek(0)
    head = stream.read(AU_HEADER)
    start, length = int.from_bytes(head[4:8], "big"), stream.seek(0, 2)
    warning = _describe_au_rest(stream, start, size.declared)
    if not warning:
        return FileHeader(Container.AU, size)
    end = start + size.declared if warning == SEVERAL else length
    return FileHeader(
        Container.AU,
        SoundSize(declared=end - start, actual=end - start),
        repaired_head=head[:4] + AU_HEADER.to_bytes(4, "big") + b"\xff" * 4 + head[12:],
        sound=range(start, end),
        warning=warning,
    )


def _describe_au_rest(stream: BinaryIO, start: int, declared: int) -> str:
    """What to say of that which follows the sound of an AU file; empty: nothing of worth."""
    after, length = start + declared, stream.seek(0, 2)
    if after >= length:
        return ""
    stream.seek(after)
    if declared and stream.read(4) == b".snd":
        return SEVERAL
    if declared and (length - after < _MIN_AU_REST or is_filling(stream, after)):
        return ""
    return f"its header says {declared:,} bytes of sound, and more follows, which is played"


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
