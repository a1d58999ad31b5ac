"""A PostgreSQL of the tests' own, from the system's binaries."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "postgres"
START_S = 60


def find_binaries() -> Path | None:
    """The newest installed server's folder of programs; ``None``: none is installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return newest[-1].parent if newest else None


@contextmanager
def run_postgres(programs: Path, folder: Path) -> Iterator[str]:
    """Start a server that listens on a socket in ``folder`` only; gives its SQLAlchemy URL."""
    cluster = folder / "cluster"
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and parent.is_relative_to("/tmp/pytest-of-root"):
                parent.chmod(parent.stat().st_mode | 0o011)
    _run(programs / "initdb", "-D", cluster, "-A", "trust", "-U", USER, "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    log = folder / "log"
    _run(programs / "pg_ctl", "-D", cluster, "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
    finally:
        _run(programs / "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")


def _run(*command: object) -> None:
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", USER, "--", *words]
    done = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=START_S, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def _version(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdigit() else 0
