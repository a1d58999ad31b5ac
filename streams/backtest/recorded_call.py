"""A recorded call: JSON lines, each a CloudEvent in the structured JSON format.

Recorded is what the playbooks' processor reads, and nothing else: no audio, no moods (they are
made again), no alerts. Source: CloudEvents 1.0.2, JSON event format, section 3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from streams.advise.processor import SOURCES
from streams.cloudevents import attributes_of, one_line
from streams.ids import CALL_ID_PATTERN
from streams.messages.records import CallEvent, TranscriptMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.cloudevents import Headers, Message
    from streams.topics import KafkaTopic

KINDS: tuple[KafkaTopic, ...] = SOURCES
"""The topics that make up a recorded call: all that the playbooks' processor reads."""

MAX_LINE_BYTES = 1_048_576
"""Kafka takes no longer messages either, unless it is told to."""

_BY_TYPE: dict[str, tuple[int, type[Message]]] = {
    topic.message.ce_type: (rank, topic.message)
    for rank, topic in enumerate(KINDS)
    if topic.message is not None
}


class RecordedError(ValueError):
    """Recorded calls cannot be used. One line, with what to do."""


class LineError(ValueError):
    """One line of a record cannot be used: what is wrong with it, in a few words."""


@dataclass(frozen=True, slots=True)
class Head:
    """What of a line is needed to sort it: whose it is, when it was sent and what it is.

    Attributes:
        rank: the place of its kind in `KINDS`.
        starts: it says that the call started.
        wanted: the playbooks look at it; partial lines they pass over.
    """

    call_id: str
    sent_at: datetime
    rank: int
    starts: bool
    wanted: bool


def head_of(line: bytes) -> Head:
    """Look at one line.

    Raises:
        LineError: it is no CloudEvent of a kind that is recorded.
    """
    value = _object(line)
    rank, _ = _kind(value)
    data = value.get("data")
    if not isinstance(data, dict):
        message = "it has no data: an object is expected there"
        raise LineError(message)
    call_id = data.get("call_id")
    if not isinstance(call_id, str) or not re.fullmatch(CALL_ID_PATTERN, call_id):
        message = f"its data has no call_id as calls have: {_short(call_id)}"
        raise LineError(message)
    if value.get("subject") not in (None, call_id):
        message = f"its subject is {_short(value['subject'])}, but its data is of call {call_id!r}"
        raise LineError(message)
    return Head(
        call_id=call_id,
        sent_at=_time(value.get("time")),
        rank=rank,
        starts=KINDS[rank].message is CallEvent and data.get("event") == "started",
        wanted=KINDS[rank].message is not TranscriptMessage or data.get("final") is not False,
    )


def message_of(line: bytes) -> Message:
    """The message that a line carries.

    Raises:
        LineError: its data is not what its type says.
    """
    value = _object(line)
    _, kind = _kind(value)
    try:
        return kind.model_validate(value.get("data"))
    except ValidationError as error:
        raise LineError(one_line(error)) from None


def line_of(
    topic: KafkaTopic, value: bytes, headers: Headers, *, key: bytes, sent_at: datetime
) -> bytes:
    """A Kafka record (binary mode) as a line.

    Args:
        topic: where it lay; one of `KINDS`.
        key: the call that it lay with: workers refuse a message of another call.
        value: the payload.
        headers: the CloudEvents attributes; what is missing is taken from the payload.
        sent_at: when the broker had it, for a message that does not say when it was made.

    Raises:
        LineError: the payload is not a JSON object.
    """
    data = _object(value)
    given = attributes_of(headers)
    return written(
        {
            "id": given.get("id", ""),
            "source": given.get("source") or "callmood",
            "type": given.get("type") or (topic.message and topic.message.ce_type),
            "time": given.get("time") or sent_at.isoformat(timespec="microseconds"),
            "subject": key.decode(errors="replace"),
            "data": data,
        }
    )


def line_of_message(message: Message, *, source: str, sent_at: datetime) -> bytes:
    """A message of our own as a line."""
    return written(
        {
            "id": message.message_id,
            "source": source,
            "type": message.ce_type,
            "time": sent_at.isoformat(timespec="microseconds"),
            "subject": message.call_id,
            "data": message.model_dump(mode="json", exclude_defaults=True),
        }
    )


def written(event: Mapping[str, Any]) -> bytes:
    """One CloudEvent as a line, its end included."""
    core = {"specversion": "1.0", "datacontenttype": "application/json"}
    return bytes(to_json({**core, **event})) + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = from_json(line)
    except ValueError as error:
        told = " ".join(str(error).split()).replace("at line 1 column", "at column")
        message = f"it is no JSON ({told})"
        raise LineError(message) from None
    if not isinstance(value, dict):
        message = "it is no JSON object"
        raise LineError(message)
    return value


def _kind(value: Mapping[str, Any]) -> tuple[int, type[Message]]:
    name = value.get("type")
    if not isinstance(name, str):
        message = "it is no CloudEvent: it has no type"
        raise LineError(message)
    if name not in _BY_TYPE:
        message = f"its type {_short(name)} is none of {', '.join(_BY_TYPE)}"
        raise LineError(message)
    return _BY_TYPE[name]


def _time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"its time {_short(text)} is no instant with a time zone"
    raise LineError(message)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  (fits a line)
