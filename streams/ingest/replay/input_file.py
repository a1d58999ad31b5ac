"""Files that people name on a command line: opened, or refused in one line that helps."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


class InputFileError(CallmoodError, ValueError):
    """A given file cannot be used: one line with the file, what is wrong, what to do."""

    def __init__(self, path: Path, what: str, todo: str) -> None:
        super().__init__(f"{path}: {what}; {todo}")


class RecordingError(InputFileError):
    """A recording cannot be played."""


@contextmanager
def open_input(path: Path, *, expected: str, error: type[InputFileError]) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, and nothing that could block like a pipe.

    Args:
        path: what was given.
        expected: what should have been given, for the message.
        error: what to raise where it cannot be opened or read.
    """
    if not path.exists():
        raise error(path, "no such file", "check the name")
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not a regular file"
        raise error(path, what, f"give {expected}")
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as cause:
        what = f"cannot be read ({cause.strerror})"
        raise error(path, what, "check its permissions and its disk") from cause
