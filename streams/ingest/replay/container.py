"""What kind of file a recording is, by its content and not by its name.

Only enough is read to say "this is M4A, whatever it is called" and "this WAV was cut short",
two things a decoder keeps to itself.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from streams.ingest.replay.wav_layout import UNKNOWN_SIZE

if TYPE_CHECKING:
    from typing import BinaryIO

_MAX_CHUNKS = 1_000
"""No file has more before its sound; zeros to the end of a broken one would be millions."""

_ID3_HEADER = 10
_FORM_HEADER = 12
_CHUNK_HEADER = 8
AU_HEADER = 24
"""Bytes of an AU file's header without its text (Sun, 1992)."""

_GSM_FRAME, _GSM_MARK = 33, 0xD
_MIN_GSM_FRAMES, _MAX_GSM_FRAMES = 20, 500

_MAX_OGG_PAGE = 65_307
_OGG_FLAGS, _OGG_FIRST, _OGG_END = 5, 2, 4
_OGG_BLOCK = 1 << 20
_MP3_LENGTH_WITHIN = 64


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
    WAVE64 = "Wave64"
    NIST = "NIST SPHERE"
    VOC = "Creative Voice"
    GSM = "GSM 6.10"


DECODABLE = frozenset(
    {
        Container.WAV, Container.FLAC, Container.MP3, Container.OGG, Container.AIFF,
        Container.AU, Container.CAF, Container.WAVE64, Container.NIST,
        Container.VOC, Container.GSM,
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
    (0, b"riff\x2e\x91\xcf\x11", Container.WAVE64),
    (0, b"NIST_1A", Container.NIST),
    (0, b"Creative Voi", Container.VOC),
)


def detect_container(stream: BinaryIO) -> Container | None:
    """Tell the format from the first bytes; ``None`` where they say nothing.

    An ID3 tag is skipped: some programs put one before FLAC as well as before MP3.
    """
    tag_size = _skip_id3(stream)
    container = _detect_by_magic(stream.read(_FORM_HEADER))
    if container is None and not tag_size and _has_gsm_frames(stream):
        return Container.GSM
    return container or (Container.MP3 if tag_size else None)


def _has_gsm_frames(stream: BinaryIO) -> bool:
    """Whether it is GSM 6.10 without a header, as Asterisk writes it.

    Each frame of 33 bytes begins with the same four bits (ETSI EN 300 961, RFC 3551, 4.5.8); by
    chance twenty frames do so once in 10^24 files.
    """
    stream.seek(0)
    starts = stream.read(_MAX_GSM_FRAMES * _GSM_FRAME)[::_GSM_FRAME]
    return len(starts) >= _MIN_GSM_FRAMES and all(byte >> 4 == _GSM_MARK for byte in starts)


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


def read_au_size(stream: BinaryIO) -> SoundSize | None:
    """How much sound an AU file promises and holds; ``None`` where it is no more than a start."""
    length = stream.seek(0, 2)
    stream.seek(0)
    header = stream.read(AU_HEADER)
    if len(header) < AU_HEADER:
        return None
    start, declared = struct.unpack(">II", header[4:12])
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


def has_second_ogg(stream: BinaryIO) -> bool:
    """Whether another recording begins behind the first (a chained stream, RFC 3533, section 4).

    Its first page comes behind pages that are no first ones.
    """
    stream.seek(0)
    tail, has_content = b"", False
    while block := stream.read(_OGG_BLOCK):
        for page in re.finditer(rb"OggS\0([\0-\x07])", tail + block):
            is_first = page[1][0] & _OGG_FIRST
            if is_first and has_content:
                return True
            has_content |= not is_first
        tail = block[-5:]
    return False


def read_aiff_size(stream: BinaryIO) -> SoundSize | None:
    """How much sound an AIFF file (Apple, 1989) promises and holds; ``None`` where it has none."""
    length = stream.seek(0, 2)
    stream.seek(_FORM_HEADER)
    for _ in range(_MAX_CHUNKS):
        header = stream.read(_CHUNK_HEADER)
        if len(header) < _CHUNK_HEADER:
            break
        name, size = struct.unpack(">4sI", header)
        start = stream.tell()
        if name == b"SSND":
            return SoundSize(declared=size, actual=min(size, length - start))
        stream.seek(start + size + size % 2)
    return None
