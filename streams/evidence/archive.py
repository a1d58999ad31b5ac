"""One canonical kind of zip: the same content gives the same bytes, whoever writes it and when.

Entries are stored, not compressed (a compressor's next version would give other bytes), have no
times, and lie one behind the other in the order of the index at the end. What reads takes exactly
what `write` writes: every other zip, however valid, is refused before anything large is read.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BUNDLE_BYTES = 512 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_NAME = 120
BLOCK = 1 << 16

Content = bytes | Path
"""What is in an entry: bytes, or a file that has them."""

_LOCAL = struct.Struct("<4s5H3I2H")
_INDEX = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UTF8, _STORED = 20, 0x0800, 0
_NO_TIME, _NO_DATE = 0, 0x21  # 1 January 1980: the earliest a zip can say
_UNIX = 3 << 8
_MODE = 0o100644 << 16
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class ArchiveError(CallmoodError, ValueError):
    """It is no bundle of ours, or not a whole one. The text is one line."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Something that will be an entry."""

    name: str
    content: Content
    size: int
    crc: int
    sha256: str


class Entry(NamedTuple):
    """An entry of a zip that was read: where its bytes lie."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def data_at(self) -> int:
        """The offset of its first byte."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def ends_at(self) -> int:
        """The offset behind its last byte."""
        return self.data_at + self.size


def measured(name: str, content: Content) -> Measured:
    """Read it once, for its size and its sums.

    Raises:
        OSError: the file cannot be read.
    """
    size, crc, digest = 0, 0, hashlib.sha256()
    for block in _blocks(content):
        size += len(block)
        crc = zlib.crc32(block, crc)
        digest.update(block)
    return Measured(name, content, size, crc, digest.hexdigest())


def size_of(parts: Sequence[Measured]) -> int:
    """How large the zip of these will be, in bytes."""
    heads = sum(_LOCAL.size + _INDEX.size + 2 * len(part.name) for part in parts)
    return heads + sum(part.size for part in parts) + _END.size


def write(target: IO[bytes], parts: Sequence[Measured]) -> str:
    """Write a zip; returns its SHA-256.

    Raises:
        ArchiveError: something changed since it was measured, or a name cannot be in a bundle.
        OSError: a file cannot be read, or the target cannot be written.
    """
    digest = hashlib.sha256()
    offset, index = 0, b""
    for part in parts:
        _check_name(part.name)
        entry = Entry(part.name, part.size, part.crc, offset)
        _put(target, digest, _local(entry))
        crc = 0
        for block in _blocks(part.content):
            crc = zlib.crc32(block, crc)
            _put(target, digest, block)
        if crc != part.crc:
            message = f"{part.name} changed while it was being sealed"
            raise ArchiveError(message)
        index += _index(entry)
        offset = entry.ends_at
    _put(target, digest, index)
    _put(target, digest, _end(len(parts), len(index), offset))
    return digest.hexdigest()


def entries_of(stream: IO[bytes], size: int) -> list[Entry]:
    """The entries of a bundle of ``size`` bytes, after checking every byte that is not content.

    Raises:
        ArchiveError: it is not exactly what `write` writes.
    """
    if size > MAX_BUNDLE_BYTES:
        message = f"it has {size} bytes; a bundle has at most {MAX_BUNDLE_BYTES}"
        raise ArchiveError(message)
    count, index_at, index_size = _read_end(stream, size)
    index = _read(stream, index_at, index_size)
    entries = list(_read_index(index, count))
    _check_layout(stream, entries, index_at)
    return entries


def blocks_of(stream: IO[bytes], entry: Entry) -> Iterator[bytes]:
    """An entry's content, piece by piece.

    Raises:
        ArchiveError: the bytes are not those that the index speaks of.
    """
    stream.seek(entry.data_at)
    left, crc = entry.size, 0
    while left:
        block = stream.read(min(BLOCK, left))
        if not block:
            message = f"{entry.name} is cut off"
            raise ArchiveError(message)
        left -= len(block)
        crc = zlib.crc32(block, crc)
        yield block
    if crc != entry.crc:
        message = f"{entry.name}: its bytes were changed (CRC)"
        raise ArchiveError(message)


