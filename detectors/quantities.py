"""Quantities that records are made of, with their bounds.

A value is not checked where it is made; whoever reads a record from outside checks it against
these (`pydantic.TypeAdapter`).
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le

Ms = Annotated[int, Ge(0), Le(24 * 3_600_000)]
"""Milliseconds since the call's start; no call lasts longer than a day."""

Ratio = Annotated[float, Ge(0.0), Le(1.0)]
"""A probability or a proportion."""

Valence = Annotated[float, Ge(-1.0), Le(1.0)]
"""-1 unpleasant, 1 pleasant."""
