"""Deterministic ids: what is seen twice has the same id, so that it is counted once."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

SEPARATOR = "~"
"""Between the parts of an id. Unreserved in URLs, and not allowed inside a call id."""

CALL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$"

CallId = Annotated[str, StringConstraints(pattern=CALL_ID_PATTERN)]
"""What a gateway calls a call: up to 128 letters, digits and ``. _ : @ + -``."""


def join_id(*parts: object) -> str:
    """One id from its parts."""
    return SEPARATOR.join(str(part) for part in parts)
