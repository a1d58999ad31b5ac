"""Is a bundle whole and unchanged? Every problem in one line; memory stays bounded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pydantic import ValidationError

from streams.evidence.archive import BLOCK, MAX_BUNDLE_BYTES, ArchiveError, blocks_of, entries_of
from streams.evidence.manifest import MANIFEST, MAX_MANIFEST_BYTES, Manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.evidence.archive import Entry


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle turned out to be.

    Attributes:
        sha256: of the whole file.
        manifest: what it says of itself; ``None`` where even that cannot be read.
        problems: each in one line; none: it is as it was sealed, as far as it can tell by itself.
    """

    sha256: str
    manifest: Manifest | None
    problems: list[str]


def verify(path: Path) -> Verdict:
    """Check a bundle against itself. Whether its hash is the known one is for the caller.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if not path.is_file() or size > MAX_BUNDLE_BYTES:
        reason = f"it is no file, or has more than the {MAX_BUNDLE_BYTES} bytes of a bundle"
        return Verdict("", None, [reason])
    with path.open("rb") as stream:
        sha256 = _hash(stream)
        try:
            entries = entries_of(stream, size)
            manifest = _manifest(stream, entries)
        except ArchiveError as error:
            return Verdict(sha256, None, [str(error)])
        return Verdict(sha256, manifest, _problems(stream, entries, manifest))


def _manifest(stream: IO[bytes], entries: Sequence[Entry]) -> Manifest:
    if not entries or entries[0].name != MANIFEST:
        message = f"its first file is not {MANIFEST}"
        raise ArchiveError(message)
    if entries[0].size > MAX_MANIFEST_BYTES:
        message = f"{MANIFEST} has {entries[0].size} bytes; at most {MAX_MANIFEST_BYTES} are read"
        raise ArchiveError(message)
    text = b"".join(blocks_of(stream, entries[0]))
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, fault["loc"]))
        message = f"{MANIFEST} is not what a bundle has: {where}: {fault['msg']}"
        raise ArchiveError(" ".join(message.split())) from None
    if manifest.to_bytes() != text:
        message = f"{MANIFEST} is not written as callmood writes it"
        raise ArchiveError(message)
    return manifest


def _problems(stream: IO[bytes], entries: Sequence[Entry], manifest: Manifest) -> list[str]:
    listed = {file.name: file for file in manifest.files}
    found = {entry.name: entry for entry in entries[1:]}
    problems = [
        f"{name!r} is in {MANIFEST} and not in the bundle" for name in listed.keys() - found
    ]
    problems += [f"{name} is in the bundle and not in {MANIFEST}" for name in found.keys() - listed]
    if len(listed) != len(manifest.files):
        problems.append(f"{MANIFEST} lists a file twice")
    for name in sorted(listed.keys() & found):
        if found[name].size != listed[name].size:
            wrong = f"{found[name].size} bytes instead of {listed[name].size}"
            problems.append(f"{name} has {wrong}")
        elif (digest := _digest(stream, found[name])) != listed[name].sha256:
            problems.append(f"{name} was changed: {digest}")
    return sorted(problems)


def _digest(stream: IO[bytes], entry: Entry) -> str:
    """The SHA-256 of an entry, or why it has none."""
    digest = hashlib.sha256()
    try:
        for block in blocks_of(stream, entry):
            digest.update(block)
    except ArchiveError as error:
        return str(error)
    return digest.hexdigest()


def _hash(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
