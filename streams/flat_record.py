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
    Literal,
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
    SerializationInfo,
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

    _record_adapter: ClassVar[TypeAdapter[Any]]
    _derived_before: ClassVar[Mapping[str, str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        cls._derived_before = {field: name for name, field in cls.derived.items()}
        if not isinstance(cls.record_type(), TypeVar):
            cls._record_adapter = TypeAdapter(cls.record_type())

    @classmethod
    def record_type(cls) -> Any:
        """The class of the record."""
        return cls.model_fields["record"].annotation

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "record" in value:
            return value
        record = value | {_SPAN: value}
        for name in cls.omitted:
            record.pop(name, None)
        return value | {"record": record}

    @model_serializer(mode="plain")
    def _flatten(self, info: SerializationInfo) -> dict[str, Any]:
        flat: dict[str, Any] = {}
        for name, value in self.__dict__.items():
            if name == "record":
                mode: Literal["json", "python"] = "json" if info.mode == "json" else "python"
                flat |= self._flat_record(mode, exclude_defaults=info.exclude_defaults)
            elif not (info.exclude_defaults and value == type(self).model_fields[name].default):
                flat[name] = value
        # A serializer of its own gets these wishes and must grant them itself.
        excluded = set(info.exclude or ())
        return {name: value for name, value in flat.items() if name not in excluded}

    def _flat_record(
        self, mode: Literal["json", "python"], *, exclude_defaults: bool
    ) -> dict[str, Any]:
        record = self._record_adapter.dump_python(
            self.record, mode=mode, exclude_defaults=exclude_defaults
        )
        flat: dict[str, Any] = record.pop(_SPAN, {})
        before, omitted = self._derived_before, self.omitted
        for name, value in record.items():
            if name in before:
                flat[before[name]] = getattr(self.record, before[name])
            if name not in omitted:
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
        descriptions = describe_fields(cls.record_type())
        before = cls._derived_before
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
def describe_fields(record_type: Any) -> Mapping[str, str]:
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
    values = {name: getattr(record, name) for name in _bounded_fields(record_type)}
    changes = {
        name: _clip(values[name], *bounds)
        for name, bounds in _bounded_fields(record_type).items()
        if not _is_within(values[name], *bounds)
    }
    for field in fields(record_type) if omitted else ():
        if field.name in omitted and getattr(record, field.name) != field.default:
            changes[field.name] = field.default
    return replace(record, **changes) if changes else record  # type: ignore[type-var]


def _is_within(value: Any, low: float, high: float) -> bool:
    if isinstance(value, Mapping):
        return not value or (low <= min(value.values()) and max(value.values()) <= high)
    return value is None or low <= value <= high


def _clip(value: Any, low: float, high: float) -> Any:
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
