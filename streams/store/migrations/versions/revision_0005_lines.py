"""What a line is: its recogniser's id, its revision, what was found out of it, and its readings.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("transcript_lines", "source_id", sa.String(), ""),
    ("transcript_lines", "revision", sa.Integer(), "0"),
    ("readings", "unit_id", sa.String(), ""),
    ("readings", "line_ids", sa.JSON(), "[]"),
)


def upgrade() -> None:
    """Add the columns and the table."""
    for table, name, column_type, default in _COLUMNS:
        column = sa.Column(name, column_type, nullable=False, server_default=default)
        op.add_column(table, column)
    op.create_table(
        "line_marks",
        sa.Column("mark_id", sa.String(), primary_key=True),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.JSON(), nullable=False),
        sa.Column("discount", sa.String()),
    )
    op.create_index("ix_line_marks_call_id", "line_marks", ["call_id"])


def downgrade() -> None:
    """Drop them. Lines that were told again are shown twice then."""
    op.drop_table("line_marks")
    with op.batch_alter_table("readings") as readings:
        readings.drop_column("line_ids")
        readings.drop_column("unit_id")
    with op.batch_alter_table("transcript_lines") as lines:
        lines.drop_column("revision")
        lines.drop_column("source_id")
