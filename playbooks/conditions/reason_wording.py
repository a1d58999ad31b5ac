"""Conditions and reasons as their reader reads them, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.condition import ReasonedCondition
from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.conditions.condition_wording import ConditionWording
from playbooks.reason import TEXT

if TYPE_CHECKING:
    from playbooks.conditions.condition import Condition
    from playbooks.conditions.condition_wording import NameCatalogue
    from playbooks.reason import Reason


def describe_condition(condition: Condition, catalogue: NameCatalogue) -> str:
    """When a playbook opens."""
    return condition.describe(ConditionWording(catalogue))


def word_reason(reason: Reason, catalogue: NameCatalogue) -> str:
    """Why an alert came.

    What another version wrote and this one has no words for is shown as code and values: an
    alert without all its words is still an alert.
    """
    owner = CONDITIONS.get(reason.code)
    if owner is not None and issubclass(owner, ReasonedCondition):
        try:
            return owner.word_reason(reason, ConditionWording(catalogue))
        except (KeyError, ValueError):
            return _word_plainly(reason)
    text = reason.parameters.get(TEXT)
    return str(text) if reason.code == TEXT and text else _word_plainly(reason)


def _word_plainly(reason: Reason) -> str:
    values = ", ".join(f"{name} {value}" for name, value in sorted(reason.parameters.items()))
    return f"{reason.code}: {values}" if values else reason.code
