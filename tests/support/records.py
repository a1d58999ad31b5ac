"""Messages that differ from others in their records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from streams.messages.base import RecordMessage

MessageT = TypeVar("MessageT", bound=RecordMessage[Any])


def with_changes(message: MessageT, **changes: object) -> MessageT:
    """The message, with other fields in its record."""
    return message.model_copy(update={"record": replace(message.record, **changes)})
