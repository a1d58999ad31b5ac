"""Parsing the ``when`` of a rule file: from its YAML nodes to a condition."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playbooks.conditions.all_of import AllOf
from playbooks.conditions.condition import ParseContext
from playbooks.conditions.condition_registry import CONDITIONS

if TYPE_CHECKING:
    from playbooks.conditions.condition import Condition
    from playbooks.text.word_lists import WordLists
    from playbooks.yaml_nodes import YamlField

_MISPLACED_KEY_HINTS = {
    name: f"indent it, so that it stands inside {condition.KEY}"
    for condition in CONDITIONS.values()
    for name in condition.INNER_KEYS
}
"""What people write beside a condition that belongs into it."""


def parse_condition(field: YamlField, lexicon: WordLists) -> Condition:
    """One node of ``when``: a block with exactly one key, or a list of which all must hold."""
    context = ParseContext(lexicon, partial(parse_condition, lexicon=lexicon))
    if field.is_list:
        return _check_condition(AllOf.parse(field, context), field)
    block = field.block(CONDITIONS.keys(), hints=_MISPLACED_KEY_HINTS)
    if len(block.fields) != 1:
        if len(block.fields) > 1:
            field.add_problem(
                "two conditions side by side", 'put them in a list below "all" or "any"'
            )
        elif field.is_block and not field.problems.entries:
            field.add_problem("an empty condition", "write one")
        return AllOf(())
    name, part = next(iter(block.fields.items()))
    return _check_condition(CONDITIONS[name].parse(part, context), part)


def _check_condition(condition: Condition, field: YamlField) -> Condition:
    """Note, at the condition's own place, that it can never hold."""
    if problem := condition.find_problem():
        field.add_problem(*problem)
    return condition
