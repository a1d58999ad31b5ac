"""The desk's database: opened, and written by upserts.

SQLite by default, PostgreSQL by URL. Every write is an upsert by a deterministic id, so that a
message seen twice is one row. Features write here what they read from Kafka and read it back for
their pages; they still talk to each other through topics.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    Table,
    create_engine,
    event,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from detectors.errors import CallmoodError, summarize_error
from streams.store.tables import DESK, METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SCHEMA_VERSION = 3
BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another writer before it gives up."""


class StoreError(CallmoodError):
    """The database cannot be used. The text is one line."""


NewRow = Mapping[str, ColumnElement[Any]]
"""The columns of a row that is about to replace another."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open database.

    Attributes:
        store_id: made with the database, so that a new database reads its topics from the
            beginning although an older one has lain at the same place.
    """

    engine: Engine
    store_id: str

    def close(self) -> None:
        """Give its connections back."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open a database and make what is missing in it.

    Raises:
        StoreError: it does not answer, is of another kind, or of another version of callmood.
    """
    try:
        engine = _create_engine(url)
        METADATA.create_all(engine)
        return Store(engine, _load_store_id(engine))
    except (ArgumentError, NoSuchModuleError) as error:
        message = (
            f"CALLMOOD_DATABASE: {summarize_error(error)}; write sqlite:///FILE or postgresql://..."
        )
        raise StoreError(message) from None
    except ModuleNotFoundError as error:
        message = (
            f"CALLMOOD_DATABASE needs the Python package {error.name!r}; install callmood[postgres]"
        )
        raise StoreError(message) from None
    except DBAPIError as error:
        message = f"the database {_redact_url(url)} does not answer: {summarize_error(error)}"
        raise StoreError(message) from None


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    only: Collection[str] | None = None,
    when: Callable[[NewRow], ColumnElement[bool]] | None = None,
) -> None:
    """Insert rows, or replace those whose primary key is known.

    Args:
        connection: of a transaction.
        table: one of this file.
        rows: all with the same keys.
        only: the columns that replacing changes; ``None``: every one that ``rows`` have.
        when: given the new row's columns, a row is replaced only where this holds.
    """
    if not rows:
        return
    insert = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    changed = set(rows[0] if only is None else only) - keys
    excluded: dict[str, ColumnElement[Any]] = {c.name: insert.excluded[c.name] for c in table.c}
    statement = insert.on_conflict_do_update(
        index_elements=sorted(keys),
        set_={name: excluded[name] for name in sorted(changed)},
        where=when(excluded) if when is not None else None,
    )
    connection.execute(statement, list(rows))


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows; those whose primary key is known stay as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Both speak of conflicts in the same words."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _create_engine(url: str) -> Engine:
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if kind != "sqlite":
        message = f"callmood keeps its tables in SQLite or PostgreSQL, not in {kind}"
        raise ArgumentError(message)
    if parsed.database:
        _make_folder(parsed.database)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _make_folder(database: str) -> None:
    from pathlib import Path  # noqa: PLC0415  (only SQLite needs a folder)

    folder = Path(database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {folder} for the database cannot be made: {error.strerror}"
        raise StoreError(message) from None


def _set_pragmas(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",  # pages read while the feed writes
        "synchronous=NORMAL",  # Kafka has it all: a power cut costs nothing
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _load_store_id(engine: Engine) -> str:
    with engine.begin() as connection:
        defaults = {"store_id": uuid.uuid4().hex, "schema": str(SCHEMA_VERSION)}
        add(connection, DESK, [{"name": name, "value": value} for name, value in defaults.items()])
        stored = {row.name: row.value for row in connection.execute(select(DESK))}
    if stored["schema"] != str(SCHEMA_VERSION):
        message = (
            f"the database is of schema {stored['schema']}, this callmood writes {SCHEMA_VERSION}: "
            "set CALLMOOD_DATABASE to a new one; the topics fill it again"
        )
        raise StoreError(message)
    return str(stored["store_id"])


def _redact_url(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
