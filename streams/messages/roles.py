"""Who says something to the desk. The one place that knows the roles."""

from __future__ import annotations

from typing import Literal, TypeAlias

PersonRole: TypeAlias = Literal["agent", "supervisor"]
"""Who answers alerts and confirms steps."""

SealRole: TypeAlias = Literal[PersonRole, "desk"]
"""Who a bundle of evidence was sealed for: a person, or the desk by itself at a call's end."""
