"""Rules change on disk while a call is under way; the worker goes on, and so does the call."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from detectors.utterance import Language, Speaker
from streams.cloudevents import now
from streams.messages.alerts import AlertMessage
from streams.messages.calls import CallEvent, TranscriptMessage
from streams.topics import ALERTS, CALLS, TRANSCRIPTS
from tests.deploy.prometheus import free_port
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from streams.kafka.local.child_process import ChildProcess
    from tests.support.line import TestPipeline

WAIT_S = 60
RULES = re.compile("callmood_(rules_reloads_total|rules_refused|playbooks_in_force)")
NAME = "insulted"


def version(number: int, *, phrase: str = "병신") -> str:
    """A rule in another version: up to four times, and with one phrase more."""
    phrases = ", ".join(dict.fromkeys(["병신", phrase]))
    text = build_playbook_yaml(NAME, number, phrase=phrases, tested="병신")
    return text.replace("cooldown: 10s\n", "cooldown: 10s\nat_most: 4\n")


def say(line: TestPipeline, call_id: str, text: str, *, at_s: int) -> None:
    message = TranscriptMessage(
        call_id=call_id,
        speaker=Speaker.CUSTOMER,
        start_ms=at_s * 1000 - 2_000,
        end_ms=at_s * 1000,
        text=text,
        language=Language.KOREAN,
    )
    headers = message.headers(source="/test")
    line.send_raw(TRANSCRIPTS, message.value(), key=call_id, headers=headers)


def start(line: TestPipeline, call_id: str) -> None:
    message = CallEvent(call_id=call_id, event="started", at=now(), queue="cards")
    line.send_raw(CALLS, message.value(), key=call_id, headers=message.headers(source="/test"))


def alerts(line: TestPipeline, call_id: str, count: int) -> list[tuple[str, int, int]]:
    """Playbook, version and step of a call's alerts, once there are so many."""
    found = line.read(ALERTS, call_id=call_id, until=lambda told: len(told) >= count)
    return [
        (one.record.playbook_id, one.record.playbook_version, one.record.step)
        for one in found
        if isinstance(one, AlertMessage)
    ]


def logged(child: ChildProcess, text: str) -> str:
    """The first line of its log with this text in it, as soon as it is there."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        lines = child.log.read_text(encoding="utf-8").splitlines()
        for one in lines:
            if text in one:
                return one
        time.sleep(0.05)
    pytest.fail(f"{text!r} was not in the log:\n" + "\n".join(lines))


def shown(port: int) -> dict[str, float]:
    """What the worker tells Prometheus of its rules."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    told = dict(one.rsplit(" ", 1) for one in lines if not one.startswith("#"))
    return {name: float(value) for name, value in told.items() if RULES.match(name)}


def test_a_call_under_way_goes_on_under_changed_rules_and_bad_ones_are_refused(
    line: TestPipeline, tmp_path: Path
) -> None:
    file = tmp_path / "abuse" / f"{NAME}.yaml"
    file.parent.mkdir()
    save_atomically(file, version(1))
    port, call_id = free_port(), "changed-rules"
    env = {
        "CALLMOOD_PLAYBOOKS": str(tmp_path),
        "CALLMOOD_RULES_POLL_S": "0.2",
        "CALLMOOD_WORKER_METRICS_PORT": str(port),
    }
    with line.worker(**env) as worker:
        start(line, call_id)
        say(line, call_id, "야 이 병신 같은 게", at_s=10)
        assert alerts(line, call_id, 1) == [(NAME, 1, 1)]

        save_atomically(file, version(2, phrase="도마뱀 같은"))
        logged(worker, "rules: 1 playbook in force; insulted 1 -> 2")
        say(line, call_id, "이 도마뱀 같은 사람들아", at_s=100)
        assert alerts(line, call_id, 2)[1:] == [(NAME, 2, 2)]

        save_atomically(file, version(3).replace("level: notice", "level: loud"))
        refused = logged(worker, "rules refused: ")
        assert f"rules refused: {file}:" in refused
        assert "'loud'" in refused
        logged(worker, "rules: the old ones stay")
        say(line, call_id, "이 도마뱀 같은 사람들아", at_s=200)
        assert alerts(line, call_id, 3)[2:] == [(NAME, 2, 3)]
        assert shown(port) == {
            "callmood_playbooks_in_force": 1.0,
            "callmood_rules_refused": 1.0,
            'callmood_rules_reloads_total{result="taken"}': 1.0,
            'callmood_rules_reloads_total{result="refused"}': 1.0,
        }
    save_atomically(file, version(3, phrase="도마뱀 같은"))
    with line.worker(**env):
        say(line, call_id, "이 도마뱀 같은 사람들아", at_s=300)
        say(line, call_id, "야 이 병신 같은 게", at_s=400)
        found = alerts(line, call_id, 4)
    assert found[3:] == [(NAME, 3, 4)], "another worker, with other rules, counts on"


def test_a_worker_that_is_asked_to_looks_at_once(line: TestPipeline, tmp_path: Path) -> None:
    save_atomically(tmp_path / "first.yaml", build_playbook_yaml("first", phrase="하나요"))
    env = {"CALLMOOD_PLAYBOOKS": str(tmp_path), "CALLMOOD_RULES_POLL_S": "3600"}
    with line.worker(**env) as worker:
        save_atomically(tmp_path / "first.yaml", build_playbook_yaml("first", 2, phrase="하나요"))
        worker.process.send_signal(signal.SIGHUP)
        logged(worker, "rules: 1 playbook in force; first 1 -> 2")
        logged(worker, "rules: looked; 1 playbook in force")
        assert worker.process.poll() is None
