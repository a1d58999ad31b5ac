"""Makes a sealed bundle: one file, whole or not at all, and the message that has its hash."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from sqlalchemy import select

from streams.evidence.archive import MAX_BUNDLE_BYTES, Measured, measured, size_of, write
from streams.evidence.call_record import Gathered, SealError, gather
from streams.evidence.manifest import (
    MANIFEST,
    ClipsIncluded,
    FileListed,
    Manifest,
    Sealed,
)
from streams.messages.records import EvidenceSealed
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A bundle that should be made, why, and for whom."""

    call_id: str
    cause: Literal["asked", "call_ended"] = "asked"
    cause_id: str = ""
    sealed_by: str = ""
    role: Literal["agent", "supervisor", "desk"] = "desk"


def seal(
    connection: Connection,
    wanted: Wanted,
    settings: Settings,
    *,
    at: datetime,
    limit: int = MAX_BUNDLE_BYTES,
) -> EvidenceSealed:
    """Write a bundle of what is known of a call now.

    Args:
        connection: of the desk's database; nothing is written there.
        wanted: which call, and why.
        settings: say where clips and bundles lie.
        at: now.
        limit: the most bytes that a bundle may have. Clips that do not fit are left out whole,
            and the manifest says so: words without a voice are better than nothing.

    Raises:
        SealError: the call is unknown, or even without clips it is larger than ``limit``.
        ArchiveError: a clip changed meanwhile.
        OSError: the disk refuses.
    """
    found = gather(connection, wanted.call_id, settings.clips)
    previous = newest_seal(connection, wanted.call_id)
    sealed = Sealed(
        at=at,
        cause=wanted.cause,
        by=wanted.sealed_by,
        role=wanted.role,
        previous_sha256=previous,
    )
    parts = _parts(found, sealed, limit)
    folder = settings.evidence / quote(wanted.call_id, safe="@+-_.")
    file, sha256 = _written(folder, parts, at)
    return EvidenceSealed(
        call_id=wanted.call_id,
        sha256=sha256,
        previous_sha256=previous,
        size=size_of(parts),
        file=file.relative_to(settings.evidence).as_posix(),
        cause=wanted.cause,
        cause_id=wanted.cause_id,
        sealed_by=wanted.sealed_by,
        role=wanted.role,
        at=at,
    )


def newest_seal(connection: Connection, call_id: str) -> str:
    """The hash of a call's newest bundle; empty: it has none."""
    wanted = select(SEALS.c.sha256).where(SEALS.c.call_id == call_id)
    newest = wanted.order_by(SEALS.c["at"].desc(), SEALS.c.seal_id).limit(1)
    return connection.scalar(newest) or ""


def _parts(found: Gathered, sealed: Sealed, limit: int) -> list[Measured]:
    """Every file of a bundle, the manifest first."""
    words = [measured(name, content) for name, content in sorted(found.words.items())]
    clips = [measured(name, content) for name, content in sorted(found.clips.items())]
    parts = _with_manifest(found, sealed, words + clips, found.clips_included)
    if size_of(parts) > limit and clips:
        left_out = ClipsIncluded(count=0, missing=len(clips), why_none="too_large")
        parts = _with_manifest(found, sealed, words, left_out)
    if size_of(parts) > limit:
        message = (
            f"the evidence of {found.facts.call_id} would have {size_of(parts)} bytes; "
            f"a bundle has at most {limit}"
        )
        raise SealError(message)
    return parts


def _with_manifest(
    found: Gathered, sealed: Sealed, parts: list[Measured], clips: ClipsIncluded
) -> list[Measured]:
    manifest = Manifest(
        format=1,
        callmood=version("callmood"),
        call=found.facts,
        sealed=sealed,
        clips=clips,
        playbooks=found.playbooks,
        files=[FileListed(name=p.name, size=p.size, sha256=p.sha256) for p in parts],
    )
    return [measured(MANIFEST, manifest.to_bytes()), *parts]


def _written(folder: Path, parts: Sequence[Measured], at: datetime) -> tuple[Path, str]:
    """A whole file under its final name, on the disk, or none."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # nobody else's business
    folder.mkdir(exist_ok=True)
    unfinished = folder / f"{os.getpid()}.part"
    try:
        with unfinished.open("wb") as target:
            sha256 = write(target, parts)
            target.flush()
            os.fsync(target.fileno())
        file = folder / f"{at:%Y%m%dT%H%M%SZ}-{sha256[:12]}.zip"
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file, sha256
