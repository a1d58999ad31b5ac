"""Makes a sealed bundle: one file, whole or not at all, and the message that has its hash."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from sqlalchemy import select

from streams.evidence.archive import MAX_BUNDLE_BYTES, Measured, measured, size_of, write
from streams.evidence.call_record import BundleContents, SealError, gather_contents
from streams.evidence.manifest import (
    MANIFEST,
    ClipSummary,
    FileEntry,
    Manifest,
    SealInfo,
)
from streams.messages.evidence import EvidenceSeal
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRequest:
    """A bundle that should be made, why, and for whom."""

    call_id: str
    cause: Literal["asked", "call_ended"] = "asked"
    cause_id: str = ""
    sealed_by: str = ""
    role: Literal["agent", "supervisor", "desk"] = "desk"


def seal(
    connection: Connection,
    request: SealRequest,
    settings: Settings,
    *,
    at: datetime,
    limit: int = MAX_BUNDLE_BYTES,
) -> EvidenceSeal:
    """Write a bundle of what is known of a call now.

    Args:
        connection: of the desk's database; nothing is written there.
        request: which call, and why.
        settings: say where clips and bundles lie.
        at: now.
        limit: the most bytes that a bundle may have. Clips that do not fit are left out whole,
            and the manifest says so: words without a voice are better than nothing.

    Raises:
        SealError: the call is unknown, or even without clips it is larger than ``limit``.
        ArchiveError: a clip changed meanwhile.
        OSError: the disk refuses.
    """
    contents = gather_contents(connection, request.call_id, settings.clips)
    previous = load_newest_sha256(connection, request.call_id)
    seal_info = SealInfo(
        at=at,
        cause=request.cause,
        by=request.sealed_by,
        role=request.role,
        previous_sha256=previous,
    )
    parts = _build_parts(contents, seal_info, limit)
    folder = settings.evidence / quote(request.call_id, safe="@+-_.")
    file, sha256 = _write_bundle(folder, parts, at)
    return EvidenceSeal(
        call_id=request.call_id,
        sha256=sha256,
        previous_sha256=previous,
        size=size_of(parts),
        file=file.relative_to(settings.evidence).as_posix(),
        cause=request.cause,
        cause_id=request.cause_id,
        sealed_by=request.sealed_by,
        role=request.role,
        at=at,
    )


def load_newest_sha256(connection: Connection, call_id: str) -> str:
    """The hash of a call's newest bundle; empty: it has none."""
    query = select(SEALS.c.sha256).where(SEALS.c.call_id == call_id)
    newest_first = query.order_by(SEALS.c["at"].desc(), SEALS.c.seal_id).limit(1)
    return connection.scalar(newest_first) or ""


def _build_parts(contents: BundleContents, seal_info: SealInfo, limit: int) -> list[Measured]:
    """Every file of a bundle, the manifest first."""
    words = [measured(name, content) for name, content in sorted(contents.words.items())]
    clips = [measured(name, content) for name, content in sorted(contents.clips.items())]
    parts = _with_manifest(contents, seal_info, words + clips, contents.clip_summary)
    if size_of(parts) > limit and clips:
        no_clips = ClipSummary(count=0, missing=len(clips), why_none="too_large")
        parts = _with_manifest(contents, seal_info, words, no_clips)
    if size_of(parts) > limit:
        message = (
            f"the evidence of {contents.facts.call_id} would have {size_of(parts)} bytes; "
            f"a bundle has at most {limit}"
        )
        raise SealError(message)
    return parts


def _with_manifest(
    contents: BundleContents, seal_info: SealInfo, parts: list[Measured], clips: ClipSummary
) -> list[Measured]:
    manifest = Manifest(
        format=1,
        callmood=version("callmood"),
        call=contents.facts,
        sealed=seal_info,
        clips=clips,
        playbooks=contents.playbooks,
        files=[FileEntry(name=part.name, size=part.size, sha256=part.sha256) for part in parts],
    )
    return [measured(MANIFEST, manifest.to_bytes()), *parts]


def _write_bundle(folder: Path, parts: Sequence[Measured], at: datetime) -> tuple[Path, str]:
    """A whole file under its final name, on the disk, or none."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # nobody else's business
    folder.mkdir(exist_ok=True)
    temp_path = folder / f"{os.getpid()}.part"
    try:
        with temp_path.open("wb") as target:
            sha256 = write(target, parts)
            target.flush()
            os.fsync(target.fileno())
        file = folder / f"{at:%Y%m%dT%H%M%SZ}-{sha256[:12]}.zip"
        temp_path.replace(file)
    finally:
        temp_path.unlink(missing_ok=True)
    return file, sha256
