"""A database of any version becomes one of this version, with everything that is in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text

from streams.desk import queries
from streams.store.engine import Store, StoreError, open_store
from streams.store.schema import BASELINE, downgrade_schema
from streams.store.tables import DESK, METADATA, READINGS
from tests.streams.store.version_3 import ADDED_COLUMNS, ADDED_TABLES, create_version_3

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

HEAD = "0005"
BANK_CALL = "demo-bank-ko.261130-225404-081354"

Rows = dict[str, list[tuple[str, ...]]]


@pytest.fixture
def old_url(database_url: str, tmp_path: Path) -> str:
    """A database that the callmood before migrations made, with data."""
    create_version_3(database_url, tmp_path)
    return database_url


def read_rows(url: str) -> Rows:
    """Everything that version 3 had, whatever the database has besides; SQL's own types aside."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = {
            table.name: _read_table(connection, table)
            for table in METADATA.sorted_tables
            if table.name not in ADDED_TABLES
        }
    engine.dispose()
    rows["desk"] = [row for row in rows["desk"] if row[0] != "schema"]
    return rows


def _read_table(connection: Connection, table: Any) -> list[tuple[str, ...]]:
    columns = [c for c in table.c if (table.name, c.name) not in ADDED_COLUMNS]
    return sorted(tuple(map(str, row)) for row in connection.execute(select(*columns)))


def describe(engine: Engine) -> dict[str, object]:
    """Tables, columns, keys and indexes, as the database has them."""
    seen = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"] or "", i["column_names"]) for i in seen.get_indexes(name)),
        )
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def test_an_empty_database_gets_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == HEAD


def test_an_upgraded_database_has_exactly_the_tables_of_the_code(old_url: str) -> None:
    store = open_store(old_url)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == HEAD
    store.close()


def test_an_upgrade_loses_nothing_and_the_desk_reads_it(old_url: str) -> None:
    before = read_rows(old_url)
    assert len(before["readings"]) == 36
    assert all(before[name] for name in ("feedback", "steps", "seals", "corrections", "clips"))
    store = open_store(old_url)
    assert store.store_id == "36f83cbfbd6f4b9da4db29e3c1feb5e3"
    with store.engine.connect() as connection:
        detail = queries.load_call_detail(connection, BANK_CALL)
        valences = set(connection.scalars(select(READINGS.c.valence)))
    store.close()
    assert read_rows(old_url) == before
    assert detail is not None
    assert (len(detail.transcript_lines), detail.call.live) == (18, False)
    assert valences == {None}


def test_a_downgrade_leaves_the_database_of_the_version_before(old_url: str) -> None:
    engine = create_engine(old_url)
    before, tables = read_rows(old_url), describe(engine)
    open_store(old_url).close()
    assert describe(engine) != tables
    downgrade_schema(engine, BASELINE)
    assert (read_rows(old_url), describe(engine)) == (before, tables)
    with engine.connect() as connection:  # what that version looks at
        number = connection.scalar(select(DESK.c.value).where(DESK.c.name == "schema"))
    engine.dispose()
    assert number == "3"
    open_store(old_url).close()
    assert read_rows(old_url) == before


def test_the_first_migration_makes_what_the_version_before_made(
    old_url: str, other_database_url: str
) -> None:
    old, made = create_engine(old_url), create_engine(other_database_url)
    open_store(other_database_url).close()
    downgrade_schema(made, BASELINE)
    assert describe(made) == describe(old)
    old.dispose()
    made.dispose()


def test_the_version_before_refuses_an_upgraded_database(old_url: str) -> None:
    store = open_store(old_url)
    with store.engine.connect() as connection:
        number = connection.scalar(select(DESK.c.value).where(DESK.c.name == "schema"))
    store.close()
    assert number == "4"  # it takes nothing but 3


def test_a_first_start_that_was_cut_off_is_finished(database_url: str, tmp_path: Path) -> None:
    create_version_3(database_url, tmp_path)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE seals"))
        connection.execute(text("DELETE FROM desk"))
    engine.dispose()
    store = open_store(database_url)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    store.close()


@pytest.mark.parametrize("is_old", [True, False])
def test_who_start_at_once_upgrade_once(database_url: str, tmp_path: Path, *, is_old: bool) -> None:
    if is_old:
        create_version_3(database_url, tmp_path)
    opened: list[Store] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_store(database_url))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.store_id for store in opened}) == 1
    assert len(opened) == 4
    for store in opened:
        store.close()


def test_a_database_of_a_newer_version_is_refused_in_one_line(
    store: Store, database_url: str
) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(StoreError, match=r"revision 0999, newer.*\(0005\).*newer callmood") as said:
        open_store(database_url)
    assert "\n" not in str(said.value)


def test_a_database_that_no_migration_starts_from_is_refused_and_left_as_it_is(
    old_url: str,
) -> None:
    engine = create_engine(old_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE desk SET value = '2' WHERE name = 'schema'"))
    tables = describe(engine)
    with pytest.raises(StoreError, match=r"schema 2.*CALLMOOD_DATABASE"):
        open_store(old_url)
    assert describe(engine) == tables
    engine.dispose()


def test_a_migration_that_breaks_off_leaves_the_database_as_it_was(old_url: str) -> None:
    engine = create_engine(old_url)
    with engine.begin() as connection:  # in the way of the second step of the migration
        connection.execute(text("CREATE TABLE outbox (number INTEGER)"))
    tables, before = describe(engine), read_rows(old_url)
    with pytest.raises(StoreError, match="outbox"):
        open_store(old_url)
    assert (describe(engine), read_rows(old_url)) == (tables, before)
    engine.dispose()
