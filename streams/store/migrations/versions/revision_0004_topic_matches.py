"""Which words of a reading belong to which of its topics.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is known of earlier readings."""
    column = sa.Column("topic_matches", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("readings", column)


def downgrade() -> None:
    """Drop it: the reasons still have all the words."""
    with op.batch_alter_table("readings") as readings:
        readings.drop_column("topic_matches")
