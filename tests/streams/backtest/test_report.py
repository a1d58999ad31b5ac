"""What people and programs get to see: `pytest --update-golden` writes it anew."""

from __future__ import annotations

import io
import json
import re
import string
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from rich.console import Console

from detectors.utterance import Language
from streams.backtest.call_sorter import Period
from streams.backtest.html_page import render_page
from streams.backtest.record_lines import LineProblems
from streams.backtest.report import Names, Report, to_json
from streams.backtest.terminal_table import render
from streams.backtest.wording import CATALOGUE_FILE, load_catalogue
from streams.backtest.worker_pool import RulePaths
from tests.streams.backtest.recording import T0, call, record, rule, rules, said, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.golden import Golden

GOLDEN = Path(__file__).parent / "golden"
EVIL = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown as people here write them."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Two calls with a change, one without, half a call, and two lines that are broken."""
    sent = [
        *call("shop-1", (10.0, "my wallet is gone"), (100.0, "my card"), (200.0, "a cheque")),
        *call("shop@2", (30.0, "a wallet"), (50.0, "my card"), (300.0, "my phone"), at_s=60),
        *call("calm", (5.0, "good morning"), at_s=90),
        said("half", 100, "my card"),
        *call("before", (90.0, "my card"), at_s=-30),
    ]
    path = record(tmp_path / "week.jsonl", sent)
    path.write_bytes(b"broken\n" + path.read_bytes() + b"{}\n")
    more = rule("lost", "card", "wallet", level="warning")
    paths = RulePaths(
        rules(tmp_path / "before", lost=rule("lost", "card"), old=rule("old", "cheque")),
        rules(tmp_path / "after", lost=more, new=rule("new", "phone"), quiet=rule("quiet", "hush")),
    )
    problems, period = LineProblems("week.jsonl"), Period(since=T0)
    found = tried(path, paths.before, paths.after, period=period, problems=problems)
    names = Names(rules="our-rules", against="", record="week.jsonl")
    return Report(found, paths.load(), names, problems, T0)


def _table(report: Report, language: Language) -> str:
    console = Console(file=io.StringIO(), width=110)
    for part in render(report, language):
        console.print(part, highlight=False)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("language", list(Language))
def test_the_terminal_shows_a_summary_a_table_and_the_calls(
    report: Report, language: Language, golden: Golden
) -> None:
    golden.check(GOLDEN / f"table.{language}.txt", _table(report, language))


@pytest.mark.parametrize("language", list(Language))
def test_the_page_shows_the_reasons_of_both_sides(
    report: Report, language: Language, golden: Golden
) -> None:
    text = render_page(report, language, desk="http://desk:8640/")
    golden.check(GOLDEN / f"page.{language}.html", text)


def test_programs_get_every_change(report: Report, golden: Golden) -> None:
    text = json.dumps(to_json(report), ensure_ascii=False, indent=2) + "\n"
    golden.check(GOLDEN / "report.json", text)


def test_the_page_loads_nothing_and_runs_nothing(report: Report) -> None:
    text = render_page(report, Language.KOREAN)
    assert "default-src 'none'; style-src 'sha256-" in text
    assert not re.search(r"<(script|link|img|iframe|object|form)|\bstyle=|\bon\w+=|url\(", text)
    assert "http" not in text.replace("http-equiv", "")


def test_the_page_says_that_it_holds_what_customers_said(report: Report) -> None:
    for language in Language:
        assert load_catalogue(language)("private") in render_page(report, language)


def test_what_customers_say_is_never_markup(tmp_path: Path) -> None:
    path = record(tmp_path / "r", call("c1", (5.0, f"my wallet {EVIL}")))
    before = rules(tmp_path / "before", a=rule("a", "card"))
    after = rules(tmp_path / "after", a=rule("a", "wallet ... alert"))
    found = tried(path, before, after)
    assert "script" in found.changed_calls[0].pairs[0].alert.reasons[0].word("text")
    names = Names(rules=EVIL, against="[red]", record=EVIL)
    problems = LineProblems(EVIL)
    problems.add(1, EVIL)
    report = Report(found, RulePaths(before, after).load(), names, problems, T0)
    assert "<script" not in render_page(report, Language.ENGLISH)


