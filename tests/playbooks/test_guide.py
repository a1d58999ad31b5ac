from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from playbooks.conditions.condition_registry import CONDITIONS
from playbooks.files.loader import LIBRARY, find_playbook_files, load_library
from playbooks.files.playbook_parser import PLAYBOOK_KEYS
from playbooks.review.mutation_testing import find_surviving_mutants
from playbooks.review.test_runner import run_library

if TYPE_CHECKING:
    from pathlib import Path

    from playbooks.engine.rulebook import Rulebook

GUIDE = (LIBRARY.parents[1] / "docs" / "playbooks.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path: Path) -> Rulebook:
    """The guide's first example."""
    text = dedent(re.findall(r"^( *)```yaml\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)[0][1])
    (tmp_path / "card-lost.yaml").write_text(text, encoding="utf-8")
    return load_library(tmp_path)


def test_the_first_example_of_the_guide_loads_and_passes_its_tests(example: Rulebook) -> None:
    assert [outcome.passed for outcome in run_library(example)] == [True, True]


def test_what_the_guide_says_of_its_example_s_tests_is_so(example: Rulebook) -> None:
    (playbook,) = example
    (name,) = find_surviving_mutants(playbook)
    line = playbook.cases[0].location.rpartition(":")[2]
    assert (
        f"our-rules/card-lost.yaml:{line}: card-lost: its tests pass also with: {name}\n" in GUIDE
    )


def test_the_guide_names_every_key_and_every_condition() -> None:
    assert [
        key for key in PLAYBOOK_KEYS if f"`{key}`" not in GUIDE and f"`{key}:" not in GUIDE
    ] == []
    assert [name for name in CONDITIONS if not re.search(rf"\b{name}\b", GUIDE)] == []


def test_the_guide_lists_the_library_and_nothing_else() -> None:
    listed = set(re.findall(r"^\| `(\w+/[\w-]+)` \|", GUIDE, re.MULTILINE))
    there = {
        str(file.relative_to(LIBRARY).with_suffix("")) for file in find_playbook_files(LIBRARY)
    }
    assert listed == there
