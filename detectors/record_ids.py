"""Deterministic ids: what is seen twice has the same id, so that it is counted once.

An id says which record it is to whoever has that record. Nobody takes one apart: what kind of
thing it names, and when that was, are fields of the record itself.
"""

from __future__ import annotations

SEPARATOR = "~"
"""Between the parts of an id. Unreserved in URLs, and not allowed inside a call id."""


def join_id(*parts: object) -> str:
    """One id from its parts."""
    return SEPARATOR.join(str(part) for part in parts)
