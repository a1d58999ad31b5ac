"""Deletes the customer's clips: those whose days are over, and files that no row knows."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import and_, delete, exists, or_, select

from streams.retention_periods import RetentionPeriods
from streams.store.tables import CALLS, CLIPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from streams.settings import Settings

LOG = logging.getLogger("callmood.store")

ORPHAN_GRACE = timedelta(days=1)
"""So old is a file that no row knows before it is deleted: a clip is written before its row is,
and who starts a desk with the wrong database has a day to notice."""

_BATCH_SIZE = 500


def delete_expired_clips(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete clips whose days are over, and those of calls that did not agree to recording.

    A file that cannot be deleted keeps its row, so that it is tried again; the others go.
    """
    lacks_consent = exists().where(
        and_(
            CALLS.c.call_id == CLIPS.c.call_id,
            CALLS.c.started_at.is_not(None),
            ~CALLS.c.recording_consent,
        )
    )
    is_expired = CLIPS.c.spoken_at <= now - RetentionPeriods.of(settings).clips
    expired_clips = connection.execute(select(CLIPS).where(or_(is_expired, lacks_consent))).all()
    ids = [clip.clip_id for clip in expired_clips if delete_file(settings.clips / clip.file)]
    for start in range(0, len(ids), _BATCH_SIZE):
        batch = ids[start : start + _BATCH_SIZE]
        connection.execute(delete(CLIPS).where(CLIPS.c.clip_id.in_(batch)))


def delete_orphaned_clips(connection: Connection, now: datetime, settings: Settings) -> None:
    """Delete files among the clips that no row knows, as an older database may have left them."""
    if not settings.clips.is_dir():
        return
    oldest = now - min(ORPHAN_GRACE, max(RetentionPeriods.of(settings).clips, ORPHAN_GRACE / 24))
    folders = [path for path in settings.clips.iterdir() if _is_plain_folder(path)]
    for start in range(0, len(folders), _BATCH_SIZE):
        _delete_orphans(connection, folders[start : start + _BATCH_SIZE], oldest)


def _delete_orphans(connection: Connection, folders: Sequence[Path], oldest: datetime) -> None:
    call_ids = [unquote(folder.name) for folder in folders]
    query = select(CLIPS.c.file).where(CLIPS.c.call_id.in_(call_ids))
    known_files = set(connection.scalars(query))
    for folder in folders:
        for path in list(folder.iterdir()):
            is_known = f"{folder.name}/{path.name}" in known_files
            if not is_known and is_older(path, oldest) and delete_file(path):
                LOG.info("deleted the clip %s/%s, which no row knew", folder.name, path.name)


def is_older(path: Path, oldest: datetime) -> bool:
    """Whether a file was last written before an instant, by this machine's own clock."""
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC) < oldest
    except OSError:
        return False  # it has just gone


def delete_file(path: Path) -> bool:
    """Delete a file, and its folder if that is empty now.

    Returns:
        Whether it is gone. Where it is not, one line in the log says why.
    """
    try:
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    except OSError as error:
        LOG.warning("%s cannot be deleted, it is tried again: %s", path, error.strerror)
        return not path.exists()
    return True


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
