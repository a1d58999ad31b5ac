"""Deterministic ids: what is seen twice has the same id, so that it is counted once.

An id says which record it is to whoever has that record. Nobody takes one apart: what kind of
thing it names, and when that was, are fields of the record itself.
"""

from __future__ import annotations

import hashlib

SEPARATOR = "~"
"""Between the parts of an id. Unreserved in URLs, and not allowed inside a call id."""


def digest_id(*parts: object) -> str:
    """A short part of an id for what is too long to stand in it: the same for the same parts."""
    text = join_id(*parts).encode("utf-8", "replace")
    return hashlib.blake2s(text, digest_size=5).hexdigest()


def join_id(*parts: object) -> str:
    """One id from its parts."""
    return SEPARATOR.join(str(part) for part in parts)
