from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.files.json_schema import condition_schemas, playbook_schema
from playbooks.files.loader import LIBRARY, SCHEMA, find_playbook_files
from playbooks.files.playbook_parser import PLAYBOOK_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.golden import Golden

VALIDATOR = Draft202012Validator(playbook_schema())
LOST_CARD = {
    "id": "card-lost",
    "version": 1,
    "owner": "cards",
    "level": "warning",
    "title": {"ko": "카드 분실", "en": "Lost card"},
    "why": {"ko": "빠를수록 좋습니다.", "en": "The sooner the better."},
    "steps": [{"do": "read_out", "ko": "정지하겠습니다.", "en": "I will block it."}],
    "when": {"said": {"en": ["lost my card"]}},
    "tests": [
        {"name": "a", "timeline": [{"at": "1s", "customer says": "x"}], "alerts": [{"at": "1s"}]},
        {"name": "b", "timeline": [{"at": "1s", "customer says": "x"}], "alerts": "none"},
    ],
}


@pytest.mark.parametrize("file", find_playbook_files(LIBRARY), ids=lambda file: file.stem)
def test_every_playbook_of_the_library_is_what_the_schema_says(file: Path) -> None:
    loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(loaded)] == []


def test_the_schema_knows_every_key_and_every_condition() -> None:
    assert playbook_schema()["properties"].keys() == PLAYBOOK_KEYS
    assert condition_schemas().keys() == CONDITIONS.keys()


def test_the_file_that_editors_read_is_the_schema(golden: Golden) -> None:
    golden.check(SCHEMA, json.dumps(playbook_schema(), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize(
    "changed",
    [
        {"onwer": "x"},
        {"level": "loud"},
        {"title": {"ko": "카드"}},
        {"version": 0},
        {"steps": [{"ko": "하나"}]},
        {"when": {"said": {"en": ["x"]}, "topic": "abuse"}},
        {"when": {"weather": "rain"}},
        {"when": {"silence": "soon"}},
        {"tests": []},
        {"ladder": [{"level": "notice"}]},
    ],
    ids=str,
)
def test_what_loading_refuses_for_its_shape_the_schema_refuses(changed: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(LOST_CARD)
    assert not VALIDATOR.is_valid(LOST_CARD | changed)
