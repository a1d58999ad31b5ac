"""The schema of callmood before it had migrations (its own number for it was 3).

A database of that version is only marked with this revision; an empty one is made by it. Whatever
is there already stays: a first start may have been cut off half way.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

_TABLES = (
    "desk",
    "calls",
    "transcript_lines",
    "readings",
    "moods",
    "turns",
    "alerts",
    "returning_callers",
    "feedback",
    "steps",
    "segments",
    "corrections",
    "clips",
    "seals",
)


def upgrade() -> None:
    """Make every table."""
    _create_call_tables()
    _create_answer_tables()
    _create_file_tables()


def downgrade() -> None:
    """Drop every table."""
    for table in _TABLES:
        op.drop_table(table)


def _create_call_tables() -> None:
    """What is known of calls."""
    op.create_table(
        "desk",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(), primary_key=True),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("notice_given", sa.Boolean(), nullable=False),
        sa.Column("analysis_consent", sa.Boolean(), nullable=False),
        sa.Column("recording_consent", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sifted_at", sa.DateTime(timezone=True)),
        if_not_exists=True,
    )
    op.create_index("ix_calls_agent_id", "calls", ["agent_id"], if_not_exists=True)
    op.create_index("ix_calls_caller", "calls", ["caller"], if_not_exists=True)
    op.create_index("ix_calls_seen_at", "calls", ["seen_at"], if_not_exists=True)
    op.create_table(
        "transcript_lines",
        sa.Column("line_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        "ix_transcript_lines_call_id", "transcript_lines", ["call_id"], if_not_exists=True
    )
    op.create_table(
        "readings",
        sa.Column("reading_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("detector", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("arousal", sa.Float()),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_readings_call_id", "readings", ["call_id"], if_not_exists=True)
    op.create_table(
        "moods",
        sa.Column("mood_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("strain", sa.Float(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("level_since_ms", sa.Integer(), nullable=False),
        sa.Column("trend", sa.String(), nullable=False),
        sa.Column("shift", sa.Boolean(), nullable=False),
        sa.Column("disagreement", sa.Boolean(), nullable=False),
        sa.Column("contrast", sa.String()),
        sa.Column("arousal", sa.Float()),
        sa.Column("valence", sa.Float()),
        if_not_exists=True,
    )
    op.create_index("ix_moods_call_id", "moods", ["call_id"], if_not_exists=True)
    op.create_table(
        "turns",
        sa.Column("turn_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("speaker", sa.String()),
        if_not_exists=True,
    )
    op.create_index("ix_turns_call_id", "turns", ["call_id"], if_not_exists=True)
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("playbook_id", sa.String(), nullable=False),
        sa.Column("playbook_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("suggestion", sa.JSON(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("cause_ids", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("sensitive", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("advised_at", sa.DateTime(timezone=True)),
        if_not_exists=True,
    )
    op.create_index("ix_alerts_call_id", "alerts", ["call_id"], if_not_exists=True)
    op.create_index("ix_alerts_sensitive", "alerts", ["sensitive"], if_not_exists=True)
    op.create_table(
        "returning_callers",
        sa.Column("returning_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_returning_callers_at", "returning_callers", ["at"], if_not_exists=True)
    op.create_index(
        "ix_returning_callers_call_id", "returning_callers", ["call_id"], if_not_exists=True
    )


def _create_answer_tables() -> None:
    """What people answered."""
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_feedback_alert_id", "feedback", ["alert_id"], if_not_exists=True)
    op.create_index("ix_feedback_call_id", "feedback", ["call_id"], if_not_exists=True)
    op.create_table(
        "steps",
        sa.Column("step_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_steps_action", "steps", ["action"], if_not_exists=True)
    op.create_index("ix_steps_alert_id", "steps", ["alert_id"], if_not_exists=True)
    op.create_index("ix_steps_call_id", "steps", ["call_id"], if_not_exists=True)
    op.create_table(
        "segments",
        sa.Column("segment_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("urgency", sa.Float(), nullable=False),
        sa.Column("voice_id", sa.String()),
        sa.Column("text_id", sa.String()),
        sa.Column("done", sa.Boolean(), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_segments_call_id", "segments", ["call_id"], if_not_exists=True)
    op.create_index("ix_segments_open", "segments", ["done", "urgency"], if_not_exists=True)
    op.create_table(
        "corrections",
        sa.Column("correction_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.String(), nullable=False),
        sa.Column("voice_label", sa.String()),
        sa.Column("text_label", sa.String()),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("text", sa.String()),
        sa.Column("trainer", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_corrections_at", "corrections", ["at"], if_not_exists=True)
    op.create_index("ix_corrections_call_id", "corrections", ["call_id"], if_not_exists=True)
    op.create_index("ix_corrections_segment_id", "corrections", ["segment_id"], if_not_exists=True)


def _create_file_tables() -> None:
    """Where clips and sealed bundles lie."""
    op.create_table(
        "clips",
        sa.Column("clip_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("spoken_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_clips_call_id", "clips", ["call_id"], if_not_exists=True)
    op.create_index("ix_clips_spoken_at", "clips", ["spoken_at"], if_not_exists=True)
    op.create_table(
        "seals",
        sa.Column("seal_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("previous_sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("sealed_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_seals_at", "seals", ["at"], if_not_exists=True)
    op.create_index("ix_seals_call_id", "seals", ["call_id"], if_not_exists=True)
    op.create_index("ix_seals_cause_id", "seals", ["cause_id"], if_not_exists=True)
