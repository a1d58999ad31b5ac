"""Pieces of JSON Schema that several conditions and the whole file are put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

Schema = dict[str, Any]

DURATION: Schema = {
    "type": "string",
    "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$",
    "minLength": 2,
    "description": "A length of time: 20s, 1m30s, 500ms; for callers also 12h or 7d.",
}
RATIO: Schema = {"type": "number", "minimum": 0, "maximum": 1}
FLAG: Schema = {"type": "boolean"}
CONDITION: Schema = {"$ref": "#/$defs/condition"}
CONDITION_LIST: Schema = {"type": "array", "items": CONDITION, "minItems": 1}


def text_schema(max_length: int) -> Schema:
    """Text of 1 to ``max_length`` characters."""
    return {"type": "string", "minLength": 1, "maxLength": max_length}


def integer_schema(low: int, high: int) -> Schema:
    """A whole number from ``low`` to ``high``."""
    return {"type": "integer", "minimum": low, "maximum": high}


def choice_schema(words: type[StrEnum]) -> Schema:
    """One word of an enumeration."""
    return {"enum": [word.value for word in words]}


def list_schema(items: Schema) -> Schema:
    """At least one of something."""
    return {"type": "array", "items": items, "minItems": 1}


def block_schema(keys: Schema, *, required_keys: Iterable[str] = ()) -> Schema:
    """A mapping that has no other keys."""
    required = [str(key) for key in required_keys]
    block: Schema = {"type": "object", "properties": keys, "additionalProperties": False}
    return block | {"required": required} if required else block


def phrases_schema() -> Schema:
    """Phrases per language."""
    return {language.value: list_schema(text_schema(80)) for language in Language}
