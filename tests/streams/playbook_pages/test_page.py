"""The page of playbooks, as a desk serves it."""

from __future__ import annotations

import html
import re
import shutil
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from playbooks.files.loader import LIBRARY, load_library
from streams.playbook_pages.catalogue import (
    CatalogueProblem,
    get_watched_folder,
    load_playbook_catalogue,
)
from tests.support.injected import run_desk
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbooks.playbook import Playbook

ENGLISH = {"callmood_language": "en"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The library's rules, and one without a theme."""
    rules = tmp_path / "rules"
    shutil.copytree(LIBRARY, rules)
    save_atomically(rules / "lonely.yaml", build_playbook_yaml("lonely", 7))
    return rules


@pytest.fixture
def http(tmp_path: Path, folder: Path) -> Iterator[httpx.Client]:
    with (
        run_desk(tmp_path / "home", playbooks=folder) as running,
        httpx.Client(base_url=running.url, timeout=20) as client,
    ):
        client.cookies.update(ENGLISH)
        yield client


def page(http: httpx.Client) -> str:
    answer = http.get("/playbooks", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return html.unescape(answer.text)


def lonely(folder: Path) -> Playbook:
    """As the desk last found it sound, without looking again."""
    return next(
        one for one in get_watched_folder(folder).rules.rulebook if one.playbook_id == "lonely"
    )


def card(text: str, playbook_id: str) -> str:
    pattern = rf'<article[^>]*data-playbook="{playbook_id}".*?</article>'
    (found,) = re.findall(pattern, text, re.DOTALL)
    return str(found)


def test_every_playbook_of_the_folder_is_on_the_page_with_all_that_it_says(
    http: httpx.Client, folder: Path
) -> None:
    text = page(http)
    for playbook in load_library(folder):
        shown = card(text, playbook.playbook_id)
        assert playbook.title["en"] in shown
        assert playbook.why["en"] in shown
        assert playbook.owner in shown
        assert f"version {playbook.version}" in shown
        assert f"<dt>Tests</dt><dd>{len(playbook.cases)}</dd>" in shown
        for other in playbook.supersedes:
            assert f'href="#rule-{other}"' in shown
        for rung in playbook.rungs:
            assert f"badge {rung.level}" in shown
            assert all(step.text["en"] in shown for step in rung.steps)


def test_playbooks_stand_under_the_theme_of_their_folder(folder: Path) -> None:
    themes = {theme.name: theme.playbooks for theme in load_playbook_catalogue(folder).themes}
    assert [one.playbook_id for one in themes[""]] == ["lonely"]
    assert {one.playbook_id for one in themes["abuse"]} == {
        file.stem for file in (folder / "abuse").iterdir()
    }


def test_the_page_speaks_korean_too(http: httpx.Client) -> None:
    http.cookies.set("callmood_language", "ko")
    answer = http.get("/playbooks")
    assert "폭언·욕설" in answer.text
    assert "담당" in answer.text


def test_all_problems_stand_at_the_top_and_the_last_sound_rules_below(
    http: httpx.Client, folder: Path
) -> None:
    page(http)
    save_atomically(
        folder / "lonely.yaml",
        build_playbook_yaml("lonely", 8).replace("level: notice", "level: loud"),
    )
    text = (folder / "abuse" / "abusive-words.yaml").read_text(encoding="utf-8")
    save_atomically(
        folder / "abuse" / "abusive-words.yaml", re.sub(r"cooldown: \w+", "cooldown: 9s", text)
    )
    shown = page(http)
    assert "lonely.yaml:4</code>" in shown
    assert "level is 'loud'" in shown
    assert shown.index("level is 'loud'") < shown.index('data-playbook="lonely"')
    assert "version 7" in card(shown, "lonely")
    save_atomically(folder / "lonely.yaml", build_playbook_yaml("lonely", 8))
    shown = page(http)
    assert "abuse/abusive-words.yaml:3</code>" in shown
    version = int(re.findall(r"^version: (\d+)$", text, re.MULTILINE)[0])
    assert f"still version {version}; give it version {version + 1}" in shown


def test_rules_that_were_sound_while_nobody_read_the_page_are_the_last_sound_ones(
    tmp_path: Path, folder: Path
) -> None:
    with (
        run_desk(tmp_path / "home", playbooks=folder, rules_poll_s=0.1) as running,
        httpx.Client(base_url=running.url, timeout=20, cookies=ENGLISH) as http,
    ):
        assert "version 7" in card(page(http), "lonely")
        save_atomically(folder / "lonely.yaml", build_playbook_yaml("lonely", 8))
        deadline = time.monotonic() + 30
        while lonely(folder).version == 7:
            assert time.monotonic() < deadline
            http.get("/api/health")
        save_atomically(folder / "lonely.yaml", "id: [")
        shown = page(http)
    assert "The rules folder has problems" in shown
    assert "version 8" in card(shown, "lonely")
    assert "Below are the last ones that this desk read" in shown


def test_the_page_says_since_when_its_rules_are_the_last_sound_ones(folder: Path) -> None:
    first = load_playbook_catalogue(folder).read_at
    assert first is not None
    save_atomically(folder / "lonely.yaml", "id: [")
    assert load_playbook_catalogue(folder).read_at == first
    save_atomically(folder / "lonely.yaml", build_playbook_yaml("lonely", 8))
    later = load_playbook_catalogue(folder).read_at
    assert later is not None
    assert later > first


def test_a_mended_folder_is_shown_at_once_and_without_a_word_of_problems(
    http: httpx.Client, folder: Path
) -> None:
    save_atomically(folder / "lonely.yaml", "id: [")
    assert "The rules folder has problems" in page(http)
    save_atomically(folder / "lonely.yaml", build_playbook_yaml("lonely", 8))
    shown = page(http)
    assert "The rules folder has problems" not in shown
    assert "version 8" in card(shown, "lonely")


def test_a_folder_that_was_never_sound_shows_its_problems_alone(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    found = load_playbook_catalogue(missing)
    assert found.count == 0
    (problem,) = found.problems
    assert problem.where == f"{missing}:1"
    assert "there is no such file or folder" in problem.what


def test_the_library_that_comes_along_is_shown_where_no_folder_is_set(tmp_path: Path) -> None:
    with run_desk(tmp_path) as running:
        answer = httpx.get(f"{running.url}/playbooks", cookies=ENGLISH)
        home = httpx.get(running.url, cookies=ENGLISH)
    assert "The rules that come with callmood" in answer.text
    assert 'href="/playbooks"' in home.text
    assert load_playbook_catalogue(None).problems == ()


def test_a_problem_is_shown_without_the_folders_own_name(folder: Path) -> None:
    save_atomically(folder / "lonely.yaml", "a: b: c")
    (problem,) = load_playbook_catalogue(folder).problems
    assert problem == CatalogueProblem("lonely.yaml:1", problem.what)


def test_what_a_rule_says_is_text_and_never_markup(http: httpx.Client, folder: Path) -> None:
    text = build_playbook_yaml("lonely", 8).replace("en: Reason", 'en: "<b>Reason</b>"')
    save_atomically(folder / "lonely.yaml", text)
    assert "&lt;b&gt;Reason" in http.get("/playbooks").text
