"""The trainers' queue as the desk keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from streams.cloudevents import now
from streams.messages.alerts import Feedback
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL
from tests.support.injected import RunningDesk, run_desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRONG = Feedback(
    call_id=KOREAN_CALL.call_id,
    alert_id=f"{KOREAN_CALL.call_id}~rising-anger~58400",
    verdict="wrong",
    at=now(),
)
BLAMED = f"{KOREAN_CALL.call_id}~customer~50800"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    with run_desk(tmp_path) as running:
        yield running


def queue(desk: RunningDesk) -> list[tuple[str, str]]:
    desk.wire.settle()
    found = httpx.get(f"{desk.url}/api/queue", timeout=20).json()["segments"]
    return [(segment["segment_id"], segment["cause"]) for segment in found]


def segment(desk: RunningDesk, segment_id: str) -> httpx.Response:
    return httpx.get(f"{desk.url}/api/segments/{quote(segment_id, safe='~')}", timeout=20)


def test_doubts_wait_until_the_call_is_over(desk: RunningDesk) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages())
    assert queue(desk) == []
    desk.wire.put(KOREAN_CALL.end_event())
    assert [cause for _, cause in queue(desk)] == ["disagreement", "uncertain"]


def test_what_is_called_wrong_is_there_at_once_and_first(desk: RunningDesk) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), WRONG)
    assert queue(desk) == [(BLAMED, "called_wrong")]
    desk.wire.put(KOREAN_CALL.end_event())
    assert queue(desk)[0] == (BLAMED, "called_wrong")


def test_an_answer_that_is_read_before_its_alert_counts_too(desk: RunningDesk) -> None:
    desk.wire.put(WRONG)
    desk.wire.settle()
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages())
    assert queue(desk) == [(BLAMED, "called_wrong")]


def test_an_answer_that_is_taken_back_takes_its_segment_with_it(desk: RunningDesk) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), WRONG)
    desk.wire.settle()
    desk.wire.put(WRONG.model_copy(update={"verdict": "withdrawn", "at": now()}))
    assert queue(desk) == []


def test_a_trainer_gets_the_clip_and_the_words(desk: RunningDesk) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), WRONG)
    desk.wire.settle()
    detail = segment(desk, BLAMED).json()
    assert detail["clip"] == "ready"
    assert detail["text"] == KOREAN_CALL.lines[7].text
    assert {estimate["modality"] for estimate in detail["estimates"]} == {"voice", "text"}
    clip = httpx.get(f"{desk.url}/api/segments/{quote(BLAMED, safe='~')}/clip", timeout=20)
    assert clip.headers["content-type"] == "audio/flac"
    assert clip.content.startswith(b"fLaC")


@pytest.mark.parametrize(("agreed", "state"), [(True, "missing"), (False, "not_agreed")])
def test_a_trainer_is_told_why_there_is_no_clip(
    desk: RunningDesk, *, agreed: bool, state: str
) -> None:
    call = replace(ENGLISH_CALL, recorded=False)
    desk.wire.put(replace(call, recorded=agreed).start_event(), *call.messages(), call.end_event())
    (segment_id, _), *_ = queue(desk)
    assert segment(desk, segment_id).json()["clip"] == state


def test_a_correction_of_another_desk_empties_this_queue_too(desk: RunningDesk) -> None:
    desk.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), KOREAN_CALL.end_event())
    before = queue(desk)
    body = {"segment_id": before[0][0], "voice_label": "joy"}
    httpx.post(f"{desk.url}/api/corrections", json=body, timeout=20)
    desk.wire.settle()
    (kept,) = [one for one in desk.wire.sent_messages if one.ce_type == "callmood.correction.v1"]
    with run_desk(desk.settings.home / "other") as other:
        other.wire.put(kept)
        other.wire.put(KOREAN_CALL.start_event(), *KOREAN_CALL.messages(), KOREAN_CALL.end_event())
        assert queue(other) == before[1:]
