from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from playbooks.files.loader import LIBRARY, PlaybookError, find_playbook_files, load_library
from tests.playbooks.timeline import REST

if TYPE_CHECKING:
    from pathlib import Path

GOOD = f"id: rule\nwhen:\n  topic: abuse\n{REST}"
PROBLEM = re.compile(r"\S+\.yaml:\d+: .+; .+")


def problems_of(folder: Path, **files: str | bytes) -> list[str]:
    """Every problem of these files, without the folder in front of the name."""
    for name, content in files.items():
        file = folder / f"{name}.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PlaybookError) as caught:
        load_library(folder)
    assert all(PROBLEM.fullmatch(problem) for problem in caught.value.problems)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_sound_file_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(GOOD, encoding="utf-8")
    assert [playbook.playbook_id for playbook in load_library(tmp_path)] == ["rule"]
    assert [playbook.playbook_id for playbook in load_library(tmp_path / "rule.yaml")] == ["rule"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "owner: tests",
            "owner: tests\nonwer: x",
            "rule.yaml:6: unknown key 'onwer'; did you mean",
        ),
        ("owner: tests", "owner: tests\nowner: x", "rule.yaml:6: 'owner' is written twice"),
        ("owner: tests\n", "", "rule.yaml:1: the playbook has no 'owner'"),
        ("level: notice", "level: loud", "rule.yaml:6: level is 'loud'; write one of"),
        ("version: 1", "version: one", "rule.yaml:4: version is not a whole number"),
        ("version: 1", "version: 0", "rule.yaml:4: version is 0; write a whole number from 1"),
        ("{ko: 제목, en: title}", "{ko: 제목}", "rule.yaml:7: title has no 'en'; translate it"),
        ("{ko: 이유, en: why}", "{ko: 이유, en: no}", "rule.yaml:8: en is not text; put it in"),
        ("{ko: 이유, en: why}", "{ko: 이유, en: ''}", "rule.yaml:8: en is empty; write its text"),
        (", en: one}", "}", "rule.yaml:9: steps has no 'en'; translate it"),
        ("en: one}", "en: one, do: dance}", "rule.yaml:9: do is 'dance'; write one of announce"),
        ("version: 1", "version: 1\nsensitive: rude", "rule.yaml:5: sensitive is 'rude'; write"),
        ("topic: abuse", "topic: weather", "rule.yaml:3: topic is 'weather'; write one of"),
        ("topic: abuse", "regex: (a+)+$", "rule.yaml:3: unknown key 'regex'; known here: all"),
        ("topic: abuse", "said: {en: [a]}", "rule.yaml:3: 'a' is too short to look for"),
        ("topic: abuse", "said: {by: agent}", "rule.yaml:3: said has no phrases"),
        ("topic: abuse", "not: {mood: {level: upset}}", "rule.yaml:3: nothing in it can happen"),
        ("topic: abuse", "said: {pattern: ['(a+)+$']}", "rule.yaml:3: '(a+)+$' repeats a repeti"),
        (
            "topic: abuse",
            "said: {pattern: ['(\\w*,)*']}",
            "rule.yaml:3: '(\\w*,)*' repeats a re",
        ),
        ("topic: abuse", "said: {pattern: ['(?=x)']}", "rule.yaml:3: '(?=x)' is no RE2 expression"),
        (
            "topic: abuse",
            "said: {pattern: ['(a)\\1']}",
            "rule.yaml:3: '(a)\\1' is no RE2 expres",
        ),
        (
            "topic: abuse",
            "said: {pattern: ['(x{1000}){1000}']}",
            "rule.yaml:3: '(x{1000}){1000}' is",
        ),
        ("topic: abuse", "said: {pattern: ['x?']}", "rule.yaml:3: 'x?' is found in every line"),
        ("topic: abuse", "said: {exact: {en: ['!?']}}", "rule.yaml:3: '!?' has no letters"),
        ("topic: abuse", "said: {lexicon: insults}", "rule.yaml:3: no word list lexicon/insults"),
        (
            "topic: abuse",
            "count: {at_least: 3, within: 30s, of: {silence: 20s}}",
            "rule.yaml:3: 3 times take longer than 30s; write within: more than 40s",
        ),
        (
            "topic: abuse",
            "sequence: {within: 15s, of: [{topic: abuse}, {silence: 20s}]}",
            "rule.yaml:3: the sequence takes longer than 15s; write within: 20s or more",
        ),
        (
            "topic: abuse",
            "all: [{mood: {level: upset, for: 1m}}, {call_time: {before: 45s}}]",
            "rule.yaml:3: it takes 60s, and the call's time is over at 45s",
        ),
        (
            "topic: abuse",
            "all: [{silence: 40s}, {phase: opening}]",
            "rule.yaml:3: it takes 40s, and the call's time is over at 30s",
        ),
        ("topic: abuse", "missing: {of: {topic: abuse}}", "rule.yaml:3: missing has no 'within'"),
        ("topic: abuse", "repeat_caller: {within: 9y}", "rule.yaml:3: within is not a length of"),
        ("topic: abuse", "repeat_caller: {within: 400d}", "rule.yaml:3: within is 400d; write"),
        (
            "topic: abuse",
            "topic: abuse\n  but_not: {}",
            "rule.yaml:4: unknown key 'but_not'; indent it",
        ),
        ("ko: 이유", "ko: 이유: 하나", "rule.yaml:8: not YAML"),
        (
            "owner: tests",
            "owner: a: b",
            "rule.yaml:5: not YAML (mapping values are not allowed in this",
        ),
        (
            "topic: abuse",
            "said: {pattern: ['[^z]{1,900}zz']}",
            "rule.yaml:3: '[^z]{1,900}zz' counts",
        ),
        (
            "topic: abuse",
            f"said: {{pattern: {['xyz'] * 21}}}",
            "rule.yaml:3: more than 20 patterns",
        ),
        ("topic: abuse", "mood: {shift: Yes}", "rule.yaml:3: shift is 'Yes'; write true or false"),
        ("version: 1", "version: 010", "rule.yaml:4: version is not a whole number"),
        ("topic: abuse", "silence: \u0662\u0660s", "rule.yaml:3: silence is not a length of time"),
        ("owner: tests", "owner: \u202eowner", "rule.yaml:5: owner has an invisible character"),
        (
            "topic: abuse",
            "all: [{repeat_caller: {within: 7d}}, {call_time: {after: 60s}}]",
            "rule.yaml:3: who calls is known at the call's start",
        ),
        (
            "topic: abuse",
            "all: [{repeat_caller: {within: 7d}}, {phase: body}]",
            "rule.yaml:3: who calls is known at the call's start",
        ),
        ("topic: abuse", "phase: middle", "rule.yaml:3: phase is 'middle'; write one of body"),
        (
            "topic: abuse",
            "mood: {level: tense, until_level: tense}",
            "rule.yaml:3: until_level is not below a level",
        ),
        ("topic: abuse", "not: {topic: abuse}", "rule.yaml:3: not is always true here"),
        ("topic: abuse", "call_time: {after: 9s}", "rule.yaml:3: nothing in it can happen"),
        ("topic: abuse", "silence: soon", "rule.yaml:3: silence is not a length of time"),
        ("topic: abuse", "silence: 2000s", "rule.yaml:3: silence is 2000s; write something"),
        ("topic: abuse", "mood: {strain: 70}", "rule.yaml:3: strain is not a number from 0 to"),
        ("topic: abuse", "mood: {for: 9s}", "rule.yaml:3: mood says nothing"),
        (
            "topic: abuse",
            "mood: {strain: 0.5, until_strain: 0.9}",
            "rule.yaml:3: until_strain is not below",
        ),
        (
            "topic: abuse",
            "all: [{topic: abuse}, {call_time: {after: 9s, before: 3s}}]",
            "rule.yaml:3: call_time ends before it begins",
        ),
        (
            "topic: abuse",
            "topic: abuse\n  silence: 9s",
            "rule.yaml:3: two conditions side by side",
        ),
        ("alerts: none", "alerts: [{at: 1s}]", "rule.yaml:11: no test expects silence"),
        ("[{at: 1s}]", "none", "rule.yaml:11: no test expects an alert"),
        ("{at: 1s, customer says: x}", "{at: 1s}", "rule.yaml:11: 0 things happen in one entry"),
        ("{at: 1s, customer says: x}", "{at: -1s, mood: {}}", "rule.yaml:11: at is not a length"),
        ("id: rule", "id: Rule!", "rule.yaml:1: 'Rule!' is no id"),
        ("id: rule", "id: other", "rule.yaml:1: its id is 'other'; give the file and the id"),
        ("id: rule", "supersedes: [gone]\nid: rule", "rule.yaml:1: 'gone' is not here; remove"),
        ("id: rule", "id: rule\nladder: [x]", "rule.yaml:2: ladder has fewer than 2 entries"),
        ("id: rule", "id: &a rule", "rule.yaml:1: an anchor or alias"),
        ("id: rule", "id: !!python/name:os.system x", "rule.yaml:1: a tag (tag:yaml.org"),
        ("id: rule", "id: rule\n---\nid: b", "rule.yaml:2: a second document"),
        ("id: rule", "id: 'rule", "rule.yaml:"),
        ("id: rule", "id: ru\x07le", "rule.yaml:1: not YAML (a character that text cannot"),
        ("topic: abuse", "any: " + "[" * 40 + "]" * 40, "rule.yaml:3: nested deeper than 16"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = problems_of(tmp_path, rule=GOOD.replace(old, new, 1))
    assert any(problem.startswith(expected) for problem in found), found


def test_a_ladder_that_is_longer_than_its_alerts_is_refused(tmp_path: Path) -> None:
    entry = "{level: notice, title: {ko: 가, en: a}, steps: [{ko: 가, en: a}]}"
    text = GOOD.replace("level: notice\n", f"at_most: 1\nladder: [{entry}, {entry}]\n")
    found = problems_of(tmp_path, rule=text.replace("steps: [{ko: 하나, en: one}]\n", ""))
    what = "rule.yaml:6: the ladder has 2 entries, more than at_most lets come"
    assert found == [f"{what}; write at_most: 2 or more, or leave it out"]


def test_of_one_file_no_more_problems_are_told_than_anybody_reads(tmp_path: Path) -> None:
    found = problems_of(tmp_path, rule="id: a\n" * 20_000)
    assert len(found) == 101
    assert found[-1].startswith("rule.yaml:1: ")
    assert "problems more; mend these first" in found[-1]


def test_every_problem_of_every_file_comes_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        rule=GOOD.replace("notice", "loud").replace("version: 1", "version: x"),
        b=b"id: b\ntitle: \xff\n",
        c="",
        d="- just\n- a list\n",
    )
    assert [problem.split("; ")[0] for problem in found] == [
        "b.yaml:2: not UTF-8 text",
        "c.yaml:1: the file is empty",
        "d.yaml:1: the playbook is not a block",
        "rule.yaml:4: version is not a whole number",
        "rule.yaml:6: level is 'loud'",
    ]


