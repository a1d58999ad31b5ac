"""The zip around a bundle: the same content gives the same bytes, whoever writes it and when."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BUNDLE_BYTES = 512 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_NAME = 120
BLOCK = 1 << 16

Content = bytes | Path
"""What is in an entry: bytes, or a file that has them."""

LOCAL_HEADER, INDEX_ENTRY, END_RECORD = 30, 46, 22
"""Bytes of a zip beside content and names: of an entry, of its line in the index, of the end."""

FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
UNIX = 3
FILE_MODE = 0o100644 << 16
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class ArchiveError(CallmoodError, ValueError):
    """It is no bundle of ours, or not a whole one. The text is one line."""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """Something that will be an entry."""

    name: str
    content: Content
    size: int
    sha256: str


def measure(name: str, content: Content) -> BundleFile:
    """Read it once, for its size and its hash.

    Raises:
        OSError: the file cannot be read.
    """
    size, digest = 0, hashlib.sha256()
    for block in _content_blocks(content):
        size += len(block)
        digest.update(block)
    return BundleFile(name, content, size, digest.hexdigest())


def zip_size(files: Sequence[BundleFile]) -> int:
    """How large the zip of these will be, in bytes."""
    headers = sum(LOCAL_HEADER + INDEX_ENTRY + 2 * len(file.name) for file in files)
    return headers + sum(file.size for file in files) + END_RECORD


def write_zip(target: IO[bytes], files: Sequence[BundleFile]) -> None:
    """Write a zip of these, sorted by name, stored: a compressor's next version gives other bytes.

    Args:
        target: seekable, at its start.
        files: what goes into it.

    Raises:
        ArchiveError: something changed since it was measured, or a name cannot be in a bundle.
        OSError: a file cannot be read, or the target cannot be written.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for file in sorted(files, key=lambda file: file.name):
            _write_entry(archive, file)


def is_bundle_name(name: str) -> bool:
    """No way out of a folder, no drive, nothing that looks like another name."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def printable(name: str) -> str:
    """A file's name in one line, whatever it is."""
    return name if is_bundle_name(name) else ascii(name[:60])


def _write_entry(archive: zipfile.ZipFile, file: BundleFile) -> None:
    if not is_bundle_name(file.name):
        message = f"no entry can be called {file.name[:60]!r}"
        raise ArchiveError(message)
    info = zipfile.ZipInfo(file.name, FIXED_DATE)
    info.create_system, info.external_attr, info.file_size = UNIX, FILE_MODE, file.size
    digest = hashlib.sha256()
    with archive.open(info, "w") as entry:
        for block in _content_blocks(file.content):
            digest.update(block)
            entry.write(block)
    if digest.hexdigest() != file.sha256:
        message = f"{file.name} changed while it was being sealed"
        raise ArchiveError(message)


def _content_blocks(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
