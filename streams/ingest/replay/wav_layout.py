"""Where the sound of a WAV file lies, as recorders really write them.

Recorders die before they write the sizes, roll over into the same file, forget the padding byte of
an odd chunk, put chunks of their own anywhere. A decoder gives up on some of these and plays the
wrong bytes of others; here the format and the sound are found, and a header
is made that a decoder can go by (`streams.ingest.replay.repaired_file`).

Layout: RIFF (Microsoft/IBM, 1991), RF64 (EBU Tech 3306: sizes of 64 bits in ``ds64``).
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.ingest.replay.trailing_bytes import is_filling
from streams.ingest.replay.wav_format import MIN_FORMAT_BYTES, correct_format, name_codec

if TYPE_CHECKING:
    from typing import BinaryIO

UNKNOWN_SIZE = 0x7FFF_F000
"""Recorders that write to a pipe cannot know the size and put (almost) the largest one there:
ffmpeg ``0xFFFFFFFF``, SoX ``0x7FFFF000`` and up. Neither is a promise."""

_MAX_CHUNKS = 1_000
"""No file has more before its sound; zeros to the end of a broken one would be millions."""

_MAX_SEARCH_BYTES = 1 << 20
"""How far a chunk is looked for where none begins."""

_MAX_PROMISED_S = 4 * 3_600
"""Seconds of sound in one recording; a header that says more does not know."""

_MAX_FORMAT_BYTES = 1_024
_FORM_BYTES, _CHUNK_BYTES = 12, 8
_RF64_DATA_SIZE = slice(8, 16)
_FORMS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_NAMES = frozenset(
    {
        b"data", b"fmt ", b"fact", b"LIST", b"JUNK", b"junk", b"PAD ", b"FLLR", b"bext", b"iXML",
        b"cue ", b"plst", b"smpl", b"inst", b"PEAK", b"ds64", b"id3 ", b"ID3 ", b"_PMX", b"DISP",
        b"cart", b"levl", b"note", b"labl", b"ltxt", b"afsp", b"axml", b"chna", b"slnt", b"wavl",
    }
)  # fmt: skip
"""Chunks that are believed wherever they stand; others only where one must begin."""

_NEXT_FILE = re.compile(
    rb"(?:RIFF|RIFX|RF64|BW64)....WAVE(?:fmt |JUNK|junk|bext|LIST|ds64|fact|iXML|FLLR|PAD )",
    re.DOTALL,
)
_FORMAT_CHUNK = re.compile(rb"fmt (?:[\x10-\xff]\0\0\0|\0\0\0[\x10-\xff])")
SEVERAL = "holds several recordings one after the other, and only the first is played"


@dataclass(frozen=True, slots=True)
class WavLayout:
    """What a file's chunks say, put right.

    Attributes:
        order: of the bytes: ``<``, or ``>`` for RIFX.
        format: content of the ``fmt`` chunk.
        start: first byte of the sound in the file.
        declared: bytes of sound that the header promises; where that is no promise, as `actual`.
        actual: bytes of sound that are there.
        is_repaired: the header is not what a decoder could go by.
        warning: what a person should know of it, without a stop; empty: nothing.
    """

    order: str
    format: bytes
    start: int
    declared: int
    actual: int
    is_repaired: bool = False
    warning: str = ""

    @property
    def codec(self) -> str:
        """How the sound is coded, as people call it."""
        return name_codec(self.format, self.order)


def read_wav_layout(stream: BinaryIO) -> WavLayout | None:
    """Find the format and the sound of a WAV file.

    Args:
        stream: the file, from its first byte on.

    Returns:
        The layout; ``None`` where the file ends before both are found.
    """
    return _Walk(stream).read()


class _Walk:
    """One way through a file's chunks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._length = stream.seek(0, io.SEEK_END)
        self._order = "<"
        self._format: bytes | None = None
        self._data: tuple[int, int] | None = None  # start, declared size
        self._long_size: int | None = None
        self._is_repaired = False
        self._warning = ""

    def read(self) -> WavLayout | None:
        form = self._bytes_at(0, 4)
        self._order = ">" if form == b"RIFX" else "<"
        position: int | None = _FORM_BYTES
        for _ in range(_MAX_CHUNKS):
            position = self._find_chunk(position)
            if position is None or (self._format is not None and self._data is not None):
                break
            position = self._take_chunk(position)
        if self._format is None or self._data is None:
            self._search()
        if self._format is None or self._data is None:
            return None
        # A decoder knows the first two, and the third by its sizes of 64 bits.
        is_known = form in {b"RIFF", b"RIFX"} or (form == b"RF64" and self._long_size is not None)
        self._is_repaired |= not is_known
        return self._build(*self._data)

    def _search(self) -> None:
        """Find format and sound by their names, where a chunk's size leads past them."""
        self._is_repaired = True
        head = self._bytes_at(0, _MAX_SEARCH_BYTES)
        found = _FORMAT_CHUNK.search(head)
        if found is None:
            return
        if self._format is None:
            self._take_chunk(found.start())
        at = head.find(b"data", found.end() + MIN_FORMAT_BYTES)
        if at >= 0 and self._data is None:
            self._take_chunk(at)

    def _find_chunk(self, position: int | None) -> int | None:
        """Where a chunk begins: here, or behind what is not one."""
        if position is None or position + _CHUNK_BYTES > self._length:
            return None
        if self._is_chunk(position):
            return position
        self._is_repaired = True
        # An odd chunk without its padding byte: the next one began a byte earlier.
        if self._bytes_at(position - 1, 4) in _NAMES:
            return position - 1
        found = self._bytes_at(position, _MAX_SEARCH_BYTES)
        places = [found.find(name) for name in (b"fmt ", b"data") if name in found]
        return position + min(places) if places else None

    def _is_chunk(self, position: int) -> bool:
        name, size = self._header_at(position)
        is_name = name.isascii() and name.decode("ascii", "replace").isprintable()
        return name in _NAMES or (is_name and position + _CHUNK_BYTES + size <= self._length)

    def _take_chunk(self, position: int) -> int:
        name, size = self._header_at(position)
        start = position + _CHUNK_BYTES
        if name == b"ds64":
            self._long_size = int.from_bytes(self._bytes_at(start, 24)[_RF64_DATA_SIZE], "little")
        elif name == b"fmt " and self._format is not None:
            self._is_repaired = True  # once is enough
        elif name == b"fmt ":
            content = self._bytes_at(start, min(size, _MAX_FORMAT_BYTES))
            self._format = content if len(content) >= MIN_FORMAT_BYTES else None
        elif name == b"data" and self._data is None:
            is_long = self._long_size is not None and size == 0xFFFF_FFFF  # noqa: PLR2004
            size = self._long_size if is_long and self._long_size is not None else size
            if self._is_file_at(start):  # a recorder's header before a whole file
                self._is_repaired, self._format = True, None
                return start + _FORM_BYTES
            if not size and self._bytes_at(start, 4) == b"data":
                self._is_repaired = True
                return start
            self._data = start, size
            self._is_repaired |= self._format is None
        return start + size + size % 2

    def _build(self, start: int, declared: int) -> WavLayout:
        content, is_corrected = correct_format(self._format or b"", self._order)
        available = self._length - start
        rate = max(1, struct.unpack_from(f"{self._order}I", content, 8)[0])
        is_promise = declared < UNKNOWN_SIZE and declared <= _MAX_PROMISED_S * rate
        if declared > available and not is_promise:
            declared = actual = self._find_end(start)
        else:
            declared, actual = self._correct_size(start, declared, rate)
        return WavLayout(
            order=self._order,
            format=content,
            start=start,
            declared=declared,
            actual=actual,
            is_repaired=self._is_repaired or is_corrected or declared > actual,
            warning=self._warning,
        )

    def _correct_size(self, start: int, declared: int, rate: int) -> tuple[int, int]:
        """Bytes of sound that are promised, and that are there."""
        available = self._length - start
        after = start + declared
        rest = self._length - after
        if rest <= 0:
            return declared, available
        # Whatever it is, a decoder need not see it: some give up at it.
        self._is_repaired = True
        if declared and self._is_recording_behind(after, declared):
            self._warning = SEVERAL
            return declared, declared
        if declared and (rest < rate or self._is_chunk_behind(after, declared)):
            return declared, declared
        if declared and is_filling(self._stream, after):
            return declared, declared
        if not declared and (rest < 2 * _CHUNK_BYTES or self._is_chunk_behind(after, declared)):
            return declared, declared
        # A recorder that died, or never came back to write how much it had recorded.
        self._warning = (
            f"its header says {declared / rate:.1f} s of sound, and more follows, which is played"
        )
        available = self._find_end(start)
        return available, available

    def _find_end(self, start: int) -> int:
        """Bytes of sound of unknown length: up to the next recording in the file, or its end."""
        for position in range(start, self._length, _MAX_SEARCH_BYTES):
            found = _NEXT_FILE.search(self._bytes_at(position, _MAX_SEARCH_BYTES + _FORM_BYTES + 4))
            if found is not None:
                self._is_repaired = True
                self._warning = SEVERAL
                return position + found.start() - start
        return self._length - start

    def _is_file_at(self, position: int) -> bool:
        return _NEXT_FILE.match(self._bytes_at(position, _FORM_BYTES + 4)) is not None

    def _is_recording_behind(self, after: int, declared: int) -> bool:
        places = {after, after + declared % 2}
        names = {self._bytes_at(place, 4) for place in places}
        if names & {*_FORMS, b"data"}:
            return True
        # Zeros may stand between, where a file was written in blocks.
        between = self._bytes_at(after, _MAX_SEARCH_BYTES)
        return between.lstrip(b"\0")[:4] in _FORMS

    def _is_chunk_behind(self, after: int, declared: int) -> bool:
        return self._is_chunk(after + declared % 2) or self._bytes_at(after, 4) in _NAMES

    def _header_at(self, position: int) -> tuple[bytes, int]:
        header = self._bytes_at(position, _CHUNK_BYTES)
        if len(header) < _CHUNK_BYTES:
            return b"", 0
        name, size = struct.unpack(f"{self._order}4sI", header)
        return name, size

    def _bytes_at(self, position: int, count: int) -> bytes:
        self._stream.seek(max(0, position))
        return self._stream.read(count)


def build_wav_head(layout: WavLayout) -> bytes:
    """A header whose sizes are right; of more than 4 GB, as large as they can be."""
    order, most = layout.order, 0xFFFF_FFFF
    padded = layout.format + b"\0" * (len(layout.format) % 2)
    chunk = struct.pack(f"{order}4sI", b"fmt ", len(layout.format)) + padded
    data = struct.pack(f"{order}4sI", b"data", min(layout.actual, most))
    size = min(4 + len(chunk) + len(data) + layout.actual, most)
    form = b"RIFX" if order == ">" else b"RIFF"
    return form + struct.pack(f"{order}I", size) + b"WAVE" + chunk + data
