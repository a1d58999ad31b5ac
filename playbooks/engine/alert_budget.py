"""``budget.yaml`` in the rules folder: how many alerts of a level a call may have at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.alert import AlertLevel

if TYPE_CHECKING:
    from playbooks.yaml_nodes import YamlField

FILE = "budget.yaml"
MAX_ALERTS = 1_000

Budget = dict[AlertLevel, int]
"""Alerts per call and level; a level that is not in it has no limit."""


def parse_budget(top: YamlField) -> Budget:
    """The budget. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(frozenset(level.value for level in AlertLevel))
    return {AlertLevel(name): part.integer(0, MAX_ALERTS) for name, part in block.fields.items()}
