"""The folder that callmood writes to: is it there, may we write, is there room?"""

from __future__ import annotations

import errno
import shutil
import tempfile
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from pathlib import Path

FULL_BYTES = 1 << 20
"""With less than this free, a disk counts as full: nothing useful can be written."""

_ELSEWHERE = "set CALLMOOD_HOME to a folder that you may write to"
_FREE_SOME = "free some, or set CALLMOOD_HOME to a folder on another disk"


class HomeError(CallmoodError):
    """The home cannot be written to. One line with the folder, and what to do."""


def prepare_home(home: Path) -> Path:
    """Make the folder if it is not there, and write a few bytes to see that it can be done.

    Args:
        home: as it is set; the result is absolute.

    Raises:
        HomeError: it cannot be made or written to, or its disk is full.
    """
    home = home.expanduser().absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"callmood")
            file.flush()
    except OSError as error:
        raise HomeError(_describe(home, error)) from None
    return home


def _describe(home: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {home} is full: {_FREE_SOME}"
    if home.exists() and not home.is_dir():
        return f"{home} is a file, and should be the folder that callmood writes to: {_ELSEWHERE}"
    reason = error.strerror or type(error).__name__
    return f"the folder {home} cannot be written to ({reason}): {_ELSEWHERE}"


def require_free_space(folder: Path, needed_bytes: int, *, purpose: str) -> None:
    """Refuse to begin what would end for lack of room.

    Raises:
        HomeError: less is free on the disk of ``folder``.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        message = (
            f"{purpose} needs {needed_bytes / 1e6:,.0f} MB free on the disk of {folder}, and "
            f"{free / 1e6:,.0f} MB are: {_FREE_SOME}"
        )
        raise HomeError(message)


def describe_full_disk(folder: Path) -> str:
    """What to say of a process that could write no last words; empty: there is room."""
    if shutil.disk_usage(folder).free >= FULL_BYTES:
        return ""
    return f"the disk of {folder} is full: {_FREE_SOME}"
