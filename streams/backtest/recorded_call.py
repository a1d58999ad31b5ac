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

from detectors.errors import CallmoodError
from streams.advise.processor import SOURCES
from streams.cloudevents import parse_attributes, summarize_validation
from streams.ids import CALL_ID_PATTERN
from streams.messages.calls import CallEvent, TranscriptMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.cloudevents import Headers, Message
    from streams.topics import KafkaTopic

RECORDED_TOPICS: tuple[KafkaTopic, ...] = SOURCES
"""The topics that make up a recorded call: all that the playbooks' processor reads."""

MAX_LINE_BYTES = 1_048_576
"""Kafka takes no longer messages either, unless it is told to."""

_BY_TYPE: dict[str, tuple[int, type[Message]]] = {
    topic.message.ce_type: (rank, topic.message)
    for rank, topic in enumerate(RECORDED_TOPICS)
    if topic.message is not None
}


class RecordError(CallmoodError, ValueError):
    """Recorded calls cannot be used. One line, with what to do."""


class RecordLineError(ValueError):
    """One line of a record cannot be used: what is wrong with it, in a few words."""


@dataclass(frozen=True, slots=True)
class LineHeader:
    """What of a line is needed to sort it: whose it is, when it was sent and what it is.

    Attributes:
        rank: the place of its kind in `RECORDED_TOPICS`.
        is_call_start: it says that the call started.
        is_relevant: the playbooks look at it; partial lines they pass over.
    """

    call_id: str
    sent_at: datetime
    rank: int
    is_call_start: bool
    is_relevant: bool


def parse_header(line: bytes) -> LineHeader:
    """Look at one line.

    Raises:
        LineError: it is no CloudEvent of a kind that is recorded.
    """
    value = _parse_object(line)
    rank, _ = _find_type(value)
    data = value.get("data")
    if not isinstance(data, dict):
        message = "it has no data: an object is expected there"
        raise RecordLineError(message)
    call_id = data.get("call_id")
    if not isinstance(call_id, str) or not re.fullmatch(CALL_ID_PATTERN, call_id):
        message = f"its data has no call_id as calls have: {_truncate(call_id)}"
        raise RecordLineError(message)
    if value.get("subject") not in (None, call_id):
        message = (
            f"its subject is {_truncate(value['subject'])}, but its data is of call {call_id!r}"
        )
        raise RecordLineError(message)
    return LineHeader(
        call_id=call_id,
        sent_at=_parse_time(value.get("time")),
        rank=rank,
        is_call_start=RECORDED_TOPICS[rank].message is CallEvent and data.get("event") == "started",
        is_relevant=RECORDED_TOPICS[rank].message is not TranscriptMessage
        or data.get("final") is not False,
    )


def parse_message(line: bytes) -> Message:
    """The message that a line carries.

    Raises:
        LineError: its data is not what its type says.
    """
    value = _parse_object(line)
    _, message_type = _find_type(value)
    try:
        return message_type.model_validate(value.get("data"))
    except ValidationError as error:
        raise RecordLineError(summarize_validation(error)) from None


def encode_record(
    topic: KafkaTopic, value: bytes, headers: Headers, *, key: bytes, sent_at: datetime
) -> bytes:
    """A Kafka record (binary mode) as a line.

    Args:
        topic: where it lay; one of `RECORDED_TOPICS`.
        key: the call that it lay with: workers refuse a message of another call.
        value: the payload.
        headers: the CloudEvents attributes; what is missing is taken from the payload.
        sent_at: when the broker had it, for a message that does not say when it was made.

    Raises:
        LineError: the payload is not a JSON object.
    """
    data = _parse_object(value)
    attributes = parse_attributes(headers)
    return encode_event(
        {
            "id": attributes.get("id", ""),
            "source": attributes.get("source") or "callmood",
            "type": attributes.get("type") or (topic.message and topic.message.ce_type),
            "time": attributes.get("time") or sent_at.isoformat(timespec="microseconds"),
            "subject": key.decode(errors="replace"),
            "data": data,
        }
    )


def encode_message(message: Message, *, source: str, sent_at: datetime) -> bytes:
    """A message of our own as a line."""
    return encode_event(
        {
            "id": message.message_id,
            "source": source,
            "type": message.ce_type,
            "time": sent_at.isoformat(timespec="microseconds"),
            "subject": message.call_id,
            "data": message.model_dump(mode="json", exclude_defaults=True),
        }
    )


def encode_event(event: Mapping[str, Any]) -> bytes:
    """One CloudEvent as a line, its end included."""
    core = {"specversion": "1.0", "datacontenttype": "application/json"}
    return bytes(to_json({**core, **event})) + b"\n"


def _parse_object(line: bytes) -> dict[str, Any]:
    try:
        value = from_json(line)
    except ValueError as error:
        reason = " ".join(str(error).split()).replace("at line 1 column", "at column")
        message = f"it is no JSON ({reason})"
        raise RecordLineError(message) from None
    if not isinstance(value, dict):
        message = "it is no JSON object"
        raise RecordLineError(message)
    return value


def _find_type(value: Mapping[str, Any]) -> tuple[int, type[Message]]:
    name = value.get("type")
    if not isinstance(name, str):
        message = "it is no CloudEvent: it has no type"
        raise RecordLineError(message)
    if name not in _BY_TYPE:
        message = f"its type {_truncate(name)} is none of {', '.join(_BY_TYPE)}"
        raise RecordLineError(message)
    return _BY_TYPE[name]


def _parse_time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"its time {_truncate(text)} is no instant with a time zone"
    raise RecordLineError(message)


def _truncate(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  (fits a line)
