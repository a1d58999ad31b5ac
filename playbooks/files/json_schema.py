"""The JSON Schema of a playbook file: editors complete keys and underline mistakes with it.

It says what the parsers of this package take, as far as a schema can. What needs more than one
value to judge (windows nothing fits into, circles) only loading can tell.
"""

from __future__ import annotations

from detectors.labels import Topic
from detectors.utterance import Language
from playbooks.alert import Action, AlertLevel
from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.conditions.mood_condition import MoodCondition
from playbooks.conditions.reading_condition import ReadingCondition
from playbooks.conditions.schema_parts import (
    CONDITION,
    CONDITION_LIST,
    DURATION,
    FLAG,
    Schema,
    block_schema,
    choice_schema,
    integer_schema,
    list_schema,
    text_schema,
)
from playbooks.sensitivity import SensitivityKind

ID: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 60}


def playbook_schema() -> Schema:
    """The whole schema (draft 2020-12)."""
    rung = {"level": choice_schema(AlertLevel), "title": _texts(300), "steps": _steps()}
    keys: Schema = {
        "id": ID | {"description": "The same as the file's name."},
        "version": integer_schema(1, 1_000_000)
        | {"description": "The next one whenever it changes."},
        "owner": text_schema(80) | {"description": "Who answers for this page."},
        **rung,
        "why": _texts(300) | {"description": "Shown to the agent: why did this open?"},
        "ladder": {
            "type": "array",
            "minItems": 2,
            "items": block_schema(rung, required_keys=rung),
            "description": "What the first, second, ... alert of a call says.",
        },
        "when": CONDITION | {"description": "What must happen."},
        "cooldown": DURATION | {"description": "Least time between two alerts in one call."},
        "at_most": integer_schema(1, 100) | {"description": "Alerts in one call."},
        "priority": integer_schema(0, 1_000),
        "sensitive": choice_schema(SensitivityKind),
        "supersedes": {"type": "array", "items": ID, "minItems": 1},
        "tests": {"type": "array", "items": _case(), "minItems": 2},
    }
    required = ("id", "version", "owner", "title", "why", "when", "tests")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A callmood playbook",
        **block_schema(keys, required_keys=required),
        "oneOf": [{"required": ["ladder"]}, {"required": ["level", "steps"]}],
        "$defs": {"condition": _condition()},
    }


def _condition() -> Schema:
    single = block_schema(condition_schemas()) | {"minProperties": 1, "maxProperties": 1}
    return {"oneOf": [single, CONDITION_LIST]}


def condition_schemas() -> dict[str, Schema]:
    """What may stand below each condition's name."""
    return {key: condition.json_schema() for key, condition in CONDITIONS.items()}


def _case() -> Schema:
    earlier = {"ago": DURATION, "kinds": list_schema(choice_schema(SensitivityKind))}
    keys = {
        "name": text_schema(120) | {"description": "What the test claims."},
        "language": choice_schema(Language),
        "queue": text_schema(128),
        "caller": list_schema(block_schema(earlier, required_keys=["ago"])),
        "timeline": list_schema(_timeline_entry()),
        "alerts": {"oneOf": [{"const": "none"}, list_schema(_alert())]},
    }
    return block_schema(keys, required_keys=("name", "timeline", "alerts"))


def _timeline_entry() -> Schema:
    state_keys = ("at_most", "until_level", "until_strain", "for")
    mood = {
        k: v for k, v in MoodCondition.json_schema()["properties"].items() if k not in state_keys
    }
    reading = ReadingCondition.json_schema()["properties"] | {"abstained": FLAG}
    keys = {
        "at": DURATION,
        "customer says": text_schema(600),
        "agent says": text_schema(600),
        "mood": block_schema(mood, required_keys=["level"]),
        "reading": block_schema({key: reading[key] for key in reading if key != "within"}),
        "topic": {"oneOf": [choice_schema(Topic), _topic_with_words()]},
        "silence": DURATION,
        "talk_over": {"type": "string", "pattern": r"^\S+ by (customer|agent)$"},
    }
    return block_schema(keys, required_keys=["at"]) | {"minProperties": 2, "maxProperties": 2}


def _topic_with_words() -> Schema:
    keys = {"is": choice_schema(Topic), "words": text_schema(600)}
    return block_schema(keys, required_keys=["is", "words"])


def _alert() -> Schema:
    keys = {"at": DURATION, "step": integer_schema(1, 100), "level": choice_schema(AlertLevel)}
    return block_schema(keys, required_keys=["at"])


def _steps() -> Schema:
    step = {
        "do": choice_schema(Action),
        **{language.value: text_schema(600) for language in Language},
    }
    return list_schema(block_schema(step, required_keys=list(Language)))


def _texts(max_length: int) -> Schema:
    return block_schema(
        {lang.value: text_schema(max_length) for lang in Language}, required_keys=list(Language)
    )
