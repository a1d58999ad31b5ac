"""Deletes sealed bundles whose days are over. The messages with their hashes stay in Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import delete, select

from streams.retention_periods import RetentionPeriods
from streams.store.retention.clip_files import delete_file, is_older
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings

_BATCH_SIZE = 200


def delete_expired_bundles(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete bundles whose days are over, the files and then their rows.

    A row says what a message said. Its file is deleted only where it lies in its own call's
    folder and is itself that old: no message deletes what was sealed lately.
    """
    oldest = now - RetentionPeriods.of(settings).evidence
    expired_seals = select(SEALS).where(SEALS.c["at"] < oldest).order_by(SEALS.c["at"])
    for seal in connection.execute(expired_seals.limit(_BATCH_SIZE)).all():
        path = resolve_bundle_path(settings, seal.file)
        is_own = path is not None and path.parent.name == quote(seal.call_id, safe="@+-_.")
        if path is None or not is_own or not path.exists() or _delete_old(path, oldest):
            connection.execute(delete(SEALS).where(SEALS.c.seal_id == seal.seal_id))


def delete_old_bundle_files(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete bundles that are past their days and that no row knows."""
    oldest = now - RetentionPeriods.of(settings).evidence
    if not settings.evidence.is_dir():
        return
    old_files = [path for path in settings.evidence.glob("*/*.zip") if is_older(path, oldest)]
    known_files = set(connection.scalars(select(SEALS.c.file))) if old_files else set()
    for path in old_files:
        if path.relative_to(settings.evidence).as_posix() not in known_files:
            delete_file(path)


def resolve_bundle_path(settings: Settings, file: str) -> Path | None:
    """Where a bundle lies; ``None`` where a message names a place that is none of ours."""
    name = Path(file)
    is_inside = not name.is_absolute() and ".." not in name.parts and name.suffix == ".zip"
    return settings.evidence / name if is_inside else None


def _delete_old(path: Path, oldest: datetime) -> bool:
    return is_older(path, oldest) and delete_file(path)
