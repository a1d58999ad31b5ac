"""What a call id may be. Records' own ids are made by `detectors.record_ids`."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

CALL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$"

CallId = Annotated[str, StringConstraints(pattern=CALL_ID_PATTERN)]
"""What a gateway calls a call: up to 128 letters, digits and ``. _ : @ + -``."""
