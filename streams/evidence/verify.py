"""Is a bundle whole and unchanged? Every problem in one line; memory stays bounded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from streams.evidence.archive import MAX_BUNDLE_BYTES, ArchiveError, is_bundle_name, printable
from streams.evidence.archive_reader import ArchiveEntry, is_in_sealed_form, open_zip
from streams.evidence.bag import (
    BAGIT,
    BAGIT_TEXT,
    PAYLOAD,
    PAYLOAD_MANIFEST,
    TAG_MANIFEST,
    BagError,
    bag_folder,
    format_manifest,
    parse_manifest,
)
from streams.evidence.manifest import MANIFEST, MAX_MANIFEST_BYTES, RECORD, BundleRecord, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Entries = dict[str, ArchiveEntry]
_Model = TypeVar("_Model", bound=BaseModel)

MAX_REPORTED_PROBLEMS = 50
_UTF8_NAMES = 0x0800
"""What the zip of a bundle of format 1 says of every name."""


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a bundle turned out to be.

    Attributes:
        sha256: of the whole file.
        record: what it says of itself; ``None`` where even that cannot be read.
        file_count: how many files are in it.
        problems: each in one line; none: it is as it was sealed, as far as it can tell by itself.
    """

    sha256: str
    record: BundleRecord | Manifest | None
    file_count: int
    problems: list[str]


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a bundle of either format lists, what differs, and whether its zip is as it was."""

    record: BundleRecord | Manifest
    problems: list[str]
    is_in_sealed_form: bool


def verify(path: Path) -> VerificationResult:
    """Check a bundle against itself. Whether its hash is the known one is for the caller.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if not path.is_file() or size > MAX_BUNDLE_BYTES:
        reason = f"it is no file, or has more than the {MAX_BUNDLE_BYTES} bytes of a bundle"
        return VerificationResult("", None, 0, [reason])
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        try:
            entries = open_zip(stream, size)
            contents = _check_contents(stream, size, entries)
        except (ArchiveError, BagError) as error:
            return VerificationResult(sha256, None, 0, [str(error)])
    return VerificationResult(sha256, contents.record, len(entries), _report(contents))


def _report(contents: _Contents) -> list[str]:
    problems = contents.problems
    if len(problems) > MAX_REPORTED_PROBLEMS:
        problems = [
            *problems[:MAX_REPORTED_PROBLEMS],
            f"and {len(problems) - MAX_REPORTED_PROBLEMS} more",
        ]
    if contents.is_in_sealed_form:
        return problems
    repacked = "it is not the file that was sealed: it was packed anew or changed around its files"
    unchanged = "every file in it is as its manifests say; those may be new, too"
    return [repacked, *(problems or [unchanged])]


def _check_contents(stream: IO[bytes], size: int, entries: Sequence[ArchiveEntry]) -> _Contents:
    for marker, check in ((BAGIT, _check_bag), (MANIFEST, _check_format_1)):
        folder = _find_folder(entries, marker)
        if folder is not None:
            return check(stream, size, entries, folder)
    message = f"it is no bundle: it has neither {BAGIT} nor {MANIFEST} at its top"
    raise ArchiveError(message)


def _find_folder(entries: Sequence[ArchiveEntry], marker: str) -> str | None:
    """Where the bundle lies: at the top, or in the one folder there; ``None``: nowhere."""
    paths = [entry.info.filename.rpartition("/") for entry in entries]
    folders = [folder + slash for folder, slash, name in paths if name == marker]
    folders = [folder for folder in folders if folder.count("/") <= 1]
    if len(folders) > 1:
        message = f"it has several {marker}"
        raise ArchiveError(message)
    return folders[0] if folders else None


def _by_name(entries: Sequence[ArchiveEntry], folder: str) -> Entries:
    return {entry.info.filename.removeprefix(folder): entry for entry in entries}


def _check_bag(
    stream: IO[bytes], size: int, entries: Sequence[ArchiveEntry], folder: str
) -> _Contents:
    files = _by_name(entries, folder)
    record = _parse(BundleRecord, PAYLOAD + RECORD, _read(files, PAYLOAD + RECORD))
    payload = {name: entry for name, entry in files.items() if name.startswith(PAYLOAD)}
    around = {name: files[name] for name in files.keys() - payload.keys() - {TAG_MANIFEST}}
    problems = [
        *_manifest_problems(files, PAYLOAD_MANIFEST, payload),
        *_manifest_problems(files, TAG_MANIFEST, around),
    ]
    if _read(files, BAGIT) != BAGIT_TEXT:
        problems.append(f"{BAGIT} is not that of BagIt 1.0")
    names = [entry.info.filename for entry in entries]
    is_ours = names == sorted(names) and folder == bag_folder(record.sealed.at) + "/"
    sealed_form = is_ours and is_in_sealed_form(stream, size, entries)
    return _Contents(record, sorted(problems), sealed_form)


def _check_format_1(
    stream: IO[bytes], size: int, entries: Sequence[ArchiveEntry], folder: str
) -> _Contents:
    files = _by_name(entries, folder)
    text = _read(files, MANIFEST)
    manifest = _parse(Manifest, MANIFEST, text)
    hashes = {file.name: file.sha256 for file in manifest.files}
    others = {name: files[name] for name in files.keys() - {MANIFEST}}
    problems = list(_find_differences(others, hashes, MANIFEST))
    if manifest.to_bytes() != text or len(hashes) != len(manifest.files):
        problems.append(f"{MANIFEST} is not written as callmood writes it")
    is_ours = not folder and list(files)[:1] == [MANIFEST]
    sealed_form = is_ours and is_in_sealed_form(stream, size, entries, flags=_UTF8_NAMES)
    return _Contents(manifest, sorted(problems), sealed_form)


def _manifest_problems(files: Entries, name: str, entries: Entries) -> Iterator[str]:
    text = _read(files, name)
    hashes = parse_manifest(name, text)
    if format_manifest(hashes) != text:
        yield f"{name} is not written as callmood writes it"
    yield from _find_differences(entries, hashes, name)


def _find_differences(entries: Entries, hashes: Mapping[str, str], manifest: str) -> Iterator[str]:
    """How the files differ from those that a manifest lists."""
    for name in hashes.keys() - entries.keys():
        yield f"{printable(name)} is in {manifest} and not in the bundle"
    for name in entries.keys() - hashes.keys():
        yield f"{printable(name)} is in the bundle and not in {manifest}"
    for name in hashes.keys() & entries.keys():
        if not is_bundle_name(name):
            yield f"{printable(name)} is a name that no file of a bundle has"
        elif (digest := _hash(entries[name])) != hashes[name]:
            yield f"{name} was changed: {digest}"


def _hash(entry: ArchiveEntry) -> str:
    """The SHA-256 of a file, or why it has none."""
    try:
        return entry.sha256()
    except ArchiveError as error:
        return str(error)


def _read(files: Entries, name: str) -> bytes:
    if name not in files:
        message = f"it is no whole bundle: it has no {name}"
        raise ArchiveError(message)
    return files[name].read(MAX_MANIFEST_BYTES)


def _parse(model: type[_Model], name: str, text: bytes) -> _Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        location = ".".join(map(str, fault["loc"]))
        message = f"{name} is not what a bundle has: {location}: {fault['msg']}"
        raise ArchiveError(" ".join(message.split())) from None
