"""Brings a database to the schema that this callmood writes, whatever version it comes from.

The steps are alembic's, in `streams/store/migrations`. They run when a database is opened, in one
transaction under a lock: two processes that start at once migrate once, and a migration that
breaks off leaves the database as it was.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from streams.store.tables import DESK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

LOG = logging.getLogger("callmood.store")

BASELINE = "0001"
BASELINE_NUMBER = "3"
"""What the last callmood without migrations wrote down as its schema; that is `BASELINE`."""

_MIGRATION_LOCK = 0x63616C6C01
"""A number for PostgreSQL's advisory locks, of callmood and of this alone."""


class SchemaError(RuntimeError):
    """A database is of a version that cannot be brought to ours. The text is one line."""


def upgrade_schema(engine: Engine) -> None:
    """Make the tables of an empty database, or bring those of an older version up to date.

    Raises:
        SchemaError: it was written by a newer callmood, or by one too old.
        DBAPIError: the database refuses; it is as it was before.
    """
    script = ScriptDirectory.from_config(_config())
    if _read_revision(engine) == script.get_current_head():
        return
    with _exclusive_transaction(engine) as connection:
        revision = _prepare(connection, script)
        if revision == script.get_current_head():
            return  # another process was faster
        command.upgrade(_config(connection), "head")
    if revision is not None:
        LOG.info("the database was upgraded from %s to %s", revision, script.get_current_head())


def downgrade_schema(engine: Engine, revision: str) -> None:
    """Bring a database back to an older revision, for an older callmood.

    Args:
        engine: of the database.
        revision: one of `streams/store/migrations/versions`.
    """
    with _exclusive_transaction(engine) as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: Connection | None = None) -> Config:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "streams.store:migrations")
    config.attributes["connection"] = connection
    return config


def _read_revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _exclusive_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that waits until no other process migrates."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def _prepare(connection: Connection, script: ScriptDirectory) -> str | None:
    """The revision a database is of; one from before migrations is marked with `BASELINE`.

    Returns:
        ``None`` for an empty database.

    Raises:
        SchemaError: nothing leads from there to ours.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        number = _read_number(connection)
        if number is None:
            return None
        _require_baseline(number)
        command.stamp(_config(connection), BASELINE)
        return BASELINE
    known = {step.revision for step in script.walk_revisions()}
    if revision not in known:
        message = (
            f"is of revision {revision}, newer than this callmood ({script.get_current_head()}): "
            "run the newer callmood, or set CALLMOOD_DATABASE to another database"
        )
        raise SchemaError(message)
    return revision


def _read_number(connection: Connection) -> str | None:
    """What a callmood before migrations called its schema; ``None``: it never got so far."""
    if not inspect(connection).has_table(DESK.name):
        return None
    return connection.scalar(select(DESK.c.value).where(DESK.c.name == "schema"))


def _require_baseline(number: str) -> None:
    if number != BASELINE_NUMBER:
        message = (
            f"is of schema {number}, which no migration starts from (they start from schema "
            f"{BASELINE_NUMBER}): set CALLMOOD_DATABASE to another database"
        )
        raise SchemaError(message)
