"""What is in a bundle, that the same content is the same file, and when one is made."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from streams.cloudevents import now
from streams.evidence.bundles import (
    ALLOWED_LATENESS,
    MAX_REQUEST_AGE,
    find_due,
)
from streams.evidence.call_record import SealError
from streams.evidence.seal import SealRequest, seal
from streams.messages.alerts import Feedback
from streams.settings import Settings
from streams.store.retention.evidence_files import delete_expired_bundles, resolve_bundle_path
from tests.streams.evidence.conftest import CALL, CLICKED, Kept, click

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from streams.messages.evidence import EvidenceSeal


def payload(kept: Kept, made: EvidenceSeal) -> dict[str, bytes]:
    """What is under ``data/``, by name."""
    with zipfile.ZipFile(kept.path(made)) as bundle:
        assert bundle.testzip() is None
        (folder,) = {name.partition("/")[0] for name in bundle.namelist()}
        inside = f"{folder}/data/"
        return {
            name.removeprefix(inside): bundle.read(name)
            for name in bundle.namelist()
            if name.startswith(inside)
        }


def due_at(kept: Kept, at: datetime) -> list[SealRequest]:
    with kept.store.engine.connect() as connection:
        return find_due(connection, at)


def test_a_bundle_holds_everything_known_of_the_call_and_any_program_can_open_it(
    kept: Kept,
) -> None:
    made = kept.seal(sealed_by="seoyeon", role="agent")
    files = payload(kept, made)
    lines = files["transcript.jsonl"].decode().splitlines()
    alerts = json.loads(files["alerts.json"])
    readings = json.loads(files["readings.json"])
    (step,) = json.loads(files["steps.json"])
    text = files["transcript.txt"].decode()
    assert [json.loads(line)["text"] for line in lines] == [said.text for said in CALL.lines]
    assert [alert["playbook_id"] for alert in alerts] == ["rising-anger", "regulator-complaint"]
    assert {reading["valence"] for reading in readings if reading["modality"] == "voice"} == {
        0.25 - said.strength / 2 for said in CALL.lines if said.speaker == "customer"
    }
    assert (step["action"], step["given_by"], step["at"]) == (
        "seal_evidence", "seoyeon", CLICKED.isoformat(),
    )  # fmt: skip
    assert text.index(CALL.lines[-2].text[:10]) > text.index("regulator-complaint")
    assert "[1:10] ** 확인 / Confirmed: 상담사 / Agent seoyeon: “봉인을 요청했습니다" in text
    assert files.keys() >= {"readings.json", "moods.json", "turns.json", "feedback.json"}


def test_the_record_says_who_sealed_it_and_nothing_says_who_called(kept: Kept) -> None:
    kept.keep(CALL.start_event().model_copy(update={"caller": "5f0c2a9be4d1738806d2c1f7a3b98e42"}))
    made = kept.seal(sealed_by="seoyeon", role="agent")
    record = json.loads(payload(kept, made)["bundle.json"])
    assert record["sealed"]["by"] == "seoyeon"
    assert [used["id"] for used in record["playbooks"]] == ["regulator-complaint", "rising-anger"]
    assert b"5f0c2a9be4d1738806d2c1f7a3b98e42" not in kept.path(made).read_bytes()


def test_the_same_content_gives_the_same_bytes(kept: Kept, tmp_path: Path) -> None:
    first, second = (
        seal_unkept(kept, Settings(home=tmp_path, database=kept.settings.database_url))
        for _ in range(2)
    )
    assert first == second
    assert hashlib.sha256(kept.path(first).read_bytes()).hexdigest() == first.sha256
    assert kept.path(first).stat().st_size == first.size


def test_only_the_desk_may_look_into_the_folder_of_evidence(kept: Kept) -> None:
    kept.seal()
    assert kept.settings.evidence.stat().st_mode & 0o077 == 0


def seal_unkept(kept: Kept, settings: Settings, **limits: int) -> EvidenceSeal:
    with kept.store.engine.connect() as connection:
        return seal(connection, SealRequest(call_id=CALL.call_id), settings, at=CLICKED, **limits)


def test_the_voice_is_in_it_only_where_recording_was_agreed_to(kept: Kept) -> None:
    agreed = kept.seal()
    clips = [
        content for name, content in payload(kept, agreed).items() if name.startswith("clips/")
    ]
    assert len(clips) == sum(said.speaker == "customer" for said in CALL.lines)
    assert clips[0].startswith(b"fLaC")
    silent = replace(CALL, call_id="silent", recorded=False)
    kept.keep(silent.start_event(), *silent.messages())
    record = kept.verdict(kept.seal(silent)).record
    assert record is not None
    assert (record.clips.count, record.clips.why_none) == (0, "not_agreed")


def test_clips_that_do_not_fit_are_left_out_and_the_record_says_so(kept: Kept) -> None:
    made = seal_unkept(kept, kept.settings, limit=60_000)
    record = kept.verdict(made).record
    assert record is not None
    assert (record.clips.count, record.clips.why_none) == (0, "too_large")
    assert made.size <= 60_000


def test_a_bundle_that_is_too_large_without_clips_is_refused_in_one_line(kept: Kept) -> None:
    with pytest.raises(SealError, match=r"would have \d+ bytes; a bundle has at most 5000"):
        seal_unkept(kept, kept.settings, limit=5_000)
    assert list(kept.settings.evidence.rglob("*.*")) == []


def test_a_call_that_is_unknown_is_refused(kept: Kept) -> None:
    with pytest.raises(SealError, match="no call 'silent'"):
        kept.seal(replace(CALL, call_id="silent"))


def test_a_click_asks_for_one_bundle_and_a_second_click_for_another(kept: Kept) -> None:
    (wanted,) = due_at(kept, CLICKED)
    assert (wanted.cause, wanted.sealed_by, wanted.role) == ("asked", "seoyeon", "agent")
    first = kept.seal(cause_id=wanted.cause_id, at=CLICKED + timedelta(seconds=1))
    assert due_at(kept, CLICKED + timedelta(seconds=2)) == []
    again = CLICKED + timedelta(seconds=20)
    kept.keep(click("undone", at=CLICKED + timedelta(seconds=10)), click(at=again))
    assert due_at(kept, again) == [wanted]
    second = kept.seal(cause_id=wanted.cause_id, at=again)
    assert (first.previous_sha256, second.previous_sha256) == ("", first.sha256)


def test_a_click_that_was_taken_back_asks_for_nothing(kept: Kept) -> None:
    kept.keep(click("undone", at=CLICKED + timedelta(seconds=1)))
    assert due_at(kept, CLICKED + timedelta(seconds=2)) == []


def test_a_click_of_another_day_is_not_made_up_for(kept: Kept) -> None:
    assert due_at(kept, CLICKED + MAX_REQUEST_AGE + timedelta(seconds=1)) == []


def test_a_sealed_call_is_sealed_once_more_when_it_has_ended(kept: Kept) -> None:
    (wanted,) = due_at(kept, CLICKED)
    first = kept.seal(cause_id=wanted.cause_id)
    kept.keep(CALL.end_event())
    ended = CALL.end_event().at
    assert due_at(kept, ended + ALLOWED_LATENESS - timedelta(seconds=1)) == []
    (final,) = due_at(kept, ended + ALLOWED_LATENESS)
    assert (final.call_id, final.cause) == (CALL.call_id, "call_ended")
    second = kept.seal(at=ended + ALLOWED_LATENESS, cause="call_ended")
    assert second.previous_sha256 == first.sha256
    assert due_at(kept, ended + timedelta(hours=1)) == []


def test_a_call_that_nobody_sealed_is_not_sealed_at_its_end(kept: Kept) -> None:
    kept.keep(click("undone", at=CLICKED + timedelta(seconds=1)), CALL.end_event())
    assert due_at(kept, now()) == []


def test_an_alert_called_wrong_is_in_the_evidence_too(kept: Kept) -> None:
    alert = f"{CALL.call_id}~rising-anger~58400"
    kept.keep(Feedback(call_id=CALL.call_id, alert_id=alert, verdict="wrong", at=CLICKED))
    (answer,) = json.loads(payload(kept, kept.seal())["feedback.json"])
    assert (answer["alert_id"], answer["verdict"]) == (alert, "wrong")


def test_a_bundle_outlives_its_call_and_goes_when_its_own_days_are_over(kept: Kept) -> None:
    made = kept.seal()
    os.utime(kept.path(made), (CLICKED.timestamp(), CLICKED.timestamp()))
    for days, there in ((1094, True), (1096, False)):
        with kept.store.engine.begin() as connection:
            delete_expired_bundles(connection, CLICKED + timedelta(days=days), kept.settings)
        assert kept.path(made).exists() is there
        assert kept.path(made).parent.exists() is there


@pytest.mark.parametrize("file", ["/etc/passwd.zip", "../a.zip", "a/../../b.zip", "a.flac", ""])
def test_a_message_that_names_another_place_leads_nowhere(file: str) -> None:
    assert resolve_bundle_path(Settings(), file) is None
