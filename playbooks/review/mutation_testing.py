"""Conditions with one thing taken away: a playbook whose tests do not notice has too few tests.

What can be taken away from a condition is for the condition to say (`Condition.mutations`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbooks.conditions.phrase_mutations import exclusion_mutant_name
from playbooks.review.test_runner import run_cases

if TYPE_CHECKING:
    from collections.abc import Collection

    from playbooks.playbook import Playbook


def find_surviving_mutants(
    playbook: Playbook, *, shared_exclusions: Collection[str] = ()
) -> list[str]:
    """What can be taken away from a playbook without any of its own tests failing.

    Args:
        playbook: the rule, with its tests.
        shared_exclusions: negative phrases that are not its own: those of word lists.
    """
    return [
        name
        for name, when in playbook.when.mutations()
        if not name.endswith(tuple(map(exclusion_mutant_name, shared_exclusions)))
        and all(outcome.passed for outcome in run_cases(replace(playbook, when=when)))
    ]
