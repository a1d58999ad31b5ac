"""The JSON Schema of a playbook file: editors complete keys and underline mistakes with it.

It says what the parsers of this package take, as far as a schema can. What needs more than one
value to judge (windows nothing fits into, circles) only loading can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Contrast, Modality
from detectors.utterance import Language, Speaker
from playbooks.alert import Action, AlertLevel
from playbooks.conditions.call_phase import Phase
from playbooks.files.said_parser import EITHER
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
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
ID: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 60}
CONDITION: Schema = {"$ref": "#/$defs/condition"}
CONDITION_LIST: Schema = {"type": "array", "items": CONDITION, "minItems": 1}


def playbook_schema() -> Schema:
    """The whole schema (draft 2020-12)."""
    rung = {"level": _one_of(AlertLevel), "title": _texts(300), "steps": _steps()}
    keys: Schema = {
        "id": ID | {"description": "The same as the file's name."},
        "version": _number(1, 1_000_000) | {"description": "The next one whenever it changes."},
        "owner": _text(80) | {"description": "Who answers for this page."},
        **rung,
        "why": _texts(300) | {"description": "Shown to the agent: why did this open?"},
        "ladder": {
            "type": "array",
            "minItems": 2,
            "items": _block(rung, required_keys=rung),
            "description": "What the first, second, ... alert of a call says.",
        },
        "when": CONDITION | {"description": "What must happen."},
        "cooldown": DURATION | {"description": "Least time between two alerts in one call."},
        "at_most": _number(1, 100) | {"description": "Alerts in one call."},
        "priority": _number(0, 1_000),
        "sensitive": _one_of(SensitivityKind),
        "supersedes": {"type": "array", "items": ID, "minItems": 1},
        "tests": {"type": "array", "items": _case(), "minItems": 2},
    }
    required = ("id", "version", "owner", "title", "why", "when", "tests")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A callmood playbook",
        **_block(keys, required_keys=required),
        "oneOf": [{"required": ["ladder"]}, {"required": ["level", "steps"]}],
        "$defs": {"condition": _condition()},
    }


def _condition() -> Schema:
    single = _block(condition_schemas()) | {"minProperties": 1, "maxProperties": 1}
    return {"oneOf": [single, CONDITION_LIST]}


def condition_schemas() -> dict[str, Schema]:
    """What may stand below each condition's name."""
    return _operator_schemas() | _event_schemas() | _state_schemas()


def _operator_schemas() -> dict[str, Schema]:
    within = {"within": DURATION}
    return {
        "all": CONDITION_LIST,
        "any": CONDITION_LIST,
        "not": CONDITION,
        "count": _block(
            {"at_least": _number(2, 50), "of": CONDITION} | within,
            required_keys=("at_least", "within", "of"),
        ),
        "sequence": _block(
            {"of": CONDITION_LIST | {"minItems": 2}} | within, required_keys=("within", "of")
        ),
        "missing": _block(
            {"of": CONDITION, "after": CONDITION} | within, required_keys=("within", "of")
        ),
    }


def _event_schemas() -> dict[str, Schema]:
    within = {"within": DURATION}
    said = {
        "by": {"enum": [*_one_of(Speaker)["enum"], EITHER]},
        **_phrases(),
        "exact": _block(_phrases()),
        "pattern": _list({"type": "string", "maxLength": 200}),
        "lexicon": {"oneOf": [{"type": "string"}, _list({"type": "string"})]},
        "but_not": _block(_phrases()),
    }
    reading = {
        "label": _one_of(Emotion),
        "score": RATIO,
        "confidence": RATIO,
        "from": _one_of(Modality),
    }
    at_least = {"at_least": DURATION} | within
    return {
        "said": _block(said | within),
        "topic": {
            "oneOf": [_one_of(Topic), _block({"is": _one_of(Topic)} | within, required_keys=["is"])]
        },
        "reading": _block(reading | within, required_keys=["label"]),
        "silence": {"oneOf": [DURATION, _block(at_least, required_keys=["at_least"])]},
        "talk_over": {
            "oneOf": [
                DURATION,
                _block(at_least | {"by": _one_of(Speaker)}, required_keys=["at_least"]),
            ]
        },
    }


def _state_schemas() -> dict[str, Schema]:
    mood = {
        "level": _one_of(MoodLevel),
        "at_most": _one_of(MoodLevel),
        "until_level": _one_of(MoodLevel),
        "strain": RATIO,
        "until_strain": RATIO,
        "label": _one_of(Emotion),
        "trend": _one_of(Trend),
        "shift": FLAG,
        "disagreement": FLAG,
        "contrast": _one_of(Contrast),
        "for": DURATION,
    }
    caller = {"calls": _number(2, 20), "within": DURATION, "kind": _one_of(SensitivityKind)}
    return {
        "mood": _block(mood),
        "queue": {"oneOf": [_text(128), _list(_text(128))]},
        "language": _one_of(Language),
        "call_time": _block({"after": DURATION, "before": DURATION}),
        "phase": {"oneOf": [_one_of(Phase), _list(_one_of(Phase))]},
        "repeat_caller": _block(caller, required_keys=["within"]),
    }


def _case() -> Schema:
    earlier = {"ago": DURATION, "kinds": _list(_one_of(SensitivityKind))}
    keys = {
        "name": _text(120) | {"description": "What the test claims."},
        "language": _one_of(Language),
        "queue": _text(128),
        "caller": _list(_block(earlier, required_keys=["ago"])),
        "timeline": _list(_timeline_entry()),
        "alerts": {"oneOf": [{"const": "none"}, _list(_alert())]},
    }
    return _block(keys, required_keys=("name", "timeline", "alerts"))


def _timeline_entry() -> Schema:
    state_keys = ("at_most", "until_level", "until_strain", "for")
    mood = {k: v for k, v in _state_schemas()["mood"]["properties"].items() if k not in state_keys}
    reading = _event_schemas()["reading"]["properties"] | {"abstained": FLAG}
    keys = {
        "at": DURATION,
        "customer says": _text(600),
        "agent says": _text(600),
        "mood": _block(mood, required_keys=["level"]),
        "reading": _block({key: reading[key] for key in reading if key != "within"}),
        "topic": _one_of(Topic),
        "silence": DURATION,
        "talk_over": {"type": "string", "pattern": r"^\S+ by (customer|agent)$"},
    }
    return _block(keys, required_keys=["at"]) | {"minProperties": 2, "maxProperties": 2}


def _alert() -> Schema:
    keys = {"at": DURATION, "step": _number(1, 100), "level": _one_of(AlertLevel)}
    return _block(keys, required_keys=["at"])


def _steps() -> Schema:
    step = {"do": _one_of(Action), **{language.value: _text(600) for language in Language}}
    return _list(_block(step, required_keys=list(Language)))


def _phrases() -> Schema:
    return {language.value: _list(_text(80)) for language in Language}


def _texts(max_length: int) -> Schema:
    return _block(
        {lang.value: _text(max_length) for lang in Language}, required_keys=list(Language)
    )


def _text(max_length: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": max_length}


def _number(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _one_of(words: type[StrEnum]) -> Schema:
    return {"enum": [word.value for word in words]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _block(keys: Schema, *, required_keys: object = ()) -> Schema:
    required = [str(key) for key in required_keys]  # type: ignore[attr-defined]
    block: Schema = {"type": "object", "properties": keys, "additionalProperties": False}
    return block | {"required": required} if required else block
