"""`callmood callers forget`, and `--caller`: the number in, its keyed hash out, nothing between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from streams.cli import callers as subject
from streams.cli import replay as replaying
from streams.cli.callers import callers
from streams.cli.replay import prepare_calls, replay, with_caller
from streams.ingest.caller_hash import CallerHasher, load_caller_key
from streams.ingest.replay.played_call import ReplayInput, demo_calls
from streams.settings import Settings
from tests.streams.ingest.replay.played import STEREO, written

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from streams.messages.callers import CallerEvent

NUMBER = "010-2345-6789"
HASH = "5f0c2a9be4d1738806d2c1f7a3b98e42"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(home=tmp_path, kafka="kafka:9092")
    monkeypatch.setattr(subject, "settings", lambda: settings)
    monkeypatch.setattr(replaying, "settings", lambda: settings)
    return settings


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[CallerEvent]:
    events: list[CallerEvent] = []
    monkeypatch.setattr(subject, "ensure_topics", lambda *_, **__: [])
    monkeypatch.setattr(subject, "_send", lambda _broker, _here, event: events.append(event))
    return events


def forget(*words: str, given: str = "") -> Result:
    result = CliRunner().invoke(callers, ["forget", *words], input=given)
    assert "Traceback" not in result.output
    for spelling in (NUMBER, "2345", "6789"):
        assert spelling not in result.output + result.stderr
    return result


@pytest.mark.parametrize(("word", "given"), [(NUMBER, ""), ("-", "+82 10 2345 6789\n")])
def test_a_caller_is_forgotten_by_number_and_the_hash_is_all_that_is_said(
    here: Settings, told: list[CallerEvent], word: str, given: str
) -> None:
    known = CallerHasher(load_caller_key(here.caller_key), here.region).hash_number(NUMBER)
    result = forget("--number", word, given=given)
    assert result.exit_code == 0
    assert result.output.count("\n") == 1
    assert known in result.output
    assert [(one.event, one.caller, one.key) for one in told] == [("forgotten", known, known)]


def test_a_caller_is_forgotten_by_hash_without_any_key(
    here: Settings, told: list[CallerEvent]
) -> None:
    assert forget("--hash", HASH).exit_code == 0
    assert [one.caller for one in told] == [HASH]
    assert not here.caller_key.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say who: --number NUMBER or --hash HASH"),
        (["--number", NUMBER, "--hash", HASH], "say who"),
        (["--hash", NUMBER], "--hash is 32 of the digits 0-9 and a-f"),
        (["--hash", HASH.upper()], "--hash is 32 of the digits 0-9 and a-f"),
        (["--number", "112"], "--number is no telephone number"),
        (["--number", "+8210234567890123"], "--number is no telephone number"),
    ],
)
def test_who_is_not_said_clearly_is_refused_in_one_line(
    here: Settings, told: list[CallerEvent], words: list[str], why: str
) -> None:
    load_caller_key(here.caller_key)
    result = forget(*words)
    assert result.exit_code == 2
    assert why in result.stderr.strip().splitlines()[-1]
    assert told == []


def test_no_key_is_made_only_to_forget_somebody_by_it(
    here: Settings, told: list[CallerEvent]
) -> None:
    result = forget("--number", NUMBER)
    assert result.exit_code == 1
    assert "there is no key at" in result.stderr
    assert told == []
    assert not here.caller_key.exists()


def test_a_replayed_call_comes_from_the_number_that_is_given(
    here: Settings, tmp_path: Path
) -> None:
    given = with_caller([ReplayInput(written(tmp_path / "a.wav", STEREO))], NUMBER)
    (call,) = prepare_calls(given)
    assert call.caller == CallerHasher(load_caller_key(here.caller_key), here.region).hash_number(
        NUMBER
    )


def test_who_gives_no_number_needs_no_key(here: Settings, tmp_path: Path) -> None:
    here.caller_key.write_bytes(b"too short, and open to all")
    (call,) = prepare_calls(with_caller([ReplayInput(written(tmp_path / "a.wav", STEREO))], None))
    assert call.caller == ""


def test_a_key_that_cannot_be_used_is_told_before_anything_is_played(
    here: Settings, tmp_path: Path
) -> None:
    here.caller_key.write_bytes(b"short")
    here.caller_key.chmod(0o600)
    sound = str(written(tmp_path / "a.wav", STEREO))
    result = CliRunner().invoke(replay, ["--caller", NUMBER, sound])
    assert "32 are the least" in str(result.exception)


@pytest.mark.usefixtures("here")
def test_a_demo_call_has_a_caller_so_that_playing_it_again_shows_one_who_returns() -> None:
    once, again = prepare_calls(demo_calls()), prepare_calls(demo_calls())
    assert [call.caller for call in once] == [call.caller for call in again]
    assert len({call.caller for call in once} - {""}) == 1
