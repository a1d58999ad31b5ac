"""Who calls again is recognised, also by a worker that was killed and started in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from click.testing import CliRunner

from streams.cli import cli
from streams.ingest.caller_hash import build_caller_hasher
from streams.messages.alerts import AlertMessage
from streams.messages.callers import ReturningCaller
from streams.messages.calls import CallEvent, TranscriptMessage
from streams.settings import Settings, settings
from streams.topics import ALERTS, CALLS, RETURNING_CALLERS, TRANSCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from playbooks.sensitivity import SensitivityKind
    from streams.cloudevents import Message
    from tests.support.line import TestPipeline

NUMBER, SAME = "010-2345-6789", "+82 10 2345 6789"
OTHER = "02-555-0143"
ANGRY = "됐고요, 금융감독원에 민원 넣을 거예요!"
PLAYBOOK = """
id: complaint
version: 1
owner: test
level: warning
sensitive: escalation
title: {ko: 외부 민원, en: Complaint}
why: {ko: 민원은 권리입니다., en: It is a right.}
steps: [{ko: 기록하세요., en: Write it down.}]
when: {said: {ko: [금융감독원에], en: [regulator]}}
tests:
  - {name: said, timeline: [{at: 1s, customer says: 금융감독원에 알려요}], alerts: [{at: 1s}]}
  - {name: unsaid, timeline: [{at: 1s, customer says: 네}], alerts: none}
"""


def test_a_caller_s_second_call_is_recognised_after_the_worker_was_killed(
    line: TestPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "complaint.yaml").write_text(PLAYBOOK, encoding="utf-8")
    env = {"CALLMOOD_PLAYBOOKS": str(tmp_path)}
    hashed = build_caller_hasher(Settings(home=tmp_path))
    at = datetime.now(UTC) - timedelta(days=3)
    worker = line.start("worker", ready="worker: listening", env=env)
    _say(line, _started("first", at, hashed(NUMBER)), _line("first", ANGRY))
    kinds = _kinds(line, "first")
    assert kinds, "the playbooks found what needs care"
    line.wait_until_done()
    line.kill(worker)
    _say(line, _started("other", at, hashed(OTHER)))
    _say(line, _started("second", at + timedelta(days=3), hashed(SAME)))
    worker = line.start("worker", ready="worker: listening", env=env)
    told = _told(line, "second")
    assert [(one.call_id, set(one.kinds)) for one in told.earlier] == [("first", kinds)]
    line.wait_until_done()
    assert line.read(RETURNING_CALLERS, call_id="other", until=None) == []
    assert line.read(RETURNING_CALLERS, call_id="first", until=None) == []

    monkeypatch.setenv("CALLMOOD_KAFKA", line.broker)
    monkeypatch.setenv("CALLMOOD_HOME", str(tmp_path))
    settings.cache_clear()
    result = CliRunner().invoke(cli, ["callers", "forget", "--number", "-"], input=NUMBER)
    settings.cache_clear()
    assert result.output == (
        f"caller {hashed(NUMBER)} is forgotten, as soon as a worker and the desk read it\n"
    )
    line.wait_until_done()
    line.kill(worker)
    with line.worker(**env):
        _say(line, _started("third", at + timedelta(days=4), hashed(NUMBER)))
        _say(line, _started("fourth", at + timedelta(days=5), hashed(NUMBER)))
        assert [one.call_id for one in _told(line, "fourth").earlier] == ["third"]
        line.wait_until_done()
    assert line.read(RETURNING_CALLERS, call_id="third", until=None) == [], "forgotten means new"


def _started(call_id: str, at: datetime, caller: str) -> CallEvent:
    assert caller
    return CallEvent(call_id=call_id, event="started", at=at, caller=caller, analysis_consent=True)


def _line(call_id: str, text: str) -> TranscriptMessage:
    return TranscriptMessage(
        call_id=call_id, speaker="customer", start_ms=1_000, end_ms=3_000, text=text
    )


def _say(line: TestPipeline, *messages: Message) -> None:
    for message in messages:
        topic = CALLS if isinstance(message, CallEvent) else TRANSCRIPTS
        line.send_raw(
            topic, message.value(), key=message.key, headers=message.headers(source="/test")
        )


def _kinds(line: TestPipeline, call_id: str) -> set[SensitivityKind]:
    alerts = line.read(ALERTS, call_id=call_id, until=bool)
    found = {one.record.sensitive for one in alerts if isinstance(one, AlertMessage)}
    return {kind for kind in found if kind is not None}


def _told(line: TestPipeline, call_id: str) -> ReturningCaller:
    found = line.read(RETURNING_CALLERS, call_id=call_id, until=bool)[0]
    assert isinstance(found, ReturningCaller)
    return found
