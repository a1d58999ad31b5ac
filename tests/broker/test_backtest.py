"""Calls that a real line has recorded, tried again: the alerts are those that really were sent."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from playbooks.files.loader import LIBRARY, load_library
from streams.backtest import topic_reader
from streams.backtest.recorded_call import parse_header, parse_message
from streams.backtest.rule_replay import collect_alerts
from streams.bench.sample_calls import write_changed_rules
from streams.cli.calls import calls
from streams.cli.playbooks import playbooks
from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import demo_calls, load_call
from streams.messages.alerts import AlertMessage
from streams.settings import Settings, settings
from streams.topics import ALERTS, READINGS
from tests.streams.backtest.recording import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.line import TestPipeline

SPEED = 5.0
CALLS = ("whatif-ko", "whatif-en")


@pytest.fixture(scope="module")
def began(line: TestPipeline) -> str:
    """Both demo calls were played and read; when that began."""
    since = datetime.now(UTC) - timedelta(seconds=1)
    gateway = ReplayGateway(line.broker, Settings())
    named = list(zip(CALLS, map(load_call, demo_calls()), strict=True))
    with line.worker():
        gateway.play(named, speed=SPEED)
        gateway.close()
        line.wait_until_done()
    return since.isoformat()


@pytest.fixture(autouse=True)
def here(line: TestPipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CALLMOOD_KAFKA", line.broker)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def _run(command: Any, *words: str) -> str:
    result = CliRunner().invoke(command, [*words])
    assert result.exit_code == 0, result.output
    return result.stdout


def _tried(folder: Path, record: str, rules: Path, *words: str) -> dict[str, Any]:
    out = folder / "out.json"
    given = ["--rules", str(rules), "--calls", record, "--json", str(out), *words]
    _run(playbooks, "dry-run", *given)
    found = json.loads(out.read_text(encoding="utf-8"))
    return {key: value for key, value in found.items() if key not in {"record", "since"}}


def test_from_the_topics_and_from_an_exported_file_a_dry_run_finds_the_same(
    line: TestPipeline, began: str, tmp_path: Path
) -> None:
    line.send_raw(READINGS, b"{broken", key=CALLS[0])
    line.send_raw(READINGS, started("another").message.value(), key=CALLS[0])
    file = tmp_path / "calls.jsonl.gz"
    told = _run(calls, "export", "--to", str(file), "--since", began)
    lines = gzip.decompress(file.read_bytes()).splitlines()
    heads = [parse_header(one) for one in lines]
    assert told == f"{file}: 2 calls, {len(heads):,} messages\n"
    assert {head.call_id for head in heads} == set(CALLS)
    assert oct(file.stat().st_mode & 0o777) == "0o600", "it has what people said"

    rules = write_changed_rules(LIBRARY, tmp_path / "rules")
    in_file = _tried(tmp_path, str(file), rules)
    for word in ("kafka", "readings.v1"):
        on_topics = _tried(tmp_path, word, rules, "--since", began)
        assert on_topics.pop("lines_passed_over") == 2
        assert "readings.v1[" in on_topics.pop("problems")[0]
        wanted = {k: v for k, v in in_file.items() if k not in {"lines_passed_over", "problems"}}
        assert on_topics == wanted
    assert (in_file["calls"], in_file["calls_left_out"]) == (2, 0)
    assert in_file["total"]["before"] > 0


def test_the_rules_in_force_give_exactly_the_alerts_that_were_sent(
    line: TestPipeline, began: str, tmp_path: Path
) -> None:
    file = tmp_path / "calls.jsonl"
    _run(calls, "export", "--to", str(file), "--since", began)
    by_call: dict[str, list[Any]] = {call_id: [] for call_id in CALLS}
    for one in sorted(file.read_bytes().splitlines(), key=lambda one: parse_header(one).sent_at):
        by_call[parse_header(one).call_id].append(parse_message(one))
    for call_id, messages in by_call.items():
        sent = line.read(ALERTS, call_id=call_id, until=None)
        alerts = {
            (
                one.record.playbook_id,
                one.record.at_ms,
                one.record.level,
                one.record.step,
                one.record.reasons,
            )
            for one in sent
            if isinstance(one, AlertMessage)
        }
        again = collect_alerts(messages, load_library())
        assert alerts == {
            (one.playbook_id, one.at_ms, one.level, one.step, one.reasons) for one in again
        }
        assert alerts
    assert _tried(tmp_path, str(file), LIBRARY)["total"]["same"] == sum(
        len(line.read(ALERTS, call_id=call_id, until=None)) for call_id in CALLS
    )


def test_calls_that_began_before_are_left_out_of_what_is_read_from_the_topics(
    line: TestPipeline, began: str, tmp_path: Path
) -> None:
    """From the middle of both calls on, nothing has its start."""
    file = tmp_path / "calls.jsonl"
    _run(calls, "export", "--to", str(file), "--since", began)
    times = sorted(parse_header(one).sent_at for one in file.read_bytes().splitlines())
    middle = times[len(times) // 2].isoformat()
    given = ["--rules", str(LIBRARY), "--calls", "kafka", "--since", middle]
    result = CliRunner().invoke(playbooks, ["dry-run", *given])
    assert result.exit_code == 1
    assert "none of its 2 calls has its start in the record" in result.stderr
    del line


def test_a_cluster_without_the_topics_says_which_to_make(
    line: TestPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del line
    gone = topic_reader.RECORDED_TOPICS[0].__class__(
        name="gone.v1", message=None, retention=None, description=""
    )
    monkeypatch.setattr(topic_reader, "RECORDED_TOPICS", (*topic_reader.RECORDED_TOPICS, gone))
    result = CliRunner().invoke(calls, ["export", "--to", str(tmp_path / "x")])
    assert result.exit_code == 1
    assert "has no topic gone.v1: make it with `callmood topics create`" in result.stderr
    assert list(tmp_path.iterdir()) == []
