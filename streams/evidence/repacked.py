"""A bundle that another program packed anew: what is in it, so that one can say what differs.

Nothing here makes such a file a bundle. It is read within the bounds of one: few entries, no more
bytes than a bundle may have, packed or unpacked, and piece by piece.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from streams.evidence.archive import BLOCK, MAX_BUNDLE_BYTES, MAX_ENTRIES, ArchiveError
from streams.evidence.manifest import MANIFEST, MAX_MANIFEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_END = struct.Struct("<4s4H2IH")
_LONGEST_END = _END.size + 0xFFFF
_LOCATOR = 20
_MAX_INDEX_BYTES = 8 * 1024 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_PLAIN = re.compile(r"[A-Za-z0-9._/-]{1,120}")
_UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError,
    struct.error, OverflowError, OSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A file in an archive: its size, and how to take its SHA-256 (or why it has none)."""

    size: int
    digest: Callable[[], str]


def repacked(stream: IO[bytes], size: int) -> tuple[bytes, dict[str, Found]]:
    """The manifest's bytes, and every other file by name.

    Raises:
        ArchiveError: it is no zip with a manifest, or one beyond the bounds.
    """
    _check_index(stream, size)
    try:
        archive = zipfile.ZipFile(stream)
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_sizes(infos)
        manifest = _manifest(infos)
        text = b"".join(_blocks(archive, manifest))
    except _UNREADABLE as error:
        raise ArchiveError(str(error)) from None
    folder = manifest.filename.removesuffix(MANIFEST)
    found = {
        shown(info.filename.removeprefix(folder)): _found(archive, info)
        for info in infos
        if info is not manifest
    }
    return text, found


def shown(name: str) -> str:
    """A file's name in one line, whatever it is."""
    return name if _PLAIN.fullmatch(name) else ascii(name[:60])


def _check_index(stream: IO[bytes], size: int) -> None:
    """The standard library reads a whole index at once: look at what it says of itself first."""
    stream.seek(max(0, size - _LONGEST_END - _LOCATOR))
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size or b"PK\6\7" in tail[max(0, at - _LOCATOR) : at]:
        message = "it is no zip of a bundle's size"
        raise ArchiveError(message)
    _, _, _, _, count, index_size, _, _ = _END.unpack(tail[at : at + _END.size])
    if count > MAX_ENTRIES or index_size > _MAX_INDEX_BYTES:
        message = "its index is too large"
        raise ArchiveError(message)


def _check_sizes(infos: Sequence[zipfile.ZipInfo]) -> None:
    """In all, so that entries that lie over one another claim no more either."""
    packed = sum(info.compress_size for info in infos)
    whole = sum(info.file_size for info in infos)
    if len(infos) > MAX_ENTRIES or max(packed, whole) > MAX_BUNDLE_BYTES:
        message = "it claims more than a bundle may have"
        raise ArchiveError(message)
    if any(info.compress_type not in _METHODS for info in infos):
        message = "it is packed in a way that is not read here"
        raise ArchiveError(message)


def _manifest(infos: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """At its top, or in the one folder that was packed."""
    named = [info for info in infos if info.filename.rpartition("/")[2] == MANIFEST]
    if len(named) != 1 or named[0].filename.count("/") > 1:
        message = f"it has no {MANIFEST}, or several"
        raise ArchiveError(message)
    if named[0].file_size > MAX_MANIFEST_BYTES:
        message = f"its {MANIFEST} is too large"
        raise ArchiveError(message)
    return named[0]


def _found(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Found:
    def digest() -> str:
        taken = hashlib.sha256()
        try:
            for block in _blocks(archive, info):
                taken.update(block)
        except _UNREADABLE as error:
            return f"it cannot be read: {ascii(str(error))[:120]}"
        return taken.hexdigest()

    return Found(info.file_size, digest)


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """No more than it claims: the standard library stops there."""
    with archive.open(info) as file:
        while block := file.read(BLOCK):
            yield block
