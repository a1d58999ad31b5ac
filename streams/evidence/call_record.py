"""Reads from the database what goes into a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from streams.evidence.archive import Content
from streams.evidence.manifest import CallFacts, ClipsIncluded, PlaybookUsed, written
from streams.evidence.read_me import READ_ME
from streams.evidence.transcript import transcript_text
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
Parts = Mapping[str, Content]

_AS_JSON: Mapping[str, tuple[Table, str]] = {
    "alerts.json": (ALERTS, "at_ms"),
    "feedback.json": (FEEDBACK, "at"),
    "moods.json": (MOODS, "number"),
    "readings.json": (READINGS, "start_ms"),
    "steps.json": (STEPS, "at"),
    "turns.json": (TURNS, "start_ms"),
}


class SealError(RuntimeError):
    """Nothing can be sealed. The text is one line."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a bundle is made of, by file name."""

    facts: CallFacts
    playbooks: list[PlaybookUsed]
    words: Parts
    clips: Parts
    clips_included: ClipsIncluded


def gather(connection: Connection, call_id: str, clips_folder: Path) -> Gathered:
    """Everything known of a call now.

    Raises:
        SealError: the call is unknown, or its days are over.
    """
    call = connection.execute(select(CALLS).where(CALLS.c.call_id == call_id)).mappings().first()
    if call is None:
        message = f"there is no call {call_id[:128]!r} here, or what was said in it is deleted"
        raise SealError(message)
    facts = CallFacts.model_validate({name: call[name] for name in CallFacts.model_fields})
    rows = {name: _rows(connection, *wanted, call_id) for name, wanted in _AS_JSON.items()}
    lines = _rows(connection, TRANSCRIPT_LINES, "start_ms", call_id)
    words = {name: written(found) for name, found in rows.items()}
    words["READ-ME.txt"] = READ_ME.encode()
    words["transcript.jsonl"] = b"".join(_on_one_line(line) for line in lines)
    words["transcript.txt"] = transcript_text(
        facts, lines, alerts=rows["alerts.json"], steps=rows["steps.json"]
    ).encode()
    clips, included = _clips(connection, facts, clips_folder)
    return Gathered(facts, _playbooks(rows["alerts.json"]), words, clips, included)


def _rows(connection: Connection, table: Table, order: str, call_id: str) -> list[Row]:
    """A table's rows of one call, in an order that does not depend on the database."""
    key = next(iter(table.primary_key))
    wanted = select(table).where(table.c.call_id == call_id)
    found = [dict(row) for row in connection.execute(wanted).mappings()]
    found.sort(key=lambda row: (row[order], str(row[key.name])))
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _on_one_line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _playbooks(alerts: Sequence[Row]) -> list[PlaybookUsed]:
    used = sorted({(row["playbook_id"], row["playbook_version"]) for row in alerts})
    return [PlaybookUsed(id=name, version=version) for name, version in used]


def _clips(
    connection: Connection, facts: CallFacts, folder: Path
) -> tuple[dict[str, Content], ClipsIncluded]:
    """The customer's utterances, only of a call that is known to have agreed to recording."""
    if facts.started_at is None or not facts.recording_consent:
        return {}, ClipsIncluded(count=0, missing=0, why_none="not_agreed")
    wanted = select(CLIPS.c.start_ms, CLIPS.c.file).where(CLIPS.c.call_id == facts.call_id)
    rows = connection.execute(wanted.order_by(CLIPS.c.start_ms)).all()
    found: dict[str, Content] = {
        f"clips/{start_ms:08}.flac": folder / file
        for start_ms, file in rows
        if (folder / file).is_file()
    }
    missing = len(rows) - len(found)
    if not found:
        return {}, ClipsIncluded(count=0, missing=missing, why_none="none_kept")
    return found, ClipsIncluded(count=len(found), missing=missing, why_none="")
