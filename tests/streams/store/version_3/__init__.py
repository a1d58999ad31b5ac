"""A database as the callmood before migrations left it: two demo calls and what people answered.

``sqlite.sql`` is a dump of a real one. ``postgresql.sql`` is that version's schema there, which
the same rows are copied into.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, create_engine, make_url, select, text

from streams.store.tables import METADATA

if TYPE_CHECKING:
    from sqlalchemy import Engine

HERE = Path(__file__).parent
ADDED_TABLES = {"line_marks", "outbox"}
ADDED_COLUMNS = {
    ("readings", "valence"),
    ("readings", "topic_matches"),
    ("readings", "unit_id"),
    ("readings", "line_ids"),
    ("transcript_lines", "source_id"),
    ("transcript_lines", "revision"),
    ("calls", "channel_fault"),
}
"""What later versions have and this one has not."""


def create_version_3(url: str, folder: Path) -> None:
    """Make such a database.

    Args:
        url: of an empty database, SQLite or PostgreSQL.
        folder: for files on the way.
    """
    if make_url(url).get_backend_name() == "sqlite":
        _create_sqlite(Path(make_url(url).database or ""))
        return
    _create_sqlite(folder / "version_3.db")
    source, target = create_engine(f"sqlite:///{folder / 'version_3.db'}"), create_engine(url)
    with target.begin() as connection:
        connection.execute(text((HERE / "postgresql.sql").read_text(encoding="utf-8")))
    _copy_rows(source, target)
    source.dispose()
    target.dispose()


def _create_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript((HERE / "sqlite.sql").read_text(encoding="utf-8"))
    connection.close()


def _copy_rows(source: Engine, target: Engine) -> None:
    with source.connect() as old, target.begin() as new:
        for table in METADATA.sorted_tables:
            if table.name in ADDED_TABLES:
                continue
            columns = [c for c in table.c if (table.name, c.name) not in ADDED_COLUMNS]
            rows = [dict(row) for row in old.execute(select(*columns)).mappings()]
            if rows:
                # Without the defaults of columns that this version has not.
                plain = Table(table.name, MetaData(), *(Column(c.name, c.type) for c in columns))
                new.execute(plain.insert(), rows)
