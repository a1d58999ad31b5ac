from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from click.testing import CliRunner

from playbooks.alert import AlertLevel
from playbooks.files.json_schema import playbook_schema
from playbooks.files.loader import load_library
from playbooks.review.test_runner import run_cases
from streams.cli.playbooks import playbooks
from tests.playbooks.timeline import REST

if TYPE_CHECKING:
    from pathlib import Path

WRONG = f"id: rule\nwhen:\n  topic: abuse\n{REST}"
"""Sound, but the test named "a" expects an alert that cannot come."""


def test_the_built_in_library_checks_and_passes() -> None:
    for command, ending in (("check", "no problems\n"), ("test", ", 0 failed\n")):
        result = CliRunner().invoke(playbooks, [command])
        assert result.exit_code == 0
        assert result.stdout.endswith(ending)


def test_check_names_every_problem_and_fails(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text("id: rule\nid: rule\n", encoding="utf-8")
    result = CliRunner().invoke(playbooks, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path}/rule.yaml:2: 'id' is written twice; keep one of them" in result.stderr
    assert "nothing was loaded" in result.stderr


def test_check_says_what_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(WRONG, encoding="utf-8")
    result = CliRunner().invoke(playbooks, ["check", str(tmp_path)])
    assert "not locked yet: rule; run: callmood playbooks lock" in result.stdout
    assert CliRunner().invoke(playbooks, ["lock", str(tmp_path)]).exit_code == 0
    result = CliRunner().invoke(playbooks, ["check", str(tmp_path)])
    assert result.stdout.endswith("1 playbook, no problems\n")


def test_mutations_names_what_no_test_notices(tmp_path: Path) -> None:
    weak = WRONG.replace("topic: abuse", "any: [{topic: abuse}, {said: {en: [x y]}}]")
    weak = weak.replace("customer says: x", "topic: abuse", 1)
    (tmp_path / "rule.yaml").write_text(weak, encoding="utf-8")
    result = CliRunner().invoke(playbooks, ["test", "--mutations", str(tmp_path)])
    assert result.exit_code == 1
    assert (
        f"{tmp_path}/rule.yaml:11: rule: its tests pass also with: without said x y"
        in result.stderr
    )
    assert "0 failed" in result.stdout


def test_schema_prints_what_editors_need() -> None:
    result = CliRunner().invoke(playbooks, ["schema"])
    assert json.loads(result.stdout) == playbook_schema()


def test_test_says_where_which_and_what_came_instead(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(WRONG, encoding="utf-8")
    result = CliRunner().invoke(playbooks, ["test", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path}/rule.yaml:11: “a”: expected 1s; came none" in result.stderr
    assert result.stdout.endswith("2 tests of 1 playbook, 1 failed\n")


def test_a_test_passes_only_with_exactly_the_alerts_it_expects() -> None:
    rule = next(rule for rule in load_library() if rule.playbook_id == "sustained-anger")
    fires, quiet = rule.cases[:2]
    (wanted,) = fires.expected
    wrong = {
        "too many": (),
        "too few": (wanted, replace(wanted, at_ms=wanted.at_ms + 1)),
        "too early": (replace(wanted, at_ms=wanted.at_ms - 1),),
        "wrong level": (replace(wanted, level=AlertLevel.NOTICE),),
        "wrong step": (replace(wanted, step=2),),
    }
    assert all(outcome.passed for outcome in run_cases(rule))
    for expected in wrong.values():
        changed = replace(rule, cases=(replace(fires, expected=expected), quiet))
        assert [outcome.passed for outcome in run_cases(changed)] == [False, True]
