"""A call in which nobody knows whose voice it is: said loudly, and its mood is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from detectors.channels.channel_fault import ChannelFault, FaultEvidence, FaultKind
from streams.messages.channels import ChannelFaultMessage
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL

if TYPE_CHECKING:
    import httpx

    from tests.support.injected import RunningDesk

PATH = quote(KOREAN_CALL.call_id, safe="")
TITLES = {
    FaultKind.EXCHANGED: ("채널이 뒤바뀐 것 같습니다", "look exchanged"),
    FaultKind.ONE_SOUND: ("두 채널에 같은 소리가", "carry the same sound"),
}


def fault(kind: FaultKind = FaultKind.EXCHANGED) -> ChannelFaultMessage:
    record = ChannelFault(KOREAN_CALL.call_id, kind, FaultEvidence.WORDS_AGAINST_SOUND, 40_000)
    return ChannelFaultMessage(call_id=record.call_id, record=record)


@pytest.fixture
def calls(desk: RunningDesk) -> RunningDesk:
    for call in (KOREAN_CALL, ENGLISH_CALL):
        desk.wire.put(call.start_event(), *call.messages())
    desk.wire.settle()
    return desk


@pytest.mark.parametrize("kind", list(FaultKind))
def test_the_page_and_the_list_say_it_in_both_languages(
    calls: RunningDesk, http: httpx.Client, kind: FaultKind
) -> None:
    calls.wire.put(fault(kind))
    calls.wire.settle()
    for language, title in zip(("ko", "en"), TITLES[kind], strict=True):
        cookies = {"Cookie": f"callmood_language={language}"}
        for path in (f"/calls/{PATH}", "/agent/seoyeon"):
            assert title in http.get(path, headers=cookies).text
        assert "channel-fault" in http.get("/", headers=cookies).text


def test_its_mood_is_unknown_and_not_calm_and_others_keep_theirs(
    calls: RunningDesk, http: httpx.Client
) -> None:
    before = http.get(f"/api/calls/{PATH}").json()
    assert before["mood"] is not None
    calls.wire.put(fault())
    calls.wire.settle()
    detail = http.get(f"/api/calls/{PATH}").json()
    assert detail["call"]["channel_fault"] == "exchanged"
    assert (detail["mood"], detail["moods"], detail["call"]["mood"]) == (None, [], None)
    page = http.get(f"/calls/{PATH}").text
    assert 'class="mood-now unknown"' in page
    assert 'class="chip ' not in page
    assert 'class="chip"' not in page
    other = http.get(f"/api/calls/{quote(ENGLISH_CALL.call_id, safe='')}").json()
    assert other["call"]["channel_fault"] is None
    assert other["mood"] is not None


def test_what_comes_later_does_not_take_it_back(calls: RunningDesk, http: httpx.Client) -> None:
    calls.wire.put(fault(), *KOREAN_CALL.messages(), KOREAN_CALL.end_event())
    calls.wire.settle()
    detail = http.get(f"/api/calls/{PATH}").json()
    assert detail["call"]["channel_fault"] == "exchanged"
    assert detail["mood"] is None
