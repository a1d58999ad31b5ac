"""Why an alert came: a code with parameters. It becomes words where somebody reads it.

A reason is made in one call and read by people of several languages, so it holds no sentence:
`playbooks.conditions.reason_wording` makes one in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotation
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

TEXT = "text"
"""The code of a reason that is a finished sentence: those of versions before there were codes."""

ReasonValue: TypeAlias = str | bool | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence that a person can check.

    Attributes:
        code: what kind of evidence: the key of the condition that it speaks for, or `TEXT`.
        parameters: what was seen, as JSON types.
    """

    code: str
    parameters: Mapping[str, ReasonValue] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, **parameters: ReasonValue | None) -> Reason:
        """With the parameters that are not ``None``; words of an enumeration as plain text."""
        return cls(
            code, {key: _to_plain(value) for key, value in parameters.items() if value is not None}
        )

    @classmethod
    def from_text(cls, text: str) -> Reason:
        """A finished sentence, which is shown as it is."""
        return cls(TEXT, {TEXT: text})

    @classmethod
    def from_json(cls, value: str | Mapping[str, Any]) -> Reason:
        """Read what `to_json` wrote, or the plain text of a version before.

        Raises:
            KeyError, TypeError, AttributeError: it is something else.
        """
        if isinstance(value, str):
            return cls.from_text(value)
        return cls(
            value["code"],
            {key: _to_tuple(part) for key, part in value.get("parameters", {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """As ``{"code": ..., "parameters": {...}}``."""
        parameters = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in self.parameters.items()
        }
        return {"code": self.code, "parameters": parameters}

    def word(self, name: str) -> str:
        """A parameter as text.

        Raises:
            KeyError: it has none of this name.
        """
        return str(self.parameters[name])

    def number(self, name: str, default: float | None = None) -> float:
        """A parameter as a number.

        Raises:
            KeyError: it has none of this name, and there is no default.
            ValueError: it is no number.
        """
        value = self.parameters[name] if default is None else self.parameters.get(name, default)
        if isinstance(value, str | tuple):
            message = f"{name} of the reason {self.code} is no number: {value!r}"
            raise ValueError(message)  # noqa: TRY004 - what was sent is wrong, not the code
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A parameter as a list of texts; empty where it has none of this name."""
        value = self.parameters.get(name, ())
        return value if isinstance(value, tuple) else (str(value),)

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted(self.parameters.items()))))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """At a border: as any other record, and plain text as `from_text` takes it."""
        from pydantic_core import core_schema  # noqa: PLC0415 - only borders have pydantic

        return core_schema.no_info_before_validator_function(_convert_text, handler(source))


def _convert_text(value: object) -> object:
    return Reason.from_text(value) if isinstance(value, str) else value


def _to_plain(value: ReasonValue) -> ReasonValue:
    return value.value if isinstance(value, Enum) else value


def _to_tuple(value: Any) -> ReasonValue:
    return tuple(value) if isinstance(value, list) else value
