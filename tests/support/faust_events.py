"""Faust's own events, made without a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.events import Event
from faust.types.tuples import TP, Message

if TYPE_CHECKING:
    from streams.cloudevents import Headers


def faust_event(  # noqa: PLR0913  (what a record has)
    topic: str,
    *,
    offset: int,
    key: bytes | None = None,
    value: bytes | None = None,
    headers: Headers | None = None,
    partition: int = 0,
) -> Any:
    """An event as a stream hands it on: keys and values are raw, as our topics say."""
    message = Message(
        topic,
        partition,
        offset,
        timestamp=1_700_000_000.0,
        timestamp_type=0,
        headers=headers or [],
        key=key,
        value=value,
        checksum=None,
        tp=TP(topic, partition),
    )
    return Event(None, key, value, dict(headers or []), message)