def _read_end(stream: IO[bytes], size: int) -> tuple[int, int, int]:
    if size < _END.size:
        message = "it is too short for a zip"
        raise ArchiveError(message)
    tail = _read(stream, size - _END.size, _END.size)
    mark, _, _, _, count, index_size, index_at, _ = _END.unpack(tail)
    if mark != b"PK\5\6":
        message = "it is no zip, or it is cut off"
        raise ArchiveError(message)
    fits = index_at + index_size + _END.size == size and tail == _end(count, index_size, index_at)
    if not fits or count > MAX_ENTRIES or index_size > count * (_INDEX.size + MAX_NAME):
        message = "its index is not where a bundle has it, or is too large"
        raise ArchiveError(message)
    return count, index_at, index_size


def _read_index(index: bytes, count: int) -> Iterator[Entry]:
    at = 0
    for number in range(1, count + 1):
        head = index[at : at + _INDEX.size]
        if len(head) < _INDEX.size:
            message = f"its index ends before entry {number}"
            raise ArchiveError(message)
        fields = _INDEX.unpack(head)
        raw = index[at + _INDEX.size : at + _INDEX.size + fields[10]]
        entry = Entry(_checked(raw, number), fields[8], fields[7], fields[16])
        if index[at : at + _INDEX.size + len(raw)] != _index(entry):
            message = f"entry {number} of its index is not as a bundle has it"
            raise ArchiveError(message)
        at += _INDEX.size + len(raw)
        yield entry
    if at != len(index):
        message = "its index goes on behind its last entry"
        raise ArchiveError(message)


def _check_layout(stream: IO[bytes], entries: Sequence[Entry], index_at: int) -> None:
    """Entries lie one behind the other and fill everything, so none claims more than there is."""
    at = 0
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            message = f"two entries are called {entry.name}"
            raise ArchiveError(message)
        names.add(entry.name)
        if entry.offset != at or entry.ends_at > index_at:
            message = f"{entry.name} does not lie where it should, or claims more than there is"
            raise ArchiveError(message)
        if _read(stream, at, entry.data_at - at) != _local(entry):
            message = f"the head of {entry.name} is not as a bundle has it"
            raise ArchiveError(message)
        at = entry.ends_at
    if at != index_at:
        message = "there is something between its entries and its index"
        raise ArchiveError(message)


def _read(stream: IO[bytes], at: int, count: int) -> bytes:
    stream.seek(at)
    return stream.read(count)


def _checked(raw: bytes, number: int) -> str:
    try:
        name = raw.decode("ascii")
        _check_name(name)
    except ValueError:
        message = f"entry {number} has a name that no bundle has: {raw[:60]!r}"
        raise ArchiveError(message) from None
    return name


def _check_name(name: str) -> None:
    """No way out of a folder, no drive, nothing that looks like another name."""
    if len(name) > MAX_NAME or _NAME.fullmatch(name) is None:
        message = f"no entry can be called {name[:60]!r}"
        raise ArchiveError(message)


def _blocks(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _put(target: IO[bytes], digest: hashlib._Hash, block: bytes) -> None:
    target.write(block)
    digest.update(block)


def _local(entry: Entry) -> bytes:
    name, size, crc, _ = entry
    head = (b"PK\3\4", _VERSION, _UTF8, _STORED, _NO_TIME, _NO_DATE, crc, size, size, len(name), 0)
    return _LOCAL.pack(*head) + name.encode()


def _index(entry: Entry) -> bytes:
    name, size, crc, offset = entry
    head = (
        b"PK\1\2", _UNIX | _VERSION, _VERSION, _UTF8, _STORED, _NO_TIME, _NO_DATE,
        crc, size, size, len(name), 0, 0, 0, 0, _MODE, offset,
    )  # fmt: skip
    return _INDEX.pack(*head) + name.encode()


def _end(count: int, index_size: int, index_at: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, index_size, index_at, 0)
