"""A record in an envelope whose fields lie side by side in JSON: on the wire and in the API.

The record is a frozen value of the pure core (`detectors`, `playbooks`) and the only place where
its fields are listed. What travels or is answered is made of it here, and so are the schemas: a
field that is added to the record is on the wire and in the API at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from annotated_types import Ge, Le
from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)

RecordT = TypeVar("RecordT")

_SPAN = "span"
"""The one field that is flattened with the record: its start and end lie beside the others."""

_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n        .+)*)", re.MULTILINE)


class FlatRecord(BaseModel, Generic[RecordT]):
    """An envelope and a record; in JSON there is only one level.

    Attributes:
        derived: properties of the record that are written too, for readers who cannot derive
            them: by name, the field that they are written before.
        omitted: fields of the record that are never written, each with the reason.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    derived: ClassVar[Mapping[str, str]] = {}
    omitted: ClassVar[Mapping[str, str]] = {}

    record: RecordT

    @classmethod
    def record_type(cls) -> type[Any]:
        """The class of the record."""
        annotation: Any = cls.model_fields["record"].annotation
        return annotation  # type: ignore[no-any-return]

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "record" in value:
            return value
        record = {name: part for name, part in value.items() if name not in cls.omitted}
        return value | {"record": record | {_SPAN: value}}

    @model_serializer(mode="wrap")
    def _flatten(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        envelope: dict[str, Any] = handler(self)
        flat: dict[str, Any] = {}
        for name, value in envelope.items():
            flat |= self._flat_values(value) if name == "record" else {name: value}
        return flat

    def _flat_values(self, record: dict[str, Any]) -> dict[str, Any]:
        flat = dict(record.pop(_SPAN, {}))
        before = {field: name for name, field in self.derived.items()}
        for name, value in record.items():
            if name in before:
                flat[before[name]] = getattr(self.record, before[name])
            if name not in self.omitted:
                flat[name] = value
        return flat

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(_without_serializer(core_schema)))
        record_schema = handler.resolve_ref_schema(schema["properties"]["record"])
        properties: dict[str, Any] = {}
        required: list[str] = []
        for name, part in schema["properties"].items():
            own = [(name, part, name in schema["required"])]
            flat = cls._flat_properties(record_schema, handler) if name == "record" else own
            for flat_name, flat_part, is_required in flat:
                properties.setdefault(flat_name, flat_part)
                if is_required and flat_name not in required:
                    required.append(flat_name)
        return schema | {"properties": properties, "required": required}

    @classmethod
    def _flat_properties(
        cls, record_schema: dict[str, Any], handler: GetJsonSchemaHandler
    ) -> list[tuple[str, dict[str, Any], bool]]:
        properties, required = record_schema["properties"], record_schema["required"]
        descriptions = describe_fields(cls.record_type())  # type: ignore[arg-type]  # classes are hashable
        before = {field: name for name, field in cls.derived.items()}
        flat: list[tuple[str, dict[str, Any], bool]] = []
        if _SPAN in properties:
            span = handler.resolve_ref_schema(properties[_SPAN])
            flat += [(name, part, True) for name, part in span["properties"].items()]
        for name, part in properties.items():
            if name in before:
                flat.append((before[name], cls._derived_schema(before[name], handler), True))
            if name != _SPAN and name not in cls.omitted:
                text = {"description": descriptions[name]} if name in descriptions else {}
                flat.append((name, part | text, name in required))
        return flat

    @classmethod
    def _derived_schema(cls, name: str, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        getter = getattr(cls.record_type(), name).fget
        returned = TypeAdapter(get_type_hints(getter)["return"])
        return handler(returned.core_schema)


def _without_serializer(core_schema: Any) -> Any:
    """The schema of what is validated; the serialised form is described from it."""
    inner = (
        {"schema": _without_serializer(core_schema["schema"])} if "schema" in core_schema else {}
    )
    return {name: part for name, part in core_schema.items() if name != "serialization"} | inner


@cache
def describe_fields(record_type: type[Any]) -> Mapping[str, str]:
    """What a record's docstring says of its fields, by name."""
    doc = inspect.getdoc(record_type) or ""
    _, _, attributes = doc.partition("Attributes:\n")
    texts = ((name, " ".join(text.split())) for name, text in _ATTRIBUTE.findall(attributes))
    return {name: text[0].upper() + text[1:] for name, text in texts}


def clip_to_bounds(record: RecordT, *, omitted: Mapping[str, str]) -> RecordT:
    """The record with ratios that rounding pushed over their bounds pulled back.

    Args:
        record: a frozen dataclass.
        omitted: fields that are set back to what they are by default.
    """
    record_type: Any = type(record)
    changes = {
        name: _clip(getattr(record, name), low, high)
        for name, (low, high) in _bounded_fields(record_type).items()
    }
    changes |= {field.name: field.default for field in fields(record_type) if field.name in omitted}
    return replace(record, **changes) if changes else record  # type: ignore[type-var]


def _clip(value: Any, low: float, high: float) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: _clip(part, low, high) for key, part in value.items()}
    return min(high, max(low, float(value)))


@cache
def _bounded_fields(record_type: type[Any]) -> Mapping[str, tuple[float, float]]:
    hints = get_type_hints(record_type, include_extras=True)
    found = {name: _bounds(hint) for name, hint in hints.items()}
    return {name: bounds for name, bounds in found.items() if bounds is not None}


def _bounds(hint: Any) -> tuple[float, float] | None:
    """Of a float with both bounds, or of an optional one, or of a mapping of them."""
    if get_origin(hint) is Annotated and hint.__origin__ is float:
        marks = hint.__metadata__
        low = next(mark.ge for mark in marks if isinstance(mark, Ge))
        high = next(mark.le for mark in marks if isinstance(mark, Le))
        return cast("float", low), cast("float", high)
    return next(filter(None, map(_bounds, get_args(hint))), None)
