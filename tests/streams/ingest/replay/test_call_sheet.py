"""The call sheet beside a recording: optional, strict, and refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from detectors.utterance import Language
from streams.ingest.replay.call_sheet import CallSheet, CallSheetError, read_call_sheet

if TYPE_CHECKING:
    from pathlib import Path

KEYS = (
    "the keys are call_id, agent_id, queue, language, caller, customer_channel, notice_given, "
    "analysis_consent, recording_consent, note"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.json"


def sheet(path: Path, fields: Any) -> CallSheet:
    path.write_text(json.dumps(fields), encoding="utf-8")
    return read_call_sheet(path)


def refusal(path: Path) -> str:
    with pytest.raises(CallSheetError) as caught:
        read_call_sheet(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_nobody_wrote_was_not_agreed_to(path: Path) -> None:
    empty = sheet(path, {})
    consents = (empty.notice_given, empty.analysis_consent, empty.recording_consent)
    assert consents == (False, False, False)
    assert empty.customer_channel == "right"


def test_a_sheet_says_what_the_sound_cannot(path: Path) -> None:
    full = sheet(path, {"call_id": "c-1", "language": "en", "queue": "cards", "notice_given": True})
    assert (full.call_id, full.language, full.queue) == ("c-1", Language.ENGLISH, "cards")
    assert full.notice_given


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"mood": 1}, "mood: extra inputs are not permitted"),
        ({"notice_given": "yes"}, "notice_given: input should be a valid boolean"),
        ({"language": "fr"}, "language: input should be 'ko' or 'en'"),
        ({"customer_channel": "up"}, "customer_channel: input should be 'left' or 'right'"),
        (
            {"queue": 1, "note": None},
            "queue: input should be a valid string, note: input should be a valid string",
        ),
        ([], "the whole: input should be a valid dictionary or instance of CallSheet"),
    ],
)
def test_every_wrong_key_is_told_in_one_line(path: Path, fields: Any, what: str) -> None:
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert refusal(path) == f"{path}: {what}; {KEYS}"


@pytest.mark.parametrize("call_id", ["", "a~b", "a b", "통화", "x" * 129])
def test_a_call_id_that_could_not_be_a_key_is_refused(path: Path, call_id: str) -> None:
    path.write_text(json.dumps({"call_id": call_id}), encoding="utf-8")
    assert refusal(path).startswith(f"{path}: call_id: ")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            b"{",
            "is not JSON (Expecting property name enclosed in double quotes at line 1, column 2)",
        ),
        (b'{"queue": "\xb0"}', "byte 12 is not UTF-8"),
        (b"[" * 60_000, "is not JSON of any use"),
        (b" " * 70_000, "is larger than 65,536 bytes"),
    ],
    ids=["broken", "latin", "deep", "large"],
)
def test_what_is_not_json_is_refused(path: Path, content: bytes, what: str) -> None:
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: {what}; ")


def test_a_missing_sheet_is_refused(path: Path) -> None:
    assert refusal(path) == f"{path}: no such file; check the name"
