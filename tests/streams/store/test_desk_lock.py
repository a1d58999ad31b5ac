"""One desk per database, and a crash leaves no lock behind."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from streams.store.engine import StoreError, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "http://127.0.0.1:8640", "http://127.0.0.1:8641"
HOLD = """
import sys, time
from streams.store.engine import open_store
store = open_store(sys.argv[1], desk_address=sys.argv[2])
print("open", flush=True)
time.sleep(600)
"""


@contextmanager
def other_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that opens a database as a desk does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url, FIRST], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_second_desk_is_refused_with_the_address_of_the_first(database_url: str) -> None:
    with other_process(database_url):
        with pytest.raises(StoreError, match=f"another desk .* at {FIRST}: .*CALLMOOD") as said:
            open_store(database_url, desk_address=SECOND)
        assert "\n" not in str(said.value)


def test_who_is_no_desk_opens_the_database_beside_one(database_url: str) -> None:
    with other_process(database_url):
        open_store(database_url).close()


def test_a_desk_that_was_killed_leaves_no_lock_behind(database_url: str) -> None:
    with other_process(database_url) as process:
        process.kill()
        process.wait()
        open_store(database_url, desk_address=SECOND).close()


def test_a_desk_that_ends_makes_room_for_the_next(database_url: str) -> None:
    for address in (FIRST, SECOND):
        open_store(database_url, desk_address=address).close()


def test_a_database_that_could_not_be_opened_is_not_locked(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    for _ in range(2):
        with pytest.raises(StoreError, match="newer"):
            open_store(url, desk_address=FIRST)
    store.close()
