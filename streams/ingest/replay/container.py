"""What kind of file a recording is, by its content and not by its name.

Only enough is read to say "this is MP3, whatever it is called" and "this WAV was cut short",
two things a decoder keeps to itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

UNKNOWN_SIZE = 0x7FFF_F000
"""Recorders that write to a pipe cannot know the size and put (almost) the largest one there:
ffmpeg ``0xFFFFFFFF``, SoX ``0x7FFFF000`` and up. Neither is a promise."""

_MAX_CHUNKS = 1_000
"""No WAV has more before its sound; zeros to the end of a broken one would be millions."""

_ID3_HEADER = 10
_FORM_HEADER = 12
_CHUNK_HEADER = 8
_RF64_DATA_SIZE = slice(8, 16)


class Container(StrEnum):
    """A file format, as people call it."""

    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    AAC = "AAC"
    OGG = "Ogg"
    MP4 = "MP4"
    AIFF = "AIFF"
    AU = "AU"
    AMR = "AMR"
    MATROSKA = "Matroska"


_MAGIC: tuple[tuple[int, bytes, Container], ...] = (
    (8, b"WAVE", Container.WAV),
    (0, b"fLaC", Container.FLAC),
    (0, b"OggS", Container.OGG),
    (4, b"ftyp", Container.MP4),
    (8, b"AIFF", Container.AIFF),
    (8, b"AIFC", Container.AIFF),
    (0, b".snd", Container.AU),
    (0, b"#!AMR", Container.AMR),
    (0, b"\x1a\x45\xdf\xa3", Container.MATROSKA),
)


def detect_container(stream: BinaryIO) -> Container | None:
    """Tell the format from the first bytes; ``None`` where they say nothing.

    An ID3 tag is skipped: some programs put one before FLAC as well as before MP3.
    """
    head = stream.read(_FORM_HEADER)
    if head[:3] == b"ID3" and len(head) >= _ID3_HEADER:
        stream.seek(_ID3_HEADER + _decode_syncsafe(head[6:10]))
        return _detect_by_magic(stream.read(_FORM_HEADER)) or Container.MP3
    return _detect_by_magic(head)


def _detect_by_magic(head: bytes) -> Container | None:
    for start, magic, container in _MAGIC:
        if head[start : start + len(magic)] == magic:
            return container
    return _detect_by_frame_sync(head)


def _detect_by_frame_sync(head: bytes) -> Container | None:
    """MPEG audio has no magic, only 11 set bits; the layer tells MP3 (I-III) from AAC (0)."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - bit masks
        return None
    return Container.MP3 if head[1] & 0x06 else Container.AAC


def _decode_syncsafe(size: bytes) -> int:
    """ID3 sizes: four bytes of seven bits each."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))


@dataclass(frozen=True, slots=True)
class WavSize:
    """Bytes of sound that a WAV header promises, and that the file holds."""

    declared: int
    actual: int

    @property
    def is_truncated(self) -> bool:
        """The file ends before its sound does."""
        return self.actual < self.declared < UNKNOWN_SIZE


def read_wav_size(stream: BinaryIO) -> WavSize | None:
    """Walk the chunks of a RIFF or RF64 file to its sound; ``None`` where it has none.

    Layout: RIFF (Microsoft/IBM, 1991); RF64: EBU Tech 3306, whose ``ds64`` chunk holds the
    64-bit size of the sound.
    """
    length = stream.seek(0, 2)
    stream.seek(0)
    order = ">" if stream.read(_FORM_HEADER)[:4] == b"RIFX" else "<"
    long_size: int | None = None
    for _ in range(_MAX_CHUNKS):
        header = stream.read(_CHUNK_HEADER)
        if len(header) < _CHUNK_HEADER:
            break
        name, size = struct.unpack(f"{order}4sI", header)
        start = stream.tell()
        if name == b"data":
            declared = size if long_size is None else long_size
            return WavSize(declared=declared, actual=min(declared, length - start))
        if name == b"ds64":
            long_size = int.from_bytes(stream.read(24)[_RF64_DATA_SIZE], "little")
        stream.seek(start + size + size % 2)
    return None
