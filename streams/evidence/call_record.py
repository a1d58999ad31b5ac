"""Reads from the database what goes into a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from detectors.errors import CallmoodError
from streams.evidence.archive import Content
from streams.evidence.manifest import CallMetadata, ClipSummary, PlaybookRef, to_canonical_json
from streams.evidence.transcript import format_transcript
from streams.store.tables import (
    ALERTS,
    CALLS,
    CLIPS,
    FEEDBACK,
    MOODS,
    READINGS,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Table

Row = dict[str, Any]
BundleFiles = Mapping[str, Content]

_JSON_FILES: Mapping[str, tuple[Table, str]] = {
    "alerts.json": (ALERTS, "at_ms"),
    "feedback.json": (FEEDBACK, "at"),
    "moods.json": (MOODS, "number"),
    "readings.json": (READINGS, "start_ms"),
    "steps.json": (STEPS, "at"),
    "turns.json": (TURNS, "start_ms"),
}


class SealError(CallmoodError):
    """Nothing can be sealed. The text is one line."""


@dataclass(frozen=True, slots=True)
class BundleContents:
    """What a bundle is made of, by file name."""

    facts: CallMetadata
    playbooks: list[PlaybookRef]
    words: BundleFiles
    clips: BundleFiles
    clip_summary: ClipSummary


def gather_contents(connection: Connection, call_id: str, clips_folder: Path) -> BundleContents:
    """Everything known of a call now.

    Raises:
        SealError: the call is unknown, or its days are over.
    """
    call = connection.execute(select(CALLS).where(CALLS.c.call_id == call_id)).mappings().first()
    if call is None:
        message = f"there is no call {call_id[:128]!r} here, or what was said in it is deleted"
        raise SealError(message)
    facts = CallMetadata.model_validate({name: call[name] for name in CallMetadata.model_fields})
    rows = {
        name: _load_rows(connection, *table_and_order, call_id)
        for name, table_and_order in _JSON_FILES.items()
    }
    lines = _load_rows(connection, TRANSCRIPT_LINES, "start_ms", call_id)
    words = {name: to_canonical_json(table_rows) for name, table_rows in rows.items()}
    words["transcript.jsonl"] = b"".join(_to_json_line(line) for line in lines)
    words["transcript.txt"] = format_transcript(
        facts, lines, alerts=rows["alerts.json"], steps=rows["steps.json"]
    ).encode()
    clips, clip_summary = _gather_clips(connection, facts, clips_folder)
    return BundleContents(facts, _list_playbooks(rows["alerts.json"]), words, clips, clip_summary)


def _load_rows(connection: Connection, table: Table, order: str, call_id: str) -> list[Row]:
    """A table's rows of one call, in an order that does not depend on the database."""
    key = next(iter(table.primary_key))
    query = select(table).where(table.c.call_id == call_id)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    rows.sort(key=lambda row: (row[order], str(row[key.name])))
    return [{name: _to_json_value(value) for name, value in row.items()} for row in rows]


def _to_json_value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _to_json_line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _list_playbooks(alerts: Sequence[Row]) -> list[PlaybookRef]:
    versions = sorted({(row["playbook_id"], row["playbook_version"]) for row in alerts})
    return [PlaybookRef(id=name, version=version) for name, version in versions]


def _gather_clips(
    connection: Connection, facts: CallMetadata, folder: Path
) -> tuple[dict[str, Content], ClipSummary]:
    """The customer's utterances, only of a call that is known to have agreed to recording."""
    if facts.started_at is None or not facts.recording_consent:
        return {}, ClipSummary(count=0, missing=0, why_none="not_agreed")
    query = select(CLIPS.c.start_ms, CLIPS.c.file).where(CLIPS.c.call_id == facts.call_id)
    rows = connection.execute(query.order_by(CLIPS.c.start_ms)).all()
    clips: dict[str, Content] = {
        f"clips/{start_ms:08}.flac": folder / file
        for start_ms, file in rows
        if (folder / file).is_file()
    }
    missing = len(rows) - len(clips)
    if not clips:
        return {}, ClipSummary(count=0, missing=missing, why_none="none_kept")
    return clips, ClipSummary(count=len(clips), missing=missing, why_none="")
