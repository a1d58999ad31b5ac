"""Kafka's jars: resolved and locked by jgo, fetched once, checked against their SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("jgo.lock.toml")

_MAX_DOWNLOADS = 8
TIMEOUT_S = 60


class JarsError(CallmoodError):
    """A jar could not be fetched, or is not the one that was locked."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar: its Maven coordinate, and the SHA-256 its file must have (hex)."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_locked_jars() -> tuple[Jar, ...]:
    """What the committed lock names."""
    entries = tomllib.loads(LOCK.read_text(encoding="utf-8"))["dependencies"]
    return tuple(
        Jar(
            group=entry["groupId"],
            artifact=entry["artifactId"],
            version=entry["version"],
            classifier=entry.get("classifier", ""),
            sha256=entry["sha256"],
        )
        for entry in entries
    )


def fetch_jars(cache: Path, progress: Callable[[int, int], None]) -> Path:
    """The folder that holds exactly the locked jars; fetches them if it is not there.

    ``progress`` is called with how many jars are there and how many there will be.

    Raises:
        JarsError: no network, or a checksum that differs. Names the jar.
    """
    folder = cache / _lock_digest()
    if (folder / "complete").exists():
        return folder
    jars = read_locked_jars()
    staging = cache / f"fetching-{os.getpid()}"
    staging.mkdir(parents=True, exist_ok=True)
    try:
        _fetch_all(jars, staging, progress)
        (staging / "complete").touch()
        _install_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def find_damaged_jar(folder: Path) -> str:
    """The first locked jar that is not there as it was locked; empty: all are."""
    digests = {_sha256(path) for path in folder.glob("*.jar")}
    return next((str(jar) for jar in read_locked_jars() if jar.sha256 not in digests), "")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kafka_version() -> str:
    """The locked broker's version, such as ``4.3.1``."""
    return next(jar.version for jar in read_locked_jars() if jar.artifact == "kafka_2.13")


def _lock_digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def _fetch_all(jars: tuple[Jar, ...], folder: Path, progress: Callable[[int, int], None]) -> None:
    from jgo.maven import MavenContext  # noqa: PLC0415  (slow, and only for the first start)

    context = MavenContext(repo_cache=folder / "repository", timeout=TIMEOUT_S)
    stop = threading.Event()
    with ThreadPoolExecutor(_MAX_DOWNLOADS) as pool:
        futures = [pool.submit(_fetch, context, jar, folder, stop) for jar in jars]
        try:
            for done_count, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done_count, len(jars))
        finally:
            stop.set()
    shutil.rmtree(folder / "repository", ignore_errors=True)


def _fetch(context: MavenContext, jar: Jar, folder: Path, stop: threading.Event) -> None:
    if stop.is_set():
        return
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        jar_path = Path(component.artifact(classifier=jar.classifier).resolve())
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            full = (
                f"the disk of {folder} is full: free some, or set CALLMOOD_CACHE to another folder"
            )
            raise JarsError(full) from None
        message = f"{jar}: could not be fetched ({error}); is there a network? Try again"
        raise JarsError(message.replace("\n", " ")) from error
    digest = _sha256(jar_path)
    if digest != jar.sha256:
        message = f"{jar}: its SHA-256 is {digest}, the lock says {jar.sha256}; it was not used"
        raise JarsError(message)
    shutil.copyfile(jar_path, folder / jar_path.name)


def _install_folder(staging: Path, folder: Path) -> None:
    try:
        staging.rename(folder)
    except OSError:
        # Another process was faster (then its folder is as good as ours), or it is half done.
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            staging.rename(folder)
