"""The desk's tables, once, for every feature that shows or keeps something.

Every row has the deterministic id of the message it came from, so that a message that is seen
twice is one row. `streams.store.engine` opens the database and writes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Instant(TypeDecorator[datetime]):
    """A UTC instant. SQLite forgets time zones, so everything is UTC before it goes in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: D102
        del dialect
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: D102
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class NulSafeString(TypeDecorator[str]):
    """Text of people. PostgreSQL refuses NUL characters, and nobody speaks them."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: D102
        del dialect
        return value.replace("\x00", "\ufffd") if value is not None else None


METADATA = MetaData()


def _span_columns() -> tuple[Column[Any], ...]:
    return (Column("start_ms", Integer, nullable=False), Column("end_ms", Integer, nullable=False))


def _call_id_column() -> Column[Any]:
    return Column("call_id", String, nullable=False, index=True)


DESK = Table(
    "desk",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
CALLS = Table(
    "calls",
    METADATA,
    Column("call_id", String, primary_key=True),
    Column("agent_id", NulSafeString, nullable=False, default="", index=True),
    Column("queue", NulSafeString, nullable=False, default=""),
    Column("caller", String, nullable=False, default="", index=True),
    Column("language", String, nullable=False, default="ko"),
    Column("notice_given", Boolean, nullable=False, default=False),
    Column("analysis_consent", Boolean, nullable=False, default=False),
    Column("recording_consent", Boolean, nullable=False, default=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("duration_ms", Integer),
    Column("seen_at", Instant, nullable=False, index=True),
    # When the trainers' queue went through the whole of it, after its end.
    Column("sifted_at", Instant),
    # Exchanged, or one recording on both channels: whose voice is whose is not known.
    Column("channel_fault", String),
)
TRANSCRIPT_LINES = Table(
    "transcript_lines",
    METADATA,
    Column("line_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("speaker", String, nullable=False),
    Column("text", NulSafeString, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("language", String, nullable=False),
    # Last, as migration 0003 adds them there.
    Column("source_id", String, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="0"),
)
LINE_MARKS = Table(
    "line_marks",
    METADATA,
    Column("mark_id", String, primary_key=True),
    _call_id_column(),
    Column("line_id", String, nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("replaces", JSON, nullable=False),
    Column("discount", String),
)
READINGS = Table(
    "readings",
    METADATA,
    Column("reading_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("modality", String, nullable=False),
    Column("detector", NulSafeString, nullable=False),
    Column("version", NulSafeString, nullable=False),
    Column("label", String, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("arousal", Float),
    Column("topics", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    # Last, as migrations 0002 and 0003 add them there.
    Column("valence", Float),
    Column("topic_matches", JSON, nullable=False, default=list, server_default="[]"),
    # As migration 0005 adds them.
    Column("unit_id", String, nullable=False, server_default=""),
    Column("line_ids", JSON, nullable=False, server_default="[]"),
)
MOODS = Table(
    "moods",
    METADATA,
    Column("mood_id", String, primary_key=True),
    _call_id_column(),
    Column("number", Integer, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("label", String, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("strain", Float, nullable=False),
    Column("level", String, nullable=False),
    Column("level_since_ms", Integer, nullable=False),
    Column("trend", String, nullable=False),
    Column("shift", Boolean, nullable=False),
    Column("disagreement", Boolean, nullable=False),
    Column("contrast", String),
    Column("arousal", Float),
    Column("valence", Float),
)
TURNS = Table(
    "turns",
    METADATA,
    Column("turn_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("kind", String, nullable=False),
    Column("speaker", String),
)
ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", String, primary_key=True),
    _call_id_column(),
    Column("playbook_id", NulSafeString, nullable=False),
    Column("playbook_version", Integer, nullable=False),
    Column("level", String, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("title", JSON, nullable=False),
    Column("suggestion", JSON, nullable=False),
    Column("why", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("cause_ids", JSON, nullable=False),
    Column("actions", JSON, nullable=False, default=list),
    Column("sensitive", String, index=True),
    Column("language", String),
    Column("advised_at", Instant),
)
RETURNING_CALLERS = Table(
    "returning_callers",  # without the second word it is a word of SQL
    METADATA,
    Column("returning_id", String, primary_key=True),
    _call_id_column(),
    Column("at", Instant, nullable=False, index=True),
    Column("earlier", JSON, nullable=False),
)
FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("feedback_id", String, primary_key=True),
    _call_id_column(),
    Column("alert_id", String, nullable=False, index=True),
    Column("verdict", String, nullable=False),
    Column("given_by", NulSafeString, nullable=False),
    Column("role", String, nullable=False),
    Column("note", NulSafeString, nullable=False),
    Column("at", Instant, nullable=False),
)
STEPS = Table(
    "steps",
    METADATA,
    Column("step_id", String, primary_key=True),
    _call_id_column(),
    Column("alert_id", String, nullable=False, index=True),
    Column("index", Integer, nullable=False),
    Column("action", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("given_by", NulSafeString, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Instant, nullable=False),
)
SEALS = Table(
    "seals",
    METADATA,
    Column("seal_id", String, primary_key=True),
    _call_id_column(),
    Column("sha256", String, nullable=False),
    Column("previous_sha256", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("file", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("cause_id", String, nullable=False, index=True),
    Column("sealed_by", NulSafeString, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
CLIPS = Table(
    "clips",
    METADATA,
    Column("clip_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("file", String, nullable=False),
    Column("spoken_at", Instant, nullable=False, index=True),
)
SEGMENTS = Table(
    "segments",
    METADATA,
    Column("segment_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("cause", String, nullable=False),
    Column("urgency", Float, nullable=False),
    Column("voice_id", String),
    Column("text_id", String),
    Column("done", Boolean, nullable=False),
    Index("ix_segments_open", "done", "urgency"),
)
CORRECTIONS = Table(
    "corrections",
    METADATA,
    Column("correction_id", String, primary_key=True),
    _call_id_column(),
    *_span_columns(),
    Column("segment_id", String, nullable=False, index=True),
    Column("voice_label", String),
    Column("text_label", String),
    Column("topics", JSON, nullable=False),
    Column("text", NulSafeString),
    Column("trainer", NulSafeString, nullable=False),
    Column("note", NulSafeString, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    # Never used twice, also not after the newest entry is gone: it is the order of the clicks.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("value", NulSafeString, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
