"""Changed rules are taken when they are sound and stand still; else the old ones stay."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from playbooks.engine.rulebook import Rulebook
from playbooks.files.loader import load_library
from playbooks.files.version_lock import VersionLock
from playbooks.review.library_diff import diff_rulebooks
from streams.rules.reloader import PlaybookReloader, ReloadFailure, ReloadSuccess, fingerprint
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rules, one of them below a theme."""
    rules = tmp_path / "rules"
    (rules / "theme").mkdir(parents=True)
    save_atomically(rules / "first.yaml", build_playbook_yaml("first"))
    save_atomically(rules / "theme" / "second.yaml", build_playbook_yaml("second"))
    return rules


@pytest.fixture
def rules(folder: Path) -> PlaybookReloader:
    """These rules, in force."""
    one = PlaybookReloader(folder)
    assert isinstance(one.poll(immediately=True), ReloadSuccess)
    return one


def versions(rules: PlaybookReloader) -> dict[str, int]:
    return {one.playbook_id: one.version for one in rules.rulebook}


def settled(rules: PlaybookReloader) -> ReloadSuccess | ReloadFailure | None:
    """What the second look says; the first must not say anything yet."""
    assert rules.poll() is None
    return rules.poll()


def refused(rules: PlaybookReloader) -> tuple[str, ...]:
    """Its problems; what was in force before must still be."""
    before = rules.rulebook
    answer = settled(rules)
    assert isinstance(answer, ReloadFailure)
    assert rules.rulebook is before
    assert rules.problems == answer.problems
    return answer.problems


def test_a_rule_saved_by_renaming_is_taken_at_the_second_look(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2, phrase="안 돼요"))
    assert rules.poll() is None
    assert rules.has_pending_change
    assert versions(rules) == {"first": 1, "second": 1}
    taken = rules.poll()
    assert isinstance(taken, ReloadSuccess)
    assert str(taken.changes) == "first 1 -> 2"
    assert versions(rules) == {"first": 2, "second": 1}
    assert rules.poll() is None
    assert not rules.has_pending_change


def test_a_rule_written_in_place_in_two_halves_is_not_taken_between_them(
    rules: PlaybookReloader, folder: Path
) -> None:
    text = build_playbook_yaml("first", 2)
    with (folder / "first.yaml").open("w", encoding="utf-8") as file:
        file.write(text[:200])
        file.flush()
        assert rules.poll() is None
        file.write(text[200:])
    assert rules.poll() is None, "it moved between two looks"
    assert isinstance(rules.poll(), ReloadSuccess)
    assert versions(rules)["first"] == 2


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    rules: PlaybookReloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    assert rules.poll() is None

    def load_and_be_overtaken(path: Path) -> object:
        library = load_library(path)
        save_atomically(folder / "first.yaml", build_playbook_yaml("first", 3))
        return library

    with monkeypatch.context() as patched:
        patched.setattr("streams.rules.reloader.load_library", load_and_be_overtaken)
        assert rules.poll() is None
    assert isinstance(settled(rules), ReloadSuccess)
    assert versions(rules)["first"] == 3


def test_a_rule_that_is_deleted_and_made_again_at_once_is_a_changed_rule(
    rules: PlaybookReloader, folder: Path
) -> None:
    (folder / "first.yaml").unlink()
    assert rules.poll() is None
    (folder / "first.yaml").write_text(build_playbook_yaml("first", 2), encoding="utf-8")
    taken = settled(rules)
    assert isinstance(taken, ReloadSuccess)
    assert str(taken.changes) == "first 1 -> 2"


def test_new_and_deleted_rules_are_named(rules: PlaybookReloader, folder: Path) -> None:
    (folder / "first.yaml").unlink()
    save_atomically(folder / "third.yaml", build_playbook_yaml("third"))
    save_atomically(folder / "theme" / "second.yaml", build_playbook_yaml("second", 4))
    taken = settled(rules)
    assert isinstance(taken, ReloadSuccess)
    assert str(taken.changes) == "second 1 -> 4; new: third; gone: first"


