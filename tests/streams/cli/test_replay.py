"""`callmood replay` and `run`: every call an id of its own, and nobody scored by mistake."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from detectors.errors import CallmoodError
from streams.cli import replay as subject
from streams.cli.metrics_server import serve_metrics
from streams.cli.replay import assign_call_ids, replay
from streams.cli.run import run
from streams.ids import CALL_ID_PATTERN
from streams.ingest.replay.played_call import ReplayInput
from streams.settings import settings
from tests.streams.ingest.replay.played import STEREO, made, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import click


@pytest.fixture
def settings_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home and a port of our own."""
    monkeypatch.setenv("CALLMOOD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLMOOD_PORT", "0")
    settings.cache_clear()
    yield
    settings.cache_clear()


def refusal(command: click.Command, *words: str) -> str:
    result = CliRunner().invoke(command, list(words))
    assert result.exit_code in {1, 2}, result.output
    assert "Traceback" not in result.output
    if isinstance(result.exception, CallmoodError):
        return str(result.exception)
    return result.stderr.strip().splitlines()[-1]


def test_recordings_of_one_name_never_share_an_id() -> None:
    ready = [made(name="call"), made(name="call"), made(name="x" * 128), made(name="x" * 128)]
    named = assign_call_ids(ready, copies=3)
    ids = [call_id for call_id, _ in named]
    assert len(set(ids)) == len(ids) == 12
    assert all(re.fullmatch(CALL_ID_PATTERN, call_id) for call_id in ids)
    assert [call for _, call in named] == [call for call in ready for _ in range(3)]


def test_a_second_replay_in_the_same_second_is_another_call() -> None:
    assert assign_call_ids([made()])[0][0] != assign_call_ids([made()])[0][0]


def test_an_id_that_is_given_is_exactly_the_call_s() -> None:
    assert [call_id for call_id, _ in assign_call_ids([made()], call_id="mine")] == ["mine"]


@pytest.mark.parametrize("words", [["a.wav", "b.wav"], ["a.wav", "--calls", "2"], []])
def test_one_id_for_several_calls_is_refused(words: list[str]) -> None:
    assert "--call-id is one call's id" in refusal(replay, *words, "--call-id", "mine")


@pytest.mark.parametrize("name", ["a b", "통화", "x" * 129, "~a"])
def test_an_id_that_no_message_could_carry_is_refused(name: str) -> None:
    assert "is no call id" in refusal(replay, "a.wav", "--call-id", name)


@pytest.mark.parametrize("number", ["0", "-1"])
def test_no_calls_at_all_is_refused(number: str) -> None:
    assert "--calls" in refusal(replay, "--calls", number)


@pytest.mark.parametrize("command", [replay, run])
def test_a_mono_recording_is_refused_before_anything_starts(
    command: click.Command, tmp_path: Path, settings_here: None
) -> None:
    del settings_here
    path = written(tmp_path / "mono.wav", STEREO[:, 0])
    told = refusal(command, str(path))
    assert f"{path}: is mono" in told
    assert "--agent FILE" in told
    assert "--customer-only" in told


def test_a_recording_without_a_transcript_is_told_of_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "mine.wav", STEREO)
    subject.prepare_calls([ReplayInput(path, keep_clips=True)])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hint: {path}: no transcript: only the voice is read; ")


def test_a_taken_metrics_port_is_one_line_with_the_setting_s_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CallmoodError) as caught:
            serve_metrics(
                "replay", host="127.0.0.1", port=port, setting="CALLMOOD_GATEWAY_METRICS_PORT"
            )
    assert str(caught.value).startswith(f"port {port} is taken")
    assert "CALLMOOD_GATEWAY_METRICS_PORT" in str(caught.value)


def test_a_replay_says_where_its_metrics_are(capsys: pytest.CaptureFixture[str]) -> None:
    serve_metrics("replay", host="127.0.0.1", port=0, setting="-", to_stderr=True)
    told = capsys.readouterr().err
    assert re.fullmatch(r"replay: metrics at http://127\.0\.0\.1:[1-9]\d*/metrics\n", told)
