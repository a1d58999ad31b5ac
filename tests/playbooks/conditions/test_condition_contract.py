"""What is so of every condition, by being registered."""

from __future__ import annotations

import inspect
import json
import pkgutil
import string
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator

from detectors.utterance import Language
from playbooks import conditions
from playbooks.conditions.condition import Condition, ReasonedCondition
from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.conditions.condition_wording import ConditionWording
from playbooks.conditions.reason_wording import describe_condition
from playbooks.events import EventKind
from playbooks.files.condition_parser import parse_condition
from playbooks.files.json_schema import condition_schemas, playbook_schema
from playbooks.yaml_nodes import FileProblems, parse_yaml
from streams.site.translations import TranslationCatalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = [(key, text) for key, each in CONDITIONS.items() for text in each.EXAMPLES]
SCHEMAS = condition_schemas()

each_condition = pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS.keys())
each_example = pytest.mark.parametrize(("key", "text"), EXAMPLES, ids=str)


def _parse(key: str, text: str) -> Condition:
    problems = FileProblems("example.yaml")
    field = parse_yaml(f"{key}: {text}".encode(), problems)
    assert field is not None
    condition = parse_condition(field, {})
    assert problems.lines() == []
    return condition


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_condition_that_can_be_made_is_registered() -> None:
    there = {
        member
        for info in pkgutil.iter_modules(conditions.__path__, f"{conditions.__name__}.")
        for _, member in inspect.getmembers(import_module(info.name), inspect.isclass)
        if issubclass(member, Condition) and not inspect.isabstract(member)
    }
    assert there == set(CONDITIONS.values())
    assert all(key == condition.KEY for key, condition in CONDITIONS.items())


@each_condition
def test_every_condition_says_everything_about_itself(condition: type[Condition]) -> None:
    own = {name for each in condition.__mro__[:-1] for name in vars(each)}
    assert {"KEY", "INNER_KEYS", "EXAMPLES", "TEXTS"} <= vars(condition).keys() & own
    assert condition.EXAMPLES


@each_example
def test_every_condition_is_parsed_from_its_example(key: str, text: str) -> None:
    assert type(_parse(key, text)) is CONDITIONS[key]


@each_example
def test_the_schema_of_a_condition_takes_its_example(key: str, text: str) -> None:
    schema = {"$defs": playbook_schema()["$defs"], **SCHEMAS[key]}
    errors = Draft202012Validator(schema).iter_errors(yaml.safe_load(text))
    assert [error.message for error in errors] == []


@each_condition
def test_a_condition_refuses_keys_that_it_does_not_know(condition: type[Condition]) -> None:
    problems = FileProblems("example.yaml")
    field = parse_yaml(f"{condition.KEY}: {{colour: red}}".encode(), problems)
    assert field is not None
    parse_condition(field, {})
    assert problems.lines()
    schema = {"$defs": playbook_schema()["$defs"], **SCHEMAS[condition.KEY]}
    assert not Draft202012Validator(schema).is_valid({"colour": "red"})


@each_condition
def test_every_sentence_of_a_condition_is_there_in_every_language_with_the_same_places(
    condition: type[Condition],
) -> None:
    for name, texts in condition.TEXTS.items():
        assert texts.keys() == set(Language), name
        if not name.endswith(".one"):
            assert len({frozenset(_places(text)) for text in texts.values()}) == 1, name


@each_example
@pytest.mark.parametrize("language", Language)
def test_every_condition_is_read_in_every_language(key: str, text: str, language: Language) -> None:
    words = describe_condition(_parse(key, text), load_catalogue(language))
    assert words
    assert not {"{", "}", "*"} & set(words)


def test_a_third_language_is_one_catalogue_and_changes_no_class() -> None:
    class Everything(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return f"<{key}>"

        def get(self, key: str, default: object = None) -> str:  # type: ignore[override]
            del default
            return self[key]

    phrases: Mapping[str, str] = Everything()
    foreign = TranslationCatalogue(Language.ENGLISH, phrases)
    for key, text in EXAMPLES:
        condition = _parse(key, text)
        english = describe_condition(condition, load_catalogue(Language.ENGLISH))
        assert describe_condition(condition, foreign) != english
        assert f"<condition.{key}." in describe_condition(condition, foreign)


@each_example
def test_a_mutation_differs_from_its_condition_and_can_be_named(key: str, text: str) -> None:
    condition = _parse(key, text)
    mutations = list(condition.mutations())
    assert all(name and mutant != condition for name, mutant in mutations)
    assert len({name for name, _ in mutations}) == len(mutations)


@each_example
def test_a_condition_answers_whether_and_when_it_can_happen(key: str, text: str) -> None:
    condition = _parse(key, text)
    flags = (
        condition.is_trigger,
        condition.is_time_driven,
        condition.is_instantaneous,
        condition.is_start_only,
        condition.is_compound,
    )
    assert all(isinstance(flag, bool) for flag in flags)
    start_ms, end_ms = condition.call_window_ms
    assert end_ms is None or start_ms < end_ms
    assert condition.min_duration_ms >= 0
    assert condition.retention_ms > 0
    assert condition.find_problem() is None
    assert condition.short_name.startswith(key)
    assert all(isinstance(kind, EventKind) for leaf in condition.leaves for kind in leaf.kinds)


@each_example
def test_only_what_notices_events_or_the_time_can_change_a_playbook_s_mind(
    key: str, text: str
) -> None:
    condition = _parse(key, text)
    notices = any(leaf.kinds for leaf in condition.leaves)
    assert not condition.is_trigger or notices or condition.is_time_driven


@each_condition
def test_a_condition_with_reasons_has_a_sentence_for_them(condition: type[Condition]) -> None:
    has_reason_text = any(name.startswith("reason") for name in condition.TEXTS)
    is_phase = condition.KEY == "phase"  # its reason is the phase's own name
    assert issubclass(condition, ReasonedCondition) == (has_reason_text or is_phase)


def test_wording_fills_in_what_people_said_without_reading_it_as_a_template() -> None:
    wording = ConditionWording(load_catalogue(Language.ENGLISH))
    text = wording.text(CONDITIONS["said"], "reason.customer", text="{speaker} {0}")
    assert text == "customer said “{speaker} {0}”"


def test_the_registry_is_in_the_order_of_the_schema() -> None:
    assert list(SCHEMAS) == list(CONDITIONS)
    assert json.dumps(SCHEMAS)
