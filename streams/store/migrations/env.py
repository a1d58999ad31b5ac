"""What alembic runs: the migrations, on the connection that `streams.store.schema` hands over.

The transaction is the caller's, so that a migration is there whole or not at all.
"""

from __future__ import annotations

from alembic import context

from streams.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
