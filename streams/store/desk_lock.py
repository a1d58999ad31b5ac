"""One desk per database: a lock that ends with the process that holds it, however it ends.

Two desks over one database would each delete, seal and send what the other one does too, and the
clips of one machine are not on the other. On SQLite the lock is the operating system's, on a file
beside the database; on PostgreSQL it is an advisory lock of one connection. Neither outlives a
crash. Where the holder answers is written in the table `desk`.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from streams.store.tables import DESK

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

DESK_ADDRESS = "desk_address"
"""The row of `DESK` that says where the desk answers that opened the database last."""

_DESK_LOCK = 0x63616C6C02
"""A number for PostgreSQL's advisory locks, of callmood and of this alone."""


class DeskLockedError(RuntimeError):
    """Another desk serves a database.

    Attributes:
        address: where that one answers; empty: it has not said so yet.
    """

    def __init__(self, address: str) -> None:
        super().__init__(f"another desk serves it at {address or 'an unknown address'}")
        self.address = address


@dataclass(frozen=True, slots=True)
class DeskLock:
    """A lock that is held until it is released or the process ends."""

    release: Callable[[], None]


def lock_desk(engine: Engine) -> DeskLock:
    """Take a database for one desk.

    Raises:
        DeskLockedError: another desk has it.
        OSError: the file of the lock cannot be made.
        DBAPIError: the database does not answer.
    """
    if engine.dialect.name == "postgresql":
        return _lock_postgres(engine)
    database = engine.url.database
    if not database or database == ":memory:":
        return DeskLock(lambda: None)  # nobody else can see it
    return _lock_file(engine, Path(database))


def _lock_file(engine: Engine, database: Path) -> DeskLock:
    path = Path(os.path.realpath(database))
    descriptor = os.open(path.with_name(f"{path.name}.desk"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DeskLockedError(_read_address(engine)) from None
    except OSError:
        os.close(descriptor)
        raise
    return DeskLock(lambda: os.close(descriptor))


def _lock_postgres(engine: Engine) -> DeskLock:
    """On a connection of its own: the lock lasts as long as that one does."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # not the pool's any more: closed is closed, and the lock is gone
    if connection.scalar(text(f"SELECT pg_try_advisory_lock({_DESK_LOCK})")):
        return DeskLock(connection.close)
    connection.close()
    raise DeskLockedError(_read_address(engine))


def _read_address(engine: Engine) -> str:
    try:
        with engine.connect() as connection:
            query = select(DESK.c.value).where(DESK.c.name == DESK_ADDRESS)
            return connection.scalar(query) or ""
    except DBAPIError:
        return ""  # it is only making its tables
