"""Databases and desks for these tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import create_engine, text

from streams.store.engine import Store, open_store
from tests.support.injected import RunningDesk, run_desk
from tests.support.postgres import find_binaries, run_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server's URL. Its socket's path must be short, so not pytest's folder."""
    programs = find_binaries()
    if programs is None:
        reason = "PostgreSQL's programs (initdb) are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        Path(folder).chmod(0o755)
        with run_postgres(programs, Path(folder)) as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that callmood promises."""
    return _make_database(request, tmp_path / "callmood.db")


@pytest.fixture
def other_database_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A second empty database, of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'other.db'}"
    return _create_postgres_database(request)


def _make_database(request: pytest.FixtureRequest, file: Path) -> str:
    return f"sqlite:///{file}" if request.param == "sqlite" else _create_postgres_database(request)


def _create_postgres_database(request: pytest.FixtureRequest) -> str:
    server: str = request.getfixturevalue("postgres")
    name = f"desk_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open, empty database."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk that serves on a real socket."""
    with run_desk(tmp_path) as running:
        yield running


@pytest.fixture
def http(desk: RunningDesk) -> Iterator[httpx.Client]:
    """A program that talks to it."""
    with httpx.Client(base_url=desk.url, timeout=20) as client:
        yield client


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a real file system with no room left; files can be made there, empty ones."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
