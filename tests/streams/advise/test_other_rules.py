"""A call goes on under other rules: what it was told and what fired is not lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine
from playbooks.events import CallStarted
from playbooks.files.loader import load_library
from streams.advise.call_state import AdviceState, advise, from_json, to_json
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from playbooks.alert import Alert
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event

STARTED = CallStarted("c", queue="cards", language=Language.ENGLISH)


def said(text: str, at_s: int) -> TranscriptLine:
    span = TimeSpan((at_s - 1) * 1000, at_s * 1000)
    return TranscriptLine(
        "c", Speaker.CUSTOMER, span, text=text, language=Language.KOREAN, final=True
    )


class Call:
    """One call, as a worker goes on with it."""

    def __init__(self) -> None:
        self.advice = AdviceState()

    def under(self, rules: Rulebook, event: Event) -> tuple[Alert, ...]:
        """One event, written down before it as by a worker that started anew."""
        self.advice = from_json(json.loads(json.dumps(to_json(self.advice))))
        message_id = str(event)
        self.advice, advised = advise(self.advice, event, message_id=message_id, rulebook=rules)
        return advised.alerts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_atomically(
        tmp_path / "first.yaml", build_playbook_yaml("first", phrase="하나", queue="cards")
    )
    save_atomically(tmp_path / "second.yaml", build_playbook_yaml("second", phrase="둘째"))
    return tmp_path


def test_a_rule_of_another_version_goes_on_counting_where_the_old_one_was(folder: Path) -> None:
    call, old = Call(), load_library(folder)
    call.under(old, STARTED)
    assert [(a.playbook_version, a.step) for a in call.under(old, said("하나", 5))] == [(1, 1)]
    save_atomically(
        folder / "first.yaml", build_playbook_yaml("first", 2, phrase="셋째", queue="cards")
    )
    new = load_library(folder)
    assert call.under(new, said("하나", 30)) == ()
    (alert,) = call.under(new, said("셋째", 50))
    assert (alert.playbook_version, alert.step) == (2, 2)


def test_a_rule_that_came_in_mid_call_knows_the_queue_and_the_language(folder: Path) -> None:
    call, old = Call(), load_library(folder)
    call.under(old, STARTED)
    save_atomically(
        folder / "third.yaml", build_playbook_yaml("third", phrase="셋째", queue="cards")
    )
    save_atomically(
        folder / "fourth.yaml", build_playbook_yaml("fourth", phrase="셋째", queue="loans")
    )
    (alert,) = call.under(load_library(folder), said("셋째", 5))
    assert alert.playbook_id == "third"
    assert "customer said" in alert.reasons[0]


def test_the_cooldown_goes_on_through_a_change(folder: Path) -> None:
    call, old = Call(), load_library(folder)
    call.under(old, STARTED)
    assert call.under(old, said("하나", 5))
    save_atomically(
        folder / "first.yaml", build_playbook_yaml("first", 2, phrase="셋째", queue="cards")
    )
    new = load_library(folder)
    assert call.under(new, said("셋째", 9)) == ()
    assert call.under(new, said("셋째", 20))


def test_an_unchanged_rule_keeps_everything_and_a_deleted_one_nothing(folder: Path) -> None:
    call, old = Call(), load_library(folder)
    call.under(old, STARTED)
    call.under(old, said("하나", 5))
    call.under(old, said("둘째", 6))
    kept = call.advice.call.states["second"]
    (folder / "first.yaml").unlink()
    call.under(load_library(folder), said("안녕하세요", 7))
    states = call.advice.call.states
    assert set(states) == {"second"}
    assert (states["second"].memories, states["second"].alert_count) == (
        kept.memories,
        kept.alert_count,
    )
