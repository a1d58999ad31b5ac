"""What lies behind a recording in its file: more sound, or what only looks like it by its length.

Recorders allocate files in advance and leave zeros, and other programs add tags and texts.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
_TEXT_BYTES = 4_096
_MIN_TEXT_BYTES = 32
_MIN_LETTERS = 8
"""A text has more letters than this; one byte again and again may be a silence of A-law."""

_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff\xe0")


def is_filling(stream: BinaryIO, start: int) -> bool:
    """Whether all that follows is no sound: zeros, a tag, a text such as XML.

    Args:
        stream: the file.
        start: first byte behind the sound.
    """
    stream.seek(start)
    head = stream.read(_TEXT_BYTES)
    return head.startswith(_TAGS) or _is_text(head) or (not any(head) and _has_zeros_only(stream))


def _is_text(head: bytes) -> bool:
    if len(head) < _MIN_TEXT_BYTES or len(set(head)) < _MIN_LETTERS:
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head.rstrip(b"\0"))
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def _has_zeros_only(stream: BinaryIO) -> bool:
    while block := stream.read(_BLOCK_BYTES):
        if block.count(0) != len(block):
            return False
    return True
