"""A dry-run counts what would have been different, and plays calls as the worker does."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from playbooks.engine.rulebook import Rulebook
from playbooks.files.loader import PlaybookError, load_library
from playbooks.review.alert_diff import AlertChange, Tally
from streams.advise.call_state import AdviceState, advise, from_json, to_json
from streams.advise.processor import to_event
from streams.backtest import dry_run, worker_pool
from streams.backtest.call_sorter import Period
from streams.backtest.record_lines import LineProblems
from streams.backtest.recorded_call import RecordError, parse_header, parse_message
from streams.backtest.rule_replay import collect_alerts
from streams.bench.sample_calls import generate_record
from streams.messages.calls import CallEvent
from tests.streams.backtest.recording import (
    T0,
    call,
    ended,
    record,
    rule,
    rules,
    said,
    started,
    tried,
)

if TYPE_CHECKING:
    from pathlib import Path

SINCE = Period(since=T0)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """The changed rules listen for one more word, and have one rule less and one more."""
    before = rules(tmp_path / "before", lost=rule("lost", "card"), old=rule("old", "cheque"))
    more = rule("lost", "card", "wallet")
    return before, rules(tmp_path / "after", lost=more, new=rule("new", "phone"))


def test_an_alert_that_only_the_changed_rules_give_is_gained_and_the_reverse_lost(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    lines = [(10.0, "my wallet"), (100.0, "my card"), (200.0, "a cheque"), (300.0, "my phone")]
    found = tried(record(tmp_path / "r", call("c1", *lines)), *two)
    assert found.tallies == {
        "lost": Tally(gained=1, same=1), "old": Tally(lost=1), "new": Tally(gained=1),
    }  # fmt: skip
    assert [pair.change for pair in found.changed_calls[0].pairs] == ["gained", "gained", "lost"]
    assert "wallet" in found.changed_calls[0].pairs[0].alert.reasons[0].word("text")


def test_an_alert_that_comes_later_has_moved(tmp_path: Path, two: tuple[Path, Path]) -> None:
    lines = [(10.0, "my wallet"), (20.0, "my card")]
    found = tried(record(tmp_path / "r", call("c1", *lines)), *two)
    assert found.total == Tally(moved=1)
    (pair,) = found.changed_calls[0].pairs
    assert pair.change is AlertChange.MOVED
    assert pair.before is not None
    assert (pair.before.at_ms, pair.alert.at_ms) == (20_000, 10_000)


def test_rules_tried_against_themselves_change_nothing_and_alert_as_the_worker_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"".join(generate_record(8, seed=3)))
    found = tried(path, None, None)
    messages = [parse_message(line) for line in path.read_bytes().splitlines()]
    by_call = {one.call_id: [m for m in messages if m.call_id == one.call_id] for one in messages}
    alerts = [
        alert for of_it in by_call.values() for alert in collect_alerts(of_it, load_library())
    ]
    assert len(alerts) > 3
    assert found.total == Tally(same=len(alerts))
    assert found.changed_calls == []


def test_moods_made_once_for_both_sets_are_the_moods_that_each_would_make(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"".join(generate_record(12, seed=3)))
    library = tmp_path / "library"
    library.mkdir()
    (library / "calm.yaml").write_text(rule("calm", "nobody says this"), encoding="utf-8")
    found = tried(path, library, None)
    back = tried(path, None, library)
    assert found.total.gained == back.total.lost > 3


def test_more_processes_find_the_same_in_the_same_order(
    tmp_path: Path, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "MIN_EVENTS_FOR_POOL", 1)
    sent = [one for n in range(12) for one in call(f"c{n}", (9.0, "my wallet"), at_s=n)]
    path = record(tmp_path / "r", sent)
    alone, several = tried(path, *two), tried(path, *two, jobs=2)
    assert alone.changed_calls == several.changed_calls
    assert [one.call_id for one in alone.changed_calls] == [f"c{n}" for n in range(12)]
    assert (alone.tallies, alone.biggest) == (several.tallies, several.biggest)


def test_the_order_of_lines_in_the_record_does_not_matter(tmp_path: Path) -> None:
    lines = list(generate_record(6, seed=3))
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"".join(lines))
    random.Random(1).shuffle(lines)
    other.write_bytes(b"".join(lines))
    assert tried(one, None, None).tallies == tried(other, None, None).tallies


def test_a_message_that_was_sent_twice_counts_once(tmp_path: Path, two: tuple[Path, Path]) -> None:
    lines = [(10.0, "my wallet")]
    once, twice = call("c1", *lines), call("c1", *lines) * 2
    assert tried(record(tmp_path / "1", once), *two).total == Tally(gained=1)
    assert tried(record(tmp_path / "2", twice), *two).total == Tally(gained=1)


def test_partial_lines_and_the_end_of_a_call_set_nothing_off(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    sent = [started("c1"), said("c1", 5, "my wallet", final=False), ended("c1", at_s=9)]
    found = tried(record(tmp_path / "r", sent), *two)
    assert (found.calls, found.events, found.total) == (1, 2, Tally())


def test_a_call_that_began_before_is_left_out_and_counted(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    sent = [
        *call("over", (5.0, "my wallet"), at_s=-60),
        *call("half", (5.0, "my wallet"), (90.0, "my phone"), at_s=-60),
        *call("whole", (5.0, "my wallet"), at_s=0),
    ]
    found = tried(record(tmp_path / "r", sent), *two, period=SINCE)
    assert (found.calls, found.truncated_calls, found.total) == (1, 1, Tally(gained=1))


def test_a_call_without_a_start_is_left_out_and_counted(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    sent = [said("half", 5, "my wallet"), *call("whole", (5.0, "my wallet"))]
    found = tried(record(tmp_path / "r", sent), *two)
    assert (found.calls, found.truncated_calls) == (1, 1)


def test_a_period_without_calls_says_so(tmp_path: Path, two: tuple[Path, Path]) -> None:
    path = record(tmp_path / "r", call("c1", (5.0, "my wallet")))
    later = Period(since=T0 + timedelta(seconds=1))
    with pytest.raises(RecordError, match="none of its 1 calls has its start"):
        tried(path, *two, period=later)
    with pytest.raises(RecordError, match="nothing in it was sent in the period"):
        tried(path, *two, period=Period(since=T0 + timedelta(days=1)))


def test_wrong_rules_are_all_named_before_any_call_is_read(tmp_path: Path) -> None:
    before = rules(tmp_path / "before", one="id: one\nid: one\n")
    after = rules(tmp_path / "after", two="when: [\n")
    with pytest.raises(PlaybookError) as caught:
        tried(record(tmp_path / "r", []), before, after)
    assert any("one.yaml:2" in line for line in caught.value.problems)
    assert any("two.yaml:" in line for line in caught.value.problems)


def test_calls_beyond_what_a_report_can_show_are_counted(
    tmp_path: Path, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "MAX_LISTED_CALLS", 2)
    sent = [one for n in range(5) for one in call(f"c{n}", (9.0, "my wallet"))]
    found = tried(record(tmp_path / "r", sent), *two)
    assert (len(found.changed_calls), found.unlisted_calls, found.total.gained) == (2, 3, 5)


def test_a_process_that_dies_ends_the_dry_run_instead_of_stopping_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "MIN_EVENTS_FOR_POOL", 1)
    gone = worker_pool.RulePaths(tmp_path / "nowhere", None)
    monkeypatch.setattr(
        worker_pool.RulePaths,
        "load",
        lambda _: worker_pool.RulebookPair(Rulebook(()), Rulebook(())),
    )
    path = record(tmp_path / "r", call("c1", (5.0, "my wallet")))
    with pytest.raises(RecordError, match="ended from outside"):
        tried(path, gone.before, gone.after, jobs=2)


def test_a_call_too_large_for_memory_is_cut_and_named(
    tmp_path: Path, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.backtest.call_sorter.MAX_CALL_BYTES", 1_000)
    path = record(tmp_path / "r", call("c1", *((float(n + 2), "hello") for n in range(9))))
    problems = LineProblems("r")
    assert tried(path, *two, problems=problems).events < 9
    assert "call c1 has more than" in problems.lines[0]


def test_made_up_calls_are_the_same_for_the_same_seed_and_as_long_as_real_ones() -> None:
    lines = list(generate_record(2, seed=5))
    assert lines == list(generate_record(2, seed=5))
    assert lines != list(generate_record(2, seed=6))
    heads = [parse_header(line) for line in lines]
    assert {head.call_id for head in heads} == {"made-00001", "made-00002"}
    assert sum(head.is_call_start for head in heads) == 2
    assert len(heads) == 2 * (60 + 60 + 120 + 2)


def test_what_the_worker_does_with_a_call_is_what_is_played() -> None:
    lines = list(generate_record(4, seed=3))
    messages = [parse_message(line) for line in lines if parse_header(line).call_id == "made-00004"]
    library, advice, alerts = load_library(), AdviceState(), []
    for message in messages:
        if isinstance(message, CallEvent) and message.event == "ended":
            continue
        event = to_event(message)
        assert event is not None
        advice, advised = advise(
            from_json(to_json(advice)), event, message_id=message.message_id, rulebook=library
        )
        alerts += [(alert.playbook_id, alert.at_ms) for alert in advised.alerts]
    assert alerts == [(one.playbook_id, one.at_ms) for one in collect_alerts(messages, library)]