def test_a_bad_file_is_refused_once_with_its_line_and_a_good_one_after_it_is_taken(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(
        folder / "first.yaml",
        build_playbook_yaml("first", 2).replace("level: notice", "level: loud"),
    )
    (problem,) = refused(rules)
    assert problem.startswith(f"{folder / 'first.yaml'}:4: ")
    assert [rules.poll(), rules.poll()] == [None, None], "told once, not at every look"
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    assert isinstance(settled(rules), ReloadSuccess)
    assert rules.problems == ()


def test_one_bad_file_keeps_a_good_change_beside_it_out(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", "id: [")
    save_atomically(folder / "theme" / "second.yaml", build_playbook_yaml("second", 2))
    refused(rules)
    assert versions(rules) == {"first": 1, "second": 1}


def test_putting_the_old_file_back_ends_the_refusal(rules: PlaybookReloader, folder: Path) -> None:
    save_atomically(folder / "first.yaml", "id: [")
    refused(rules)
    save_atomically(folder / "first.yaml", build_playbook_yaml("first"))
    taken = settled(rules)
    assert isinstance(taken, ReloadSuccess)
    assert not taken.changes
    assert rules.problems == ()


def test_a_change_without_a_version_of_its_own_is_refused_at_the_versions_line(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(
        folder / "first.yaml", "# edited\n" + build_playbook_yaml("first", phrase="안 돼요")
    )
    assert refused(rules) == (
        f"{folder / 'first.yaml'}:3: changed, but still version 1; give it version 2",
    )


def test_word_lists_a_budget_and_the_lock_are_looked_at_as_the_rules_are(folder: Path) -> None:
    seen = {fingerprint(folder)}
    (folder / "lexicon").mkdir()
    for name in ("lexicon/words.yaml", "budget.yaml", "playbooks.lock"):
        (folder / name).write_text("", encoding="utf-8")
        seen.add(fingerprint(folder))
    assert len(seen) == 4


def test_another_budget_is_a_change_that_is_named(rules: PlaybookReloader, folder: Path) -> None:
    (folder / "budget.yaml").write_text("notice: 2\n", encoding="utf-8")
    taken = settled(rules)
    assert isinstance(taken, ReloadSuccess)
    assert str(taken.changes) == "another budget"


def test_a_locked_version_that_changed_is_refused_by_the_lock(
    rules: PlaybookReloader, folder: Path
) -> None:
    lock = VersionLock().with_all(rules.rulebook).to_text()
    (folder / "playbooks.lock").write_text(lock, encoding="utf-8")
    assert settled(rules) is None
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", phrase="안 돼요"))
    assert refused(rules)[0].startswith(f"{folder / 'first.yaml'}:2: it was changed")


def test_a_comment_or_another_test_needs_no_version(rules: PlaybookReloader, folder: Path) -> None:
    save_atomically(folder / "first.yaml", "# a comment\n" + build_playbook_yaml("first"))
    assert settled(rules) is None
    assert not rules.problems


def test_a_rule_whose_own_test_fails_is_refused_at_the_tests_line(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2, tested="됩니다"))
    (problem,) = refused(rules)
    assert problem.startswith(f"{folder / 'first.yaml'}:1")
    assert "its test “it fires” fails: expected 5s; came none; mend rule or test" in problem


def test_a_test_that_fails_is_found_though_the_rule_itself_is_the_same(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", tested="됩니다"))
    assert "fails" in refused(rules)[0]


def test_only_what_changed_is_tested(
    rules: PlaybookReloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested: list[str] = []
    monkeypatch.setattr(
        "streams.rules.reloader.run_library",
        lambda playbooks: tested.extend(one.playbook_id for one in playbooks) or (),
    )
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    assert isinstance(settled(rules), ReloadSuccess)
    assert tested == ["first"]


def test_a_file_of_ten_megabytes_is_refused_unread(rules: PlaybookReloader, folder: Path) -> None:
    save_atomically(folder / "first.yaml", "# " + "x" * 10_000_000)
    assert refused(rules)[0].startswith(f"{folder / 'first.yaml'}:1: larger than 256 KB")


@pytest.mark.parametrize("gone", ["folder", "files"])
def test_a_folder_that_vanishes_or_is_emptied_is_refused_and_taken_again_when_it_is_back(
    rules: PlaybookReloader, folder: Path, gone: str
) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    if gone == "files":
        folder.mkdir()
    reason = {"folder": "there is no such file or folder", "files": "no playbooks here"}[gone]
    assert reason in refused(rules)[0]
    shutil.rmtree(folder, ignore_errors=True)
    away.rename(folder)
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    assert isinstance(settled(rules), ReloadSuccess)
    assert versions(rules) == {"first": 2, "second": 1}


def test_a_folder_that_may_not_be_read_is_refused_and_its_rules_do_not_count_as_gone(
    rules: PlaybookReloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No chmod: the tests may be root's, who reads everything."""
    theme, scandir = str(folder / "theme"), os.scandir

    def refusing(path: str) -> object:
        if str(path) == theme:
            raise PermissionError(errno.EACCES, "Permission denied", theme)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    assert refused(rules)[0].startswith(f"{theme}:1: cannot be read (Permission denied)")


@pytest.mark.parametrize(
    "name", [".first.yaml.swp", ".#first.yaml", "~$first.yaml", "#first.yaml#", "first.yaml~"]
)
def test_what_editors_leave_beside_a_rule_is_no_rule(
    rules: PlaybookReloader, folder: Path, name: str
) -> None:
    (folder / name).write_text("id: [", encoding="utf-8")
    assert [rules.poll(), rules.poll()] == [None, None]
    assert not rules.problems


def test_a_copy_with_the_same_size_and_the_same_time_is_noticed(folder: Path) -> None:
    file = folder / "first.yaml"
    before, stamp = fingerprint(folder), file.stat()
    file.write_text(build_playbook_yaml("first", 2), encoding="utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert file.stat().st_size == stamp.st_size
    assert fingerprint(folder) != before


def test_who_cannot_come_back_is_answered_at_the_first_look(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    assert isinstance(rules.poll(immediately=True), ReloadSuccess)


def test_a_look_that_somebody_asks_for_says_again_what_is_refused(
    rules: PlaybookReloader, folder: Path
) -> None:
    save_atomically(folder / "first.yaml", "id: [")
    problems = refused(rules)
    rules.reset()
    assert refused(rules) == problems


def test_the_library_that_comes_with_the_code_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = PlaybookReloader(None)
    assert isinstance(rules.poll(immediately=True), ReloadSuccess)
    monkeypatch.setattr("streams.rules.reloader.fingerprint", lambda _: pytest.fail("it looked"))
    assert rules.poll() is None


def test_a_mounted_config_map_is_one_set_of_rules_and_its_swap_one_change(tmp_path: Path) -> None:
    """Kubernetes: names link through ``..data`` to a dated folder; a swap renames one link."""
    mount = tmp_path / "mount"
    _dated(mount / "..2026_01", build_playbook_yaml("first"))
    (mount / "..data").symlink_to("..2026_01")
    (mount / "first.yaml").symlink_to("..data/first.yaml")
    rules = PlaybookReloader(mount)
    assert isinstance(rules.poll(immediately=True), ReloadSuccess)
    assert versions(rules) == {"first": 1}

    _dated(mount / "..2026_02", build_playbook_yaml("first", 2))
    assert rules.poll() is None
    assert not rules.has_pending_change, "nothing is linked to it yet"
    (mount / "..data_tmp").symlink_to("..2026_02")
    (mount / "..data_tmp").replace(mount / "..data")
    shutil.rmtree(mount / "..2026_01")
    assert isinstance(settled(rules), ReloadSuccess)
    assert versions(rules) == {"first": 2}


def _dated(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "first.yaml").write_text(text, encoding="utf-8")


def test_a_linked_folder_is_followed_when_its_link_moves_on(folder: Path, tmp_path: Path) -> None:
    """As git-sync and release folders do."""
    release = tmp_path / "release-2"
    shutil.copytree(folder, release)
    save_atomically(release / "first.yaml", build_playbook_yaml("first", 2))
    current = tmp_path / "current"
    current.symlink_to(folder)
    rules = PlaybookReloader(current)
    rules.poll(immediately=True)
    (tmp_path / "next").symlink_to(release)
    (tmp_path / "next").replace(current)
    taken = settled(rules)
    assert isinstance(taken, ReloadSuccess)
    assert str(taken.changes) == "first 1 -> 2"


def test_linked_themes_are_read_and_a_circle_of_links_ends(folder: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    save_atomically(shared / "third.yaml", build_playbook_yaml("third"))
    (folder / "linked").symlink_to(shared)
    (folder / "circle").symlink_to(folder)
    rules = PlaybookReloader(folder)
    rules.poll(immediately=True)
    assert set(versions(rules)) == {"first", "second", "third"}


def test_a_link_that_leads_nowhere_is_a_problem_and_no_deleted_rule(
    rules: PlaybookReloader, folder: Path
) -> None:
    (folder / "first.yaml").unlink()
    (folder / "first.yaml").symlink_to("nowhere.yaml")
    assert refused(rules)[0].startswith(f"{folder / 'first.yaml'}:1: cannot be read")


@pytest.mark.parametrize(
    ("hash_before", "hash_after", "expected"),
    [("aa", "bb", True), ("aa", "aa", False), ("", "bb", False), ("aa", "", False)],
)
def test_the_content_hash_decides_whether_a_version_was_used_twice(
    hash_before: str, hash_after: str, *, expected: bool
) -> None:
    one = load_library()[0]
    before, after = replace(one, content_hash=hash_before), replace(one, content_hash=hash_after)
    assert bool(diff_rulebooks(Rulebook((before,)), Rulebook((after,))).same_version) is expected
    another = replace(after, version=after.version + 1)
    assert not diff_rulebooks(Rulebook((before,)), Rulebook((another,))).same_version
