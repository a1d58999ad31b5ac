"""Is a bundle whole and unchanged? Every problem in one line; memory stays bounded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING

from pydantic import ValidationError

from streams.evidence.archive import BLOCK, MAX_BUNDLE_BYTES, ArchiveError, blocks_of, entries_of
from streams.evidence.manifest import MANIFEST, MAX_MANIFEST_BYTES, Manifest
from streams.evidence.repacked import Found, repacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from streams.evidence.archive import Entry

MAX_REPORTED_PROBLEMS = 50
"""Problems that are told of a file that another program packed."""


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a bundle turned out to be.

    Attributes:
        sha256: of the whole file.
        manifest: what it says of itself; ``None`` where even that cannot be read.
        problems: each in one line; none: it is as it was sealed, as far as it can tell by itself.
    """

    sha256: str
    manifest: Manifest | None
    problems: list[str]


def verify(path: Path) -> VerificationResult:
    """Check a bundle against itself. Whether its hash is the known one is for the caller.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if not path.is_file() or size > MAX_BUNDLE_BYTES:
        reason = f"it is no file, or has more than the {MAX_BUNDLE_BYTES} bytes of a bundle"
        return VerificationResult("", None, [reason])
    with path.open("rb") as stream:
        sha256 = _hash_stream(stream)
        try:
            entries = entries_of(stream, size)
            manifest = _read_manifest(stream, entries)
        except ArchiveError as error:
            return _verify_repacked(stream, size, sha256, str(error))
        return VerificationResult(
            sha256, manifest, sorted(_find_problems(_index_entries(stream, entries[1:]), manifest))
        )


def _verify_repacked(stream: IO[bytes], size: int, sha256: str, reason: str) -> VerificationResult:
    """Not as it was sealed; where its manifest can be read, also which files differ from that."""
    try:
        text, entries = repacked(stream, size)
        manifest = _parse_manifest(text)
    except ArchiveError:
        return VerificationResult(sha256, None, [reason])
    repacked_note = (
        f"it is not the file that was sealed: it was packed anew or changed around ({reason})"
    )
    problems = sorted(_find_problems(entries, manifest))
    if manifest.to_bytes() != text:
        problems.insert(0, f"{MANIFEST} is not written as callmood writes it")
    if len(problems) > MAX_REPORTED_PROBLEMS:
        problems[MAX_REPORTED_PROBLEMS:] = [f"and {len(problems) - MAX_REPORTED_PROBLEMS} more"]
    unchanged_note = (
        [] if problems else [f"every file in it is as {MANIFEST} says; that may be new too"]
    )
    return VerificationResult(sha256, manifest, [repacked_note, *problems, *unchanged_note])


def _read_manifest(stream: IO[bytes], entries: Sequence[Entry]) -> Manifest:
    if not entries or entries[0].name != MANIFEST:
        message = f"its first file is not {MANIFEST}"
        raise ArchiveError(message)
    if entries[0].size > MAX_MANIFEST_BYTES:
        message = f"{MANIFEST} has {entries[0].size} bytes; at most {MAX_MANIFEST_BYTES} are read"
        raise ArchiveError(message)
    text = b"".join(blocks_of(stream, entries[0]))
    manifest = _parse_manifest(text)
    if manifest.to_bytes() != text:
        message = f"{MANIFEST} is not written as callmood writes it"
        raise ArchiveError(message)
    return manifest


def _parse_manifest(text: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        location = ".".join(map(str, fault["loc"]))
        message = f"{MANIFEST} is not what a bundle has: {location}: {fault['msg']}"
        raise ArchiveError(" ".join(message.split())) from None


def _index_entries(stream: IO[bytes], entries: Sequence[Entry]) -> dict[str, Found]:
    return {entry.name: Found(entry.size, partial(_hash_entry, stream, entry)) for entry in entries}


def _find_problems(entries: Mapping[str, Found], manifest: Manifest) -> Iterator[str]:
    """How the files differ from those that the manifest lists."""
    listed = {file.name: file for file in manifest.files}
    if len(listed) != len(manifest.files):
        yield f"{MANIFEST} lists a file twice"
    for name in listed.keys() - entries.keys():
        yield f"{name!r} is in {MANIFEST} and not in the bundle"
    for name in entries.keys() - listed.keys():
        yield f"{name} is in the bundle and not in {MANIFEST}"
    for name in listed.keys() & entries.keys():
        if entries[name].size != listed[name].size:
            yield f"{name} has {entries[name].size} bytes instead of {listed[name].size}"
        elif (digest := entries[name].digest()) != listed[name].sha256:
            yield f"{name} was changed: {digest}"


def _hash_entry(stream: IO[bytes], entry: Entry) -> str:
    """The SHA-256 of an entry, or why it has none."""
    digest = hashlib.sha256()
    try:
        for block in blocks_of(stream, entry):
            digest.update(block)
    except ArchiveError as error:
        return str(error)
    return digest.hexdigest()


def _hash_stream(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
