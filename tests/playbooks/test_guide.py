from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from playbooks.checks import run_library
from playbooks.grammar import CONDITIONS
from playbooks.loading import LIBRARY, load_library, playbook_files
from playbooks.rules import KEYS

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (LIBRARY.parents[1] / "docs" / "playbooks.md").read_text(encoding="utf-8")


def test_the_first_example_of_the_guide_loads_and_passes_its_tests(tmp_path: Path) -> None:
    example = dedent(re.findall(r"^( *)```yaml\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)[0][1])
    (tmp_path / "card-lost.yaml").write_text(example, encoding="utf-8")
    outcomes = run_library(load_library(tmp_path))
    assert [outcome.passed for outcome in outcomes] == [True, True]


def test_the_guide_names_every_key_and_every_condition() -> None:
    assert [key for key in KEYS if f"`{key}`" not in GUIDE and f"`{key}:" not in GUIDE] == []
    assert [name for name in CONDITIONS if not re.search(rf"\b{name}\b", GUIDE)] == []


def test_the_guide_lists_the_library_and_nothing_else() -> None:
    listed = set(re.findall(r"^\| `(\w+/[\w-]+)` \|", GUIDE, re.MULTILINE))
    there = {str(file.relative_to(LIBRARY).with_suffix("")) for file in playbook_files(LIBRARY)}
    assert listed == there
