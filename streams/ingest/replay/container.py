"""What kind of file a recording is, by its content and not by its name.

Only enough is read to say "this is M4A, whatever it is called" and "this WAV was cut short",
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
"""No file has more before its sound; zeros to the end of a broken one would be millions."""

_ID3_HEADER = 10
_FORM_HEADER = 12
_CHUNK_HEADER = 8
_MAX_OGG_PAGE = 65_307
_OGG_FLAGS, _OGG_END = 5, 4
_MP3_LENGTH_WITHIN = 64
_RF64_DATA_SIZE = slice(8, 16)


class Container(StrEnum):
    """A file format, as people call it."""

    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    OGG = "Ogg"
    AIFF = "AIFF"
    AU = "AU"
    CAF = "CAF"
    AAC = "AAC"
    MP4 = "M4A (MP4)"
    AMR = "AMR"
    WMA = "WMA"
    MATROSKA = "Matroska"


DECODABLE = frozenset(
    {
        Container.WAV, Container.FLAC, Container.MP3, Container.OGG, Container.AIFF,
        Container.AU, Container.CAF,
    }
)  # fmt: skip
"""What libsndfile decodes; the others are named so that one knows what to convert."""


SIZED = frozenset({Container.WAV, Container.AIFF, Container.AU})
"""Formats whose header says how many bytes of sound follow. A decoder believes the file's end
instead, so a recording that was cut short would pass for a whole one."""

_MAGIC: tuple[tuple[int, bytes, Container], ...] = (
    (8, b"WAVE", Container.WAV),
    (0, b"fLaC", Container.FLAC),
    (0, b"OggS", Container.OGG),
    (4, b"ftyp", Container.MP4),
    (8, b"AIFF", Container.AIFF),
    (8, b"AIFC", Container.AIFF),
    (0, b".snd", Container.AU),
    (0, b"caff", Container.CAF),
    (0, b"#!AMR", Container.AMR),
    (0, b"\x30\x26\xb2\x75", Container.WMA),
    (0, b"\x1a\x45\xdf\xa3", Container.MATROSKA),
)


def detect_container(stream: BinaryIO) -> Container | None:
    """Tell the format from the first bytes; ``None`` where they say nothing.

    An ID3 tag is skipped: some programs put one before FLAC as well as before MP3.
    """
    tag_size = _skip_id3(stream)
    container = _detect_by_magic(stream.read(_FORM_HEADER))
    return container or (Container.MP3 if tag_size else None)


def _skip_id3(stream: BinaryIO) -> int:
    """Go to where a tag, if there is one, ends; returns its size in bytes."""
    stream.seek(0)
    head = stream.read(_ID3_HEADER)
    is_tag = head[:3] == b"ID3" and len(head) == _ID3_HEADER
    return stream.seek(_ID3_HEADER + _decode_syncsafe(head[6:]) if is_tag else 0)


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
class SoundSize:
    """Bytes of sound that a header promises, and that the file holds."""

    declared: int
    actual: int

    @property
    def is_truncated(self) -> bool:
        """The file ends before its sound does."""
        return self.actual < self.declared < UNKNOWN_SIZE


def read_sound_size(stream: BinaryIO, container: Container) -> SoundSize | None:
    """How much sound a file of a `SIZED` format promises and holds; ``None`` where it has none."""
    length = stream.seek(0, 2)
    stream.seek(0)
    return _read_au_size(stream, length) if container is Container.AU else _walk(stream, length)


def _read_au_size(stream: BinaryIO, length: int) -> SoundSize | None:
    header = stream.read(_FORM_HEADER)
    if len(header) < _FORM_HEADER:
        return None
    start, declared = struct.unpack(">II", header[4:])
    return SoundSize(declared=declared, actual=max(0, min(declared, length - start)))


def has_mp3_length(stream: BinaryIO) -> bool:
    """Whether the first frame says how many follow.

    Without that a decoder guesses from the file's size: right for a constant bit rate, wrong by
    any factor for a variable one.
    """
    _skip_id3(stream)
    first_frame = stream.read(_MP3_LENGTH_WITHIN)
    return any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))


def has_ogg_end(stream: BinaryIO) -> bool:
    """Whether the last page of an Ogg file says that it is the last (RFC 3533, section 6)."""
    length = stream.seek(0, 2)
    stream.seek(max(0, length - _MAX_OGG_PAGE))
    tail = stream.read()
    flags = tail.rfind(b"OggS") + _OGG_FLAGS
    return flags < len(tail) and bool(tail[flags] & _OGG_END)


def _walk(stream: BinaryIO, length: int) -> SoundSize | None:
    """Walk the chunks of a RIFF, RF64 or AIFF file to its sound; ``None`` where it has none.

    Layout: RIFF (Microsoft/IBM, 1991); RF64: EBU Tech 3306, whose ``ds64`` chunk holds the
    64-bit size of the sound; AIFF: Apple, 1989, the same chunks in the other byte order.
    """
    order = ">" if stream.read(_FORM_HEADER)[:4] in {b"RIFX", b"FORM"} else "<"
    long_size: int | None = None
    for _ in range(_MAX_CHUNKS):
        header = stream.read(_CHUNK_HEADER)
        if len(header) < _CHUNK_HEADER:
            break
        name, size = struct.unpack(f"{order}4sI", header)
        start = stream.tell()
        if name in {b"data", b"SSND"}:
            declared = size if long_size is None else long_size
            return SoundSize(declared=declared, actual=min(declared, length - start))
        if name == b"ds64":
            long_size = int.from_bytes(stream.read(24)[_RF64_DATA_SIZE], "little")
        stream.seek(start + size + size % 2)
    return None
