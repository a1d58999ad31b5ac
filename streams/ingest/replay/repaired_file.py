"""A recording as it should have been written: a right header, then the very sound of the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer


class RepairedFile(io.RawIOBase):
    """Reads as one file; nothing is copied.

    Args:
        stream: the file as it is.
        head: the header to read before the sound.
        sound: which bytes of ``stream`` are the sound.
    """

    def __init__(self, stream: BinaryIO, head: bytes, sound: range) -> None:
        self._stream = stream
        self._head = head
        self._sound = sound
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, as files do."""
        size = len(self._head) + len(self._sound)
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read up to as many bytes as the buffer has."""
        view = memoryview(buffer).cast("B")
        content = self._read_part(len(view))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def _read_part(self, count: int) -> bytes:
        if self._position < len(self._head):
            return self._head[self._position : self._position + count]
        offset = self._position - len(self._head)
        self._stream.seek(self._sound.start + offset)
        return self._stream.read(max(0, min(count, len(self._sound) - offset)))
