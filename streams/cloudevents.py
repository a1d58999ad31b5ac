"""CloudEvents over Kafka, binary mode: attributes in ``ce_*`` headers, the payload in the value.

Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2. Two kinds of messages exist:
JSON messages, whose fields are the value, and binary messages (audio), whose fields are
headers, so that sound is never base64 in JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from streams.ids import CallId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Headers = list[tuple[str, bytes]]

_UNKNOWN_TYPE = "callmood.unknown.v1"


class MessageError(ValueError):
    """A message is not what its topic carries. The text is one line."""


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Message(BaseModel):
    """What every message has: the call it belongs to, which is also its Kafka key, but for one."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    ce_type: ClassVar[str] = _UNKNOWN_TYPE
    content_type: ClassVar[str] = "application/json"

    call_id: CallId

    @property
    def message_id(self) -> str:
        """Deterministic id of what is said, not of the saying (``ce_id``)."""
        raise NotImplementedError

    @property
    def record_id(self) -> str:
        """Deterministic id of the record that it is a state of: a row in the database."""
        return self.message_id

    @property
    def key(self) -> str:
        """Its Kafka key. What has the same key stays on one worker and in order."""
        return self.call_id

    def value(self) -> bytes:
        """The payload."""
        return self.model_dump_json().encode()

    def attributes(self) -> dict[str, str]:
        """CloudEvents extension attributes: names of lower-case letters and digits."""
        return {}

    def headers(self, *, source: str, time: datetime | None = None) -> Headers:
        """The Kafka headers: CloudEvents' required attributes, time, subject, extensions."""
        attributes = {
            "specversion": "1.0",
            "id": self.message_id,
            "source": source,
            "type": self.ce_type,
            "time": (time or now()).isoformat(timespec="microseconds"),
            "subject": self.key,
        }
        ce_headers = [
            (f"ce_{name}", text.encode()) for name, text in (attributes | self.attributes()).items()
        ]
        return [*ce_headers, ("content-type", self.content_type.encode())]

    @classmethod
    def decode(cls, value: bytes, headers: Iterable[tuple[str, bytes]]) -> Self:
        """Read a message back.

        Raises:
            MessageError: it is not one of this kind.
        """
        del headers
        return cls._validate(lambda: cls.model_validate_json(value))

    @classmethod
    def _validate(cls, make: Callable[[], Self]) -> Self:
        try:
            return make()
        except ValidationError as error:
            raise MessageError(summarize_validation(error)) from None


class BinaryMessage(Message):
    """A message whose value is not JSON: its fields travel as extension attributes."""

    payload: bytes

    def value(self) -> bytes:  # noqa: D102
        return self.payload

    def attributes(self) -> dict[str, str]:  # noqa: D102
        fields = self.model_dump(mode="json", exclude={"payload", "call_id"}, exclude_none=True)
        return {_attribute_name(name): _to_text(value) for name, value in fields.items()}

    @classmethod
    def decode(cls, value: bytes, headers: Iterable[tuple[str, bytes]]) -> Self:  # noqa: D102
        attributes = parse_attributes(headers)
        fields: dict[str, object] = {
            name: attributes[_attribute_name(name)]
            for name in cls.model_fields
            if _attribute_name(name) in attributes
        }
        fields |= {"call_id": attributes.get("subject", ""), "payload": value}
        return cls._validate(lambda: cls.model_validate(fields))


def parse_attributes(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The ``ce_*`` headers by name, without the prefix; bytes that are no UTF-8 are replaced."""
    return {
        name[3:]: (value or b"").decode("utf-8", errors="replace")
        for name, value in headers
        if name.startswith("ce_")
    }


def parse_time(headers: Iterable[tuple[str, bytes]]) -> datetime | None:
    """When the message was made (``ce_time``), if it says so readably and with its zone."""
    text = parse_attributes(headers).get("time", "")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def _attribute_name(field: str) -> str:
    return field.replace("_", "")


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def _name_field(location: Sequence[int | str]) -> str:
    """As the sender wrote it: record and span are our own levels, the wire is flat."""
    names = [str(part) for part in location if part not in ("record", "span")]
    return ".".join(names) or "value"


def summarize_validation(error: ValidationError) -> str:
    """What is wrong with a message, at most five things of it."""
    faults = (
        f"{_name_field(problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )
    problems = list(dict.fromkeys(faults))  # a field of envelope and record is missed twice
    return "; ".join(problems[:5]) + ("; ..." if len(problems) > 5 else "")  # noqa: PLR2004
