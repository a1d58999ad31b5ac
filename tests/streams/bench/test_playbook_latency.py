"""What `callmood bench playbooks` takes through how many rules, and how it counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from playbooks.engine.engine import advance
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.events import event_time
from playbooks.files.loader import load_library
from streams.bench.playbook_latency import (
    build_repeated_rulebook,
    build_varied_rulebook,
    generate_calls,
)
from streams.cli.bench import bench

if TYPE_CHECKING:
    from pathlib import Path

    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event

LIBRARY = load_library()


def fired(book: Rulebook, call: list[Event]) -> set[str]:
    state, names = INITIAL_CALL_STATE, set()
    for event in call:
        state, alerts = advance(book, state, event, now=event_time(event))
        names |= {alert.playbook_id for alert in alerts}
    return names


def test_a_call_is_in_order_the_same_every_time_and_every_third_is_an_angry_one() -> None:
    calls = list(generate_calls(4))
    assert calls == list(generate_calls(4))
    for call in calls:
        times = [event_time(event) for event in call]
        assert times == sorted(times)
    assert len(fired(LIBRARY, calls[0])) > len(fired(LIBRARY, calls[1]))


def test_a_companys_playbooks_ask_for_other_things_and_copies_for_the_same() -> None:
    (call,) = generate_calls(1)
    once = fired(LIBRARY, call)
    number = 4 * len(LIBRARY)
    many, alike = build_varied_rulebook(LIBRARY, number), build_repeated_rulebook(LIBRARY, number)
    assert len(many) == len(alike) == number
    assert fired(many, call) & once
    assert len(fired(alike, call)) > 2 * len(once)


def test_the_command_measures_every_kind_of_event_and_fails_nothing(tmp_path: Path) -> None:
    out = tmp_path / "cost.json"
    asked = ["playbooks", "--count", "20", "--calls", "2", "--json", str(out)]
    ran = CliRunner().invoke(bench, asked)
    assert ran.exit_code == 0, ran.output
    figures = json.loads(out.read_text())
    kinds = {"call", "line", "turn", "reading", "mood", "every event"}
    assert {(one["playbooks"], one["event"]) for one in figures} == {
        (name, kind) for name in ("different", "all alike") for kind in kinds
    }