def test_nothing_makes_loading_hang(tmp_path: Path) -> None:
    started = time.process_time()
    found = problems_of(
        tmp_path,
        big=b"a" * 10_000_000,
        brackets="[" * 200_000,
        braces="{a: " * 60_000,
        laughs="a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(99)),
        phrases=GOOD.replace("topic: abuse", "said: {en: ['aa*aa*aa*aa*aa*aa']}"),
        zeros=b"\0" * 200_000,
    )
    assert len(found) >= 6
    assert time.process_time() - started < 5


def test_superseding_in_a_circle_is_refused(tmp_path: Path) -> None:
    first = GOOD.replace("id: rule", "supersedes: [second]\nid: first")
    second = GOOD.replace("id: rule", "supersedes: [third]\nid: second")
    third = GOOD.replace("id: rule", "supersedes: [first]\nid: third")
    found = problems_of(tmp_path, first=first, second=second, third=third)
    assert [problem.split("; ")[0] for problem in found] == [
        "first.yaml:1: supersedes 'second' in a circle",
        "second.yaml:1: supersedes 'third' in a circle",
        "third.yaml:1: supersedes 'first' in a circle",
    ]


def test_several_circles_are_told_at_once_and_no_way_into_one(tmp_path: Path) -> None:
    supersedes = {"aa": "ab", "ab": "aa", "ba": "ba, aa", "into": "aa", "out": "into"}
    files = {
        name: GOOD.replace("id: rule", f"supersedes: [{others}]\nid: {name}")
        for name, others in supersedes.items()
    }
    assert [problem.split("; ")[0] for problem in problems_of(tmp_path, **files)] == [
        "aa.yaml:1: supersedes 'ab' in a circle",
        "ab.yaml:1: supersedes 'aa' in a circle",
        "ba.yaml:1: supersedes 'ba' in a circle",
    ]


def test_a_playbook_knows_its_file_and_the_line_of_its_version(tmp_path: Path) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text("# why\n" + GOOD, encoding="utf-8")
    line = 1 + next(n for n, text in enumerate(GOOD.splitlines(), 1) if text.startswith("version"))
    (playbook,) = load_library(tmp_path)
    assert str(playbook.location) == f"{file}:{line}"


def test_one_id_in_two_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "rule.yaml").write_text(GOOD, encoding="utf-8")
    found = problems_of(tmp_path, rule=GOOD)
    assert len(found) == 1
    assert "its id is taken by" in found[0]


def test_a_folder_without_playbooks_is_an_error_and_not_an_empty_library(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="no playbooks here; name a folder"):
        load_library(tmp_path)


def test_a_folder_that_does_not_exist_is_said_not_to_exist(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="missing:1: there is no such file or folder; name a"):
        load_library(tmp_path / "missing")


def test_the_built_in_library_is_sorted_into_themes() -> None:
    assert all(len(file.relative_to(LIBRARY).parts) == 2 for file in find_playbook_files(LIBRARY))
