"""What a rules folder has beside its playbooks: word lists, a budget, a lock."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from playbooks.alert import AlertLevel
from playbooks.engine.engine import advance
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.events import event_time
from playbooks.files.loader import MAX_CYCLES, PlaybookError, _find_cycles, load_library, load_lock
from streams.cli.playbooks import playbooks as command
from tests.playbooks.timeline import REST, line

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event

RULE = f"id: rule\nwhen:\n  said: {{lexicon: insults, by: customer}}\n{REST}"
INSULTS = "en: [blockhead, nitwit]\nko: [멍텅구리]\nbut_not: {en: [nitwit street]}\n"


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        suffix = "" if name == "playbooks_lock" else ".yaml"
        file = path / (name.replace("__", "/").replace("playbooks_lock", "playbooks.lock") + suffix)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        load_library(path)
    return [problem.replace(f"{path}/", "") for problem in caught.value.problems]


def fired(book: Rulebook, *events: Event) -> list[tuple[str, int]]:
    state, told = INITIAL_CALL_STATE, []
    for event in events:
        state, alerts = advance(book, state, event, now=event_time(event))
        told += [(alert.playbook_id, alert.at_ms // 1000) for alert in alerts]
    return told


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


def test_playbooks_share_a_word_list_and_its_false_friends(tmp_path: Path) -> None:
    book = load_library(folder(tmp_path, rule=RULE, lexicon__insults=INSULTS))
    assert fired(book, line(5, "you nitwit")) == [("rule", 5)]
    assert fired(book, line(5, "I live in Nitwit Street"), line(70, "멍텅구리야")) == [("rule", 70)]


def test_one_playbook_alone_finds_what_lies_beside_its_folder(tmp_path: Path) -> None:
    text = RULE.replace("id: rule", "supersedes: [other]\nid: rule")
    folder(tmp_path, theme__rule=text, lexicon__insults=INSULTS)
    assert [playbook.playbook_id for playbook in load_library(tmp_path / "theme/rule.yaml")] == [
        "rule"
    ]


def test_a_bad_word_list_is_named_with_its_own_line(tmp_path: Path) -> None:
    folder(tmp_path, rule=RULE, lexicon__insults="en:\n  - nitwit\n  - x\nfr: [idiot]\n")
    assert [problem.split("; ")[0] for problem in problems_of(tmp_path)] == [
        "lexicon/insults.yaml:3: 'x' is too short to look for",
        "lexicon/insults.yaml:4: unknown key 'fr'",
    ]


def test_a_budget_holds_for_the_call_and_the_level_and_the_weightier_page_comes_first(
    tmp_path: Path,
) -> None:
    def page(name: str, level: str, priority: int) -> str:
        text = (
            f"id: {name}\nwhen: {{said: {{en: [hello there]}}}}\ncooldown: 1s\nat_most: 50\n{REST}"
        )
        return text.replace("level: notice", f"level: {level}\npriority: {priority}")

    folder(
        tmp_path,
        light=page("light", "notice", 1),
        heavy=page("heavy", "notice", 9),
        grave=page("grave", "critical", 1),
        budget="notice: 3\nwarning: 0\n",
    )
    book = load_library(tmp_path)
    assert book.budget == {AlertLevel.NOTICE: 3, AlertLevel.WARNING: 0}
    told = fired(book, *(line(t, "hello there") for t in (5, 10, 15)))
    assert told == [
        ("grave", 5),
        ("heavy", 5),
        ("light", 5),
        ("grave", 10),
        ("heavy", 10),
        ("grave", 15),
    ]


def test_a_bad_budget_is_named_with_its_line(tmp_path: Path) -> None:
    folder(tmp_path, rule=RULE, lexicon__insults=INSULTS, budget="notice: 3\nwarning: many\n")
    assert problems_of(tmp_path) == [
        "budget.yaml:2: warning is not a whole number; write a whole number from 0 to 1000"
    ]


def locked(path: Path) -> Path:
    folder(path, rule=RULE, lexicon__insults=INSULTS)
    code, output = run("lock", str(path))
    assert (code, "locked rule v1" in output) == (0, True), output
    return path


def test_a_changed_rule_cannot_keep_its_number(tmp_path: Path) -> None:
    locked(tmp_path)
    folder(tmp_path, rule=RULE.replace("ko: 하나", "ko: 둘"))
    what = "rule.yaml:4: it was changed, but is still version 1"
    assert problems_of(tmp_path) == [
        f"{what}; give it version 2, then run: callmood playbooks lock"
    ]
    folder(tmp_path, rule=RULE.replace("ko: 하나", "ko: 둘").replace("version: 1", "version: 2"))
    assert load_library(tmp_path)[0].version == 2
    assert run("lock", str(tmp_path))[0] == 0
    assert (tmp_path / "playbooks.lock").read_text().count("\nrule ") == 2


def test_a_changed_rule_may_be_tried_before_it_has_its_number(tmp_path: Path) -> None:
    locked(tmp_path)
    folder(tmp_path, rule=RULE.replace("ko: 하나", "ko: 둘"))
    assert [playbook.version for playbook in load_library(tmp_path, ignore_lock=True)] == [1]


def test_a_changed_word_list_changes_the_rules_that_name_it(tmp_path: Path) -> None:
    locked(tmp_path)
    folder(tmp_path, lexicon__insults=INSULTS.replace("blockhead", "dunderhead"))
    assert "it was changed, but is still version 1" in problems_of(tmp_path)[0]


def test_layout_comments_and_tests_do_not_change_a_rule(tmp_path: Path) -> None:
    locked(tmp_path)
    same = "# a comment\n" + RULE.replace(
        "{lexicon: insults, by: customer}", "\n    by: customer\n    lexicon: insults"
    )
    folder(tmp_path, rule=same.replace("name: a,", "name: another name,"))
    assert load_library(tmp_path)[0].version == 1


def test_an_older_version_than_the_locked_one_is_refused(tmp_path: Path) -> None:
    locked(tmp_path)
    folder(tmp_path, rule=RULE.replace("version: 1", "version: 3"))
    assert run("lock", str(tmp_path))[0] == 0
    folder(tmp_path, rule=RULE.replace("version: 1", "version: 2"))
    assert problems_of(tmp_path) == [
        "rule.yaml:4: version 2 is older than 3, which is locked; go on counting"
    ]


def test_a_broken_lock_is_named_with_its_line(tmp_path: Path) -> None:
    locked(tmp_path)
    lock = tmp_path / "playbooks.lock"
    lock.write_text(lock.read_text() + "<<<<<<< ours\nrule 1 sha256:" + "0" * 64 + "\n")
    assert [problem.split("; ")[0] for problem in problems_of(tmp_path)[:2]] == [
        "playbooks.lock:3: not a line of a lock",
        "playbooks.lock:4: rule 1 is locked twice",
    ]


def test_locking_again_changes_nothing(tmp_path: Path) -> None:
    before = (locked(tmp_path) / "playbooks.lock").read_bytes()
    assert "0 new of 1 playbook\n" in run("lock", str(tmp_path))[1]
    assert (tmp_path / "playbooks.lock").read_bytes() == before


def test_every_version_of_the_built_in_library_is_locked() -> None:
    lines: list[str] = []
    lock = load_lock(None, lines)
    assert lines == []
    assert [playbook.playbook_id for playbook in load_library() if lock.is_missing(playbook)] == []


@pytest.mark.parametrize(
    "name", ["playbooks.lock", "budget.yaml", "other.yaml", "lexicon/more.yaml"]
)
@pytest.mark.parametrize("kind", ["pipe", "dangling"])
def test_what_is_no_ordinary_file_is_named_and_never_waited_for(
    tmp_path: Path, name: str, kind: str
) -> None:
    folder(tmp_path, rule=RULE, lexicon__insults=INSULTS)
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to(tmp_path / "gone")
    (problem,) = problems_of(tmp_path)
    assert problem.startswith(f"{name}:1: ")
    assert ("no ordinary file" in problem) == (kind == "pipe")


def test_a_lock_may_grow_for_years(tmp_path: Path) -> None:
    locked(tmp_path)
    lock = tmp_path / "playbooks.lock"
    old = "".join(f"rule-of-old {n} sha256:{'0' * 64}\n" for n in range(1, 5_000))
    lock.write_text(lock.read_text() + old)
    assert load_library(tmp_path)[0].version == 1


def test_a_name_of_any_bytes_stays_on_one_line(tmp_path: Path) -> None:
    folder(tmp_path, rule=RULE, lexicon__insults=INSULTS)
    for name in (b"new\nline.yaml", b"\xff.yaml"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("id: x\n")
    problems = problems_of(tmp_path)
    assert all("\n" not in problem for problem in problems)
    "\n".join(problems).encode()
    assert any(problem.startswith("new\\nline.yaml:1: ") for problem in problems)


def test_a_list_cannot_be_named_past_its_hash(tmp_path: Path) -> None:
    folder(tmp_path, rule=RULE.replace("insults,", '" insults ",'), lexicon__insults=INSULTS)
    before = load_library(tmp_path)[0].content_hash
    folder(tmp_path, lexicon__insults=INSULTS.replace("blockhead", "dunderhead"))
    assert load_library(tmp_path)[0].content_hash != before


def test_everything_beside_the_playbooks_is_named_even_without_playbooks(tmp_path: Path) -> None:
    folder(tmp_path, budget="notice: many\n", lexicon__insults="fr: [x]\n")
    assert len(problems_of(tmp_path)) == 3


def test_a_withheld_page_keeps_nobody_quiet(tmp_path: Path) -> None:
    said = "when: {said: {en: [hello there]}}\ncooldown: 1s\nat_most: 50\n"
    heavy = f"id: heavy\nsupersedes: [light]\n{said}{REST}".replace("notice", "warning")
    folder(tmp_path, heavy=heavy, light=f"id: light\n{said}{REST}", budget="warning: 1\n")
    book = load_library(tmp_path)
    told = fired(book, *(line(t, "hello there") for t in (5, 60)))
    assert told == [("heavy", 5), ("light", 60)]


def test_a_thousand_pages_that_supersede_each_other_are_untangled_at_once() -> None:
    names = [f"p{n}" for n in range(600)]
    leads = {name: frozenset(names[n + 1 :]) for n, name in enumerate(names)}
    started = time.process_time()
    assert list(_find_cycles(leads)) == []
    circle = {**leads, names[-1]: frozenset({names[0]})}
    (names_in_circle,) = _find_cycles(circle)
    assert (names[-1], names[0]) in pairwise(names_in_circle)
    everybody = frozenset(names)
    assert len(list(_find_cycles(dict.fromkeys(names, everybody)))) == MAX_CYCLES
    assert time.process_time() - started < 20
