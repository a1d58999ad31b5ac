"""Makes a sealed bundle: one file, whole or not at all, and the message that has its hash."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from sqlalchemy import select

from streams.evidence.archive import (
    MAX_BUNDLE_BYTES,
    MAX_ENTRIES,
    BundleFile,
    measure,
    write_zip,
    zip_size,
)
from streams.evidence.bag import bag_folder, build_bag
from streams.evidence.call_record import BundleContents, SealError, gather_contents
from streams.evidence.manifest import RECORD, BundleRecord, ClipSummary, SealInfo
from streams.evidence.read_me import README, README_TEXT
from streams.messages.evidence import EvidenceSeal
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.messages.roles import SealRole
    from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRequest:
    """A bundle that should be made, why, and for whom."""

    call_id: str
    cause: Literal["asked", "call_ended"] = "asked"
    cause_id: str = ""
    sealed_by: str = ""
    role: SealRole = "desk"


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
            and the bundle says so: words without a voice are better than nothing.

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
    files = _build_files(contents, seal_info, limit)
    folder = settings.evidence / quote(request.call_id, safe="@+-_.")
    file, sha256 = _write_bundle(folder, files, at)
    return EvidenceSeal(
        call_id=request.call_id,
        sha256=sha256,
        previous_sha256=previous,
        size=zip_size(files),
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


def _build_files(contents: BundleContents, seal_info: SealInfo, limit: int) -> list[BundleFile]:
    """Every file of a bundle."""
    words = [measure(name, content) for name, content in contents.words.items()]
    clips = [measure(name, content) for name, content in contents.clips.items()]
    files = _build_bundle(contents, seal_info, words + clips, contents.clip_summary)
    if clips and not _fits(files, limit):
        no_clips = ClipSummary(count=0, missing=len(clips), why_none="too_large")
        files = _build_bundle(contents, seal_info, words, no_clips)
    if not _fits(files, limit):
        message = (
            f"the evidence of {contents.facts.call_id} would have {zip_size(files)} bytes; "
            f"a bundle has at most {limit}"
        )
        raise SealError(message)
    return files


def _fits(files: Sequence[BundleFile], limit: int) -> bool:
    return zip_size(files) <= limit and len(files) <= MAX_ENTRIES


def _build_bundle(
    contents: BundleContents, seal_info: SealInfo, payload: list[BundleFile], clips: ClipSummary
) -> list[BundleFile]:
    callmood = version("callmood")
    record = BundleRecord(
        format=2,
        callmood=callmood,
        call=contents.facts,
        sealed=seal_info,
        clips=clips,
        playbooks=contents.playbooks,
    )
    return build_bag(
        bag_folder(seal_info.at),
        [measure(RECORD, record.to_bytes()), *payload],
        info={
            "Bag-Software-Agent": f"callmood {callmood}",
            "Bagging-Date": f"{seal_info.at:%Y-%m-%d}",
            "External-Description": "Sealed evidence of one call",
            "External-Identifier": contents.facts.call_id,
        },
        tags={README: README_TEXT.encode()},
    )


def _write_bundle(folder: Path, files: Sequence[BundleFile], at: datetime) -> tuple[Path, str]:
    """A whole file under its final name, on the disk, or none."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # nobody else's business
    folder.mkdir(exist_ok=True)
    temp_path = folder / f"{os.getpid()}.part"
    try:
        with temp_path.open("w+b") as target:
            write_zip(target, files)
            target.flush()
            os.fsync(target.fileno())
            target.seek(0)
            sha256 = hashlib.file_digest(target, "sha256").hexdigest()
        file = folder / f"{at:%Y%m%dT%H%M%SZ}-{sha256[:12]}.zip"
        temp_path.replace(file)
    finally:
        temp_path.unlink(missing_ok=True)
    return file, sha256
