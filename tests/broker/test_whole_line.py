"""The main job, whole: a call in, an alert on a real screen, an answer, a correction kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from detectors.utterance import Speaker
from streams.bench.rotated_recording import rotate
from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import ReplayCall, demo_calls, load_call
from streams.messages.alerts import Feedback
from streams.messages.calls import TurnMessage
from streams.messages.corrections import Correction
from streams.messages.readings import ReadingMessage
from streams.settings import Settings
from streams.topics import (
    AUDIO,
    CALLS,
    CORRECTIONS,
    FEEDBACK,
    READINGS,
    TRANSCRIPTS,
    TURNS,
    UTTERANCES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.line import TestPipeline

SPEED = 5.0
ALERT_MS = 90_000


@pytest.fixture(scope="module")
def url(line: TestPipeline) -> Iterator[str]:
    with line.worker(), line.desk() as address:
        yield address


def _play(line: TestPipeline, named: list[tuple[str, ReplayCall]]) -> None:
    gateway = ReplayGateway(line.broker, Settings())
    gateway.play(named, speed=SPEED)
    gateway.close()


def test_both_demo_calls_bring_an_alert_to_the_screen_and_what_is_called_wrong_to_the_trainer(
    line: TestPipeline, url: str, browser: Browser
) -> None:
    korean, english = (_with_agents_of_our_own(load_call(one)) for one in demo_calls())
    pages = {
        "whole-ko": _page(browser, f"{url}/agent/{korean.sheet.agent_id}", "ko"),
        "whole-en": _page(browser, f"{url}/agent/{english.sheet.agent_id}", "en"),
    }
    calls = list(zip(pages, (korean, english), strict=True))
    playing = threading.Thread(target=_play, args=(line, calls))
    playing.start()
    for page in pages.values():
        expect(page.locator("[data-alert]").first).to_be_visible(timeout=ALERT_MS)
    playing.join()
    line.wait_until_done()

    card = pages["whole-ko"].locator("[data-alert]").first
    alert_id = card.get_attribute("data-alert")
    card.locator("[data-verdict=wrong]").click()
    told = line.read(FEEDBACK, call_id="whole-ko", until=bool)[0]
    assert isinstance(told, Feedback)
    assert (told.alert_id, told.verdict) == (alert_id, "wrong")

    trainer = _page(browser, f"{url}/trainer", "ko")
    expect(trainer.locator("#correction")).to_be_visible()
    expect(trainer.locator("#clip")).to_be_visible()
    segment = trainer.locator("#correction").get_attribute("data-segment")
    for key in ("3", "0", "Enter"):
        trainer.keyboard.press(key)
    kept = line.read(CORRECTIONS, call_id=str(segment).split("~")[0], until=bool)[0]
    assert isinstance(kept, Correction)
    assert (kept.segment_id, kept.voice_label, kept.text_label) == (segment, "anger", "unclear")
    answer = trainer.request.get(f"{url}/api/corrections").json()
    assert segment in {one["segment_id"] for one in answer["corrections"]}


def _with_agents_of_our_own(call: ReplayCall) -> ReplayCall:
    """Other tests on this broker play calls of the demo's agents, and some never end."""
    sheet = call.sheet.model_copy(update={"agent_id": f"whole-{call.sheet.agent_id}"})
    return replace(call, sheet=sheet)


def _page(browser: Browser, address: str, language: str) -> Page:
    context = browser.new_context()
    origin = "/".join(address.split("/")[:3])
    context.add_cookies([{"name": "callmood_language", "value": language, "url": origin}])
    page = context.new_page()
    page.goto(address, wait_until="domcontentloaded")
    return page


def test_an_agent_who_speaks_alone_is_never_read_and_never_kept(
    line: TestPipeline, url: str
) -> None:
    del url
    whole = rotate(load_call(demo_calls()[0]), 0, seconds=30)
    column = whole.recording.speakers.index(Speaker.CUSTOMER)
    whole.recording.samples[:, column] = np.int16(0)
    alone = [one for one in whole.lines if one.speaker is Speaker.AGENT]
    call = ReplayCall(whole.name, whole.recording, tuple(alone), whole.sheet)
    _play(line, [("agent-alone", call)])
    line.wait_until_done()

    turns = line.read(TURNS, call_id="agent-alone", until=None)
    spoken = [one for one in turns if isinstance(one, TurnMessage) and one.record.kind == "speech"]
    speakers = {one.record.speaker for one in spoken}
    assert speakers == {Speaker.AGENT}, "the agent was heard, for turn-taking"
    assert line.read(READINGS, UTTERANCES, call_id="agent-alone", until=None) == []


def test_a_customer_who_did_not_agree_to_recording_is_read_but_not_kept(
    line: TestPipeline, url: str
) -> None:
    del url
    whole = rotate(load_call(demo_calls()[1]), 0, seconds=30)
    sheet = whole.sheet.model_copy(update={"recording_consent": False})
    _play(line, [("no-clips", ReplayCall("no-clips", whole.recording, whole.lines, sheet))])
    line.wait_until_done()
    found = line.read(READINGS, UTTERANCES, call_id="no-clips", until=None)
    assert {type(one) for one in found} == {ReadingMessage}


def test_without_consent_to_analysis_nothing_but_the_call_itself_is_told(
    line: TestPipeline, url: str
) -> None:
    del url
    whole = rotate(load_call(demo_calls()[1]), 0, seconds=10)
    sheet = whole.sheet.model_copy(update={"analysis_consent": False})
    _play(line, [("no-consent", ReplayCall("x", whole.recording, whole.lines, sheet))])
    found = line.read(CALLS, AUDIO, TRANSCRIPTS, call_id="no-consent", until=None)
    assert len(found) == 2