def test_a_call_is_linked_to_the_desk_with_its_id_escaped(report: Report) -> None:
    text = render_page(report, Language.ENGLISH, desk="http://desk:8640/")
    assert 'href="http://desk:8640/calls/shop%402"' in text


def test_nothing_changed_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = record(tmp_path / "r", call("c1", (5.0, "my card")))
    same = rules(tmp_path / "rules", a=rule("a", "card"))
    found = tried(path, same, same)
    report = Report(found, RulePaths(same, same).load(), Names("", "", "r"), LineProblems("r"), T0)
    expected = "In 1 call the changed rules would have given exactly the same alerts (1)."
    assert report.summary(Language.ENGLISH) == expected
    assert "Nothing changes." in render_page(report, Language.ENGLISH)


@pytest.fixture
def partial(tmp_path: Path) -> Report:
    """One of three playbooks is tried, by somebody who thought that the others stay."""
    path = record(tmp_path / "r", call("c1", (5.0, "my card")))
    card = rule("card", "card")
    hush, quiet = rule("hush", "hush"), rule("quiet", "quiet")
    paths = RulePaths(
        rules(tmp_path / "all", card=card, hush=hush, quiet=quiet),
        rules(tmp_path / "mine", card=card),
    )
    found = tried(path, paths.before, paths.after)
    return Report(found, paths.load(), Names("mine", "", "r"), LineProblems("r"), T0)


def test_playbooks_that_are_missing_are_asked_about_before_anything_else(partial: Report) -> None:
    asked = "2 of the 3 playbooks in force are missing in mine: is it the whole set?"
    assert _table(partial, Language.ENGLISH).splitlines()[0] == asked
    text = render_page(partial, Language.ENGLISH)
    assert text.index(asked) < text.index('class="summary"')
    korean = "지금 쓰는 플레이북 3개 가운데 2개가 mine에 없습니다. 규칙 전체가 맞나요?"
    assert korean in render_page(partial, Language.KOREAN)


def test_playbooks_that_are_missing_are_those_of_the_folder_that_is_named(partial: Report) -> None:
    named = replace(partial, names=Names("mine", "old", "r", in_force=False))
    assert named.missing(Language.ENGLISH).startswith("2 of the 3 playbooks in old are missing")


def test_a_whole_set_is_not_asked_about(tmp_path: Path) -> None:
    path = record(tmp_path / "r", call("c1", (5.0, "my card")))
    same = rules(tmp_path / "rules", a=rule("a", "card"))
    found = tried(path, same, same)
    report = Report(found, RulePaths(same, same).load(), Names("a", "", "r"), LineProblems("r"), T0)
    assert report.missing(Language.ENGLISH) == ""
    assert report.others(Language.ENGLISH) == ""


def test_playbooks_that_alert_under_neither_set_are_one_line(partial: Report) -> None:
    line = "2 others: nothing changes, they alert neither before nor after."
    for text in (_table(partial, Language.ENGLISH), render_page(partial, Language.ENGLISH)):
        assert text.count(line) == 1
        assert "hush" not in text


def test_every_phrase_has_both_languages_with_the_same_values() -> None:
    for texts in yaml.safe_load(CATALOGUE_FILE.read_text(encoding="utf-8")).values():
        assert set(texts) == set(Language)
        assert _names(texts["ko"]) == _names(texts["en"])


def _names(phrase: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase)} - {None}


def test_every_phrase_is_used() -> None:
    folder = CATALOGUE_FILE.parent
    sources = [*folder.glob("*.py"), *folder.glob("templates/*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    made = ("level.", "some_", "gained", "lost", "moved", "same", "new", "removed")
    keys = yaml.safe_load(CATALOGUE_FILE.read_text(encoding="utf-8"))
    assert [key for key in keys if f'"{key}"' not in text and not key.startswith(made)] == []
