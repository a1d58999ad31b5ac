"""One ``callmood run`` for each home: the second is told at once where the first one is."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "run.lock"


class AlreadyRunningError(CallmoodError):
    """Another ``callmood run`` has the same home. The text says where its desk is."""


@dataclass(frozen=True, slots=True)
class RunLock:
    """Held by this process until it ends, in whatever way: the system takes it back."""

    file: IO[str]

    def publish(self, url: str) -> None:
        """Write down where the desk is, for whoever comes second."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(f"{os.getpid()} {url}\n")
        self.file.flush()


@contextmanager
def hold_run_lock(home: Path) -> Iterator[RunLock]:
    """Be the only run on ``home``, a folder that is there.

    Raises:
        AlreadyRunningError: another process is.
    """
    with (home / FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(_describe_holder(home, file)) from None
        lock = RunLock(file)
        lock.publish("")
        yield lock


def _describe_holder(home: Path, file: IO[str]) -> str:
    file.seek(0)
    pid, _, url = file.read().strip().partition(" ")
    place = f"the desk is at {url}" if url else "it is starting"
    return (
        f"already running on {home} (process {pid or 'unknown'}): {place}; use it, or end it "
        "first, or start a second one with a CALLMOOD_HOME and a CALLMOOD_PORT of its own"
    )
