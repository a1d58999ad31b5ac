"""What is wrong with the channels of a call: exchanged, or one recording on both.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is known of earlier calls."""
    op.add_column("calls", sa.Column("channel_fault", sa.String()))


def downgrade() -> None:
    """Drop it: moods of such calls are shown again."""
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("channel_fault")
