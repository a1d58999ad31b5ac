"""A reading's valence, which was lost here, and the outbox of what follows a click.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

_OLD_SCHEMA, _NEW_SCHEMA = "3", "4"
"""What a callmood before migrations looks at, to refuse a database that is not its own."""


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("readings", sa.Column("valence", sa.Float()))
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    _set_schema(_NEW_SCHEMA)


def downgrade() -> None:
    """Drop both. What waits in the outbox is lost: let it empty itself first."""
    op.drop_table("outbox")
    with op.batch_alter_table("readings") as readings:
        readings.drop_column("valence")
    _set_schema(_OLD_SCHEMA)


def _set_schema(number: str) -> None:
    desk = sa.table("desk", sa.column("name", sa.String()), sa.column("value", sa.String()))
    op.execute(desk.delete().where(desk.c.name == "schema"))
    op.execute(desk.insert().values(name="schema", value=number))
