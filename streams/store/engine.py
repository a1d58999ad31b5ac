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
from streams.store.desk_lock import DESK_ADDRESS, DeskLock, DeskLockedError, lock_desk
from streams.store.schema import SchemaError, upgrade_schema
from streams.store.tables import DESK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

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
        lock: held by the desk that serves it; ``None``: nobody serves it here.
    """

    engine: Engine
    store_id: str
    lock: DeskLock | None = None

    def close(self) -> None:
        """Give its connections back, and let another desk serve it."""
        if self.lock is not None:
            self.lock.release()
        self.engine.dispose()


def open_store(url: str, *, desk_address: str | None = None) -> Store:
    """Open a database; make its tables, or bring those of an older callmood up to date.

    Args:
        url: SQLAlchemy's, of SQLite or PostgreSQL.
        desk_address: where the desk that opens it answers. No other desk can open the database
            until this one closes it or ends. ``None``: the caller is no desk.

    Raises:
        StoreError: it does not answer, is of another kind, was written by a newer callmood, or
            another desk serves it.
    """
    try:
        return _open(_create_engine(url), desk_address)
    except DeskLockedError as error:
        message = (
            f"another desk serves the database {_redact_url(url)}{_name_address(error.address)}: "
            "use that one, end it, or set CALLMOOD_HOME or CALLMOOD_DATABASE to another place"
        )
        raise StoreError(message) from None
    except SchemaError as error:
        message = f"the database {_redact_url(url)} {error}"
        raise StoreError(message) from None
    except OSError as error:
        message = f"the database {_redact_url(url)} cannot be locked: {error.strerror}"
        raise StoreError(message) from None
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


def _open(engine: Engine, desk_address: str | None) -> Store:
    lock = lock_desk(engine) if desk_address is not None else None
    try:
        upgrade_schema(engine)
        store_id = _load_store_id(engine, desk_address)
    except BaseException:
        if lock is not None:
            lock.release()
        engine.dispose()
        raise
    return Store(engine, store_id, lock)


def _name_address(address: str) -> str:
    return f" at {address}" if address else ""


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


def _load_store_id(engine: Engine, desk_address: str | None) -> str:
    with engine.begin() as connection:
        add(connection, DESK, [{"name": "store_id", "value": uuid.uuid4().hex}])
        if desk_address is not None:
            upsert(connection, DESK, [{"name": DESK_ADDRESS, "value": desk_address}])
        return str(connection.scalar(select(DESK.c.value).where(DESK.c.name == "store_id")))


def _redact_url(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
