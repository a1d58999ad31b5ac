"""Reads a zip of anybody's within the bounds of a bundle, and tells whether it is as we write it.

`zipfile` does the reading. A file that was made to do harm (claims of gigabytes, millions of
entries) is refused before anything large is read.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from streams.evidence.archive import (
    BLOCK,
    END_RECORD,
    FILE_MODE,
    MAX_BUNDLE_BYTES,
    MAX_ENTRIES,
    UNIX,
    ArchiveError,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOCAL = struct.Struct("<4s5H3I2H")
_INDEX = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_FIXED_TIME_AND_DATE = (0, 0x21)
"""`FIXED_DATE` as a zip says it."""

_LONGEST_END = END_RECORD + 0xFFFF
_LOCATOR = 20
_MAX_INDEX_BYTES = 8 * 1024 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 1
_UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError,
    struct.error, OverflowError, OSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file of a zip that was opened."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def size(self) -> int:
        """Its unpacked size in bytes, as the index claims."""
        return self.info.file_size

    def read(self, limit: int) -> bytes:
        """Its content.

        Raises:
            ArchiveError: it has more than ``limit`` bytes, or cannot be read.
        """
        if self.size > limit:
            message = f"{self.name} has {self.size} bytes; at most {limit} are read"
            raise ArchiveError(message)
        return b"".join(self._blocks())

    def sha256(self) -> str:
        """The SHA-256 of its content.

        Raises:
            ArchiveError: it cannot be read.
        """
        digest = hashlib.sha256()
        for block in self._blocks():
            digest.update(block)
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """Where it lies in the zip, in one line."""
        return printable(self.info.filename)

    def _blocks(self) -> Iterator[bytes]:
        """No more than it claims: the standard library stops there."""
        try:
            with self.archive.open(self.info) as file:
                while block := file.read(BLOCK):
                    yield block
        except _UNREADABLE as error:
            message = f"{self.name} cannot be read: {ascii(str(error))[1:120]}"
            raise ArchiveError(message) from None


def open_zip(stream: IO[bytes], size: int) -> list[ArchiveEntry]:
    """The files in a zip of ``size`` bytes; nothing of their content is read yet.

    Raises:
        ArchiveError: it is no zip, or beyond the bounds of a bundle.
    """
    if size > MAX_BUNDLE_BYTES:
        message = f"it has {size} bytes; a bundle has at most {MAX_BUNDLE_BYTES}"
        raise ArchiveError(message)
    _check_index(stream, size)
    try:
        archive = zipfile.ZipFile(stream)
    except _UNREADABLE as error:
        message = f"it is no zip that can be read: {ascii(str(error))[1:120]}"
        raise ArchiveError(message) from None
    infos = [info for info in archive.infolist() if not info.is_dir()]
    _check_bounds(infos)
    return [ArchiveEntry(archive, info) for info in infos]


def is_in_sealed_form(
    stream: IO[bytes], size: int, entries: Sequence[ArchiveEntry], *, flags: int = 0
) -> bool:
    """Whether every byte that is not content is as callmood writes it.

    A zip has room for bytes that nobody looks at: dates, comments, gaps between its files.

    Args:
        stream: the zip.
        size: of the whole file, in bytes.
        entries: all of them, in the order of the index.
        flags: of every entry; format 1 said 0x0800 (names in UTF-8).
    """
    offset, index = 0, []
    for info in (entry.info for entry in entries):
        header, line = _headers(info, offset, flags)
        stream.seek(offset)
        if stream.read(len(header)) != header:
            return False
        index.append(line)
        offset += len(header) + info.file_size
    lines = b"".join(index)
    end = _END.pack(b"PK\5\6", 0, 0, len(index), len(index), len(lines), offset, 0)
    stream.seek(offset)
    return offset + len(lines) + len(end) == size and stream.read() == lines + end


def _check_index(stream: IO[bytes], size: int) -> None:
    """The standard library reads a whole index at once: look at what it says of itself first."""
    stream.seek(max(0, size - _LONGEST_END - _LOCATOR))
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < END_RECORD:
        message = "it is no zip, or it is cut off"
        raise ArchiveError(message)
    _, _, _, _, count, index_bytes, _, _ = _END.unpack(tail[at : at + END_RECORD])
    is_64_bit = b"PK\6\7" in tail[max(0, at - _LOCATOR) : at]
    if is_64_bit or count > MAX_ENTRIES or index_bytes > _MAX_INDEX_BYTES:
        message = "its index is too large for a bundle's"
        raise ArchiveError(message)


def _check_bounds(infos: Sequence[zipfile.ZipInfo]) -> None:
    """In all, so that entries that lie over one another claim no more either."""
    packed = sum(info.compress_size for info in infos)
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MAX_ENTRIES or max(packed, unpacked) > MAX_BUNDLE_BYTES:
        message = "it claims more than a bundle may have"
        raise ArchiveError(message)
    names: set[str] = set()
    for info in infos:
        if info.flag_bits & _ENCRYPTED:
            message = f"{printable(info.filename)} is encrypted; no bundle is"
            raise ArchiveError(message)
        if info.compress_type not in _METHODS:
            message = f"{printable(info.filename)} is packed in a way that is not read here"
            raise ArchiveError(message)
        if info.filename in names:
            message = f"two entries are called {printable(info.filename)}"
            raise ArchiveError(message)
        names.add(info.filename)


def _headers(info: zipfile.ZipInfo, offset: int, flags: int) -> tuple[bytes, bytes]:
    """What stands before an entry's content, and its line in the index, as we write them."""
    size, name = info.file_size, info.filename.encode()
    facts = (20, flags, zipfile.ZIP_STORED, *_FIXED_TIME_AND_DATE, info.CRC, size, size, len(name))
    header = _LOCAL.pack(b"PK\3\4", *facts, 0)
    line = _INDEX.pack(b"PK\1\2", UNIX << 8 | 20, *facts, 0, 0, 0, 0, FILE_MODE, offset)
    return header + name, line + name
