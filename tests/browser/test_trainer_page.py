"""What a trainer does, by mouse and by keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from detectors.labels import Topic
from streams.cloudevents import now
from streams.messages.alerts import Feedback
from streams.messages.corrections import Correction
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL, Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.injected import RunningDesk

BLAMED = f"{KOREAN_CALL.call_id}~customer~50800"


@pytest.fixture
def queue(desk: RunningDesk) -> RunningDesk:
    """Three segments: one called wrong, one where voice and words differ, one uncertain."""
    return filled(desk, KOREAN_CALL)


def filled(desk: RunningDesk, call: Script) -> RunningDesk:
    wrong = Feedback(
        call_id=KOREAN_CALL.call_id,
        alert_id=f"{KOREAN_CALL.call_id}~rising-anger~58400",
        verdict="wrong",
        at=now(),
    )
    desk.wire.put(call.start_event(), *call.messages(), wrong, call.end_event())
    desk.wire.settle()
    return desk


def corrections(desk: RunningDesk) -> list[Correction]:
    desk.wire.settle()
    return [one for one in desk.wire.sent_messages if isinstance(one, Correction)]


def test_the_whole_queue_is_worked_off_by_keyboard(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/trainer", language="en")
    for remaining in (2, 1, 0):
        expect(page.locator("#correction")).to_have_attribute("data-segment", _next(queue, page))
        page.keyboard.press("3")
        page.keyboard.press("0")
        page.keyboard.press("Enter")
        if remaining:
            expect(page.locator("#remaining")).to_have_text(f"{remaining} left")
    expect(page.get_by_role("heading", name="Nothing to correct")).to_be_visible()
    kept = corrections(queue)
    assert kept[0].segment_id == BLAMED
    assert {(one.voice_label, one.text_label) for one in kept} == {("anger", "unclear")}
    assert len({one.segment_id for one in kept}) == 3


def _next(desk: RunningDesk, page: Page) -> str:
    waiting = page.request.get(f"{desk.url}/api/queue").json()["segments"]
    return str(waiting[0]["segment_id"])


def test_the_clip_plays_with_the_space_bar(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del queue
    page = open_page("/trainer")
    clip = page.locator("#clip")
    expect(clip).to_have_js_property("readyState", 4)
    clip.evaluate("clip => clip.pause()")
    page.keyboard.press("Space")
    expect(clip).to_have_js_property("paused", value=False)
    seconds = clip.evaluate("clip => clip.duration")
    assert seconds == pytest.approx(KOREAN_CALL.lines[7].span.duration_ms / 1000, abs=0.05)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_clip_that_may_hurt_waits_for_a_press(
    desk: RunningDesk, open_page: Callable[..., Page], language: str
) -> None:
    threat = replace(KOREAN_CALL.lines[7], topics=(Topic.THREAT,))
    call = replace(KOREAN_CALL, lines=(*KOREAN_CALL.lines[:7], threat, *KOREAN_CALL.lines[8:]))
    filled(desk, call)
    page = open_page("/trainer", language=language)
    clip = page.locator("#clip")
    expect(page.locator(".hard")).to_contain_text({"ko": "협박", "en": "Threat"}[language])
    expect(clip).to_have_js_property("readyState", 4)
    expect(clip).to_have_js_property("paused", value=True)
    page.locator("#play").click()
    expect(clip).to_have_js_property("paused", value=False)


def test_labels_topics_and_name_are_kept_by_mouse_and_can_be_changed(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/trainer", language="en")
    page.get_by_label("Trainer's name").fill("Park")
    voice = page.get_by_role("radiogroup", name="What the voice expresses")
    voice.get_by_role("radio", name="Fear").check()
    page.get_by_role("checkbox", name="Regulator").check()
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_role("link", name="Change that answer").click()
    expect(page.locator(".answered")).to_be_visible()
    expect(page.get_by_role("radio", name="Fear").first).to_be_checked()
    expect(page.get_by_label("Trainer's name")).to_have_value("Park")
    voice.get_by_role("radio", name="Sadness").check()
    page.get_by_role("button", name="Keep and go on").click()
    expect(page.locator("#kept")).to_be_visible()
    first, second = corrections(queue)
    assert (first.voice_label, first.topics, first.trainer) == ("fear", ("regulator",), "Park")
    assert second.voice_label == "sadness"
    assert first.message_id == second.message_id


def test_nothing_is_kept_without_a_label(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/trainer", language="en")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_have_text("Choose a label for the voice or for the words.")
    assert corrections(queue) == []


def test_skipping_goes_on_and_keeps_nothing(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    page = open_page("/trainer", language="en")
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("#correction")).not_to_have_attribute("data-segment", BLAMED)
    assert corrections(queue) == []


def test_without_consent_there_is_no_clip_and_the_page_says_why(
    desk: RunningDesk, open_page: Callable[..., Page]
) -> None:
    desk.wire.put(ENGLISH_CALL.start_event(), *ENGLISH_CALL.messages(), ENGLISH_CALL.end_event())
    desk.wire.settle()
    page = open_page("/trainer", language="en")
    expect(page.locator(".no-clip")).to_contain_text("did not agree to recording")
    expect(page.locator("audio")).to_have_count(0)
    expect(page.locator('input[name="voice_label"]')).to_have_count(0)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing to correct")).to_be_visible()
    (kept,) = corrections(desk)
    assert (kept.voice_label, kept.text_label) == (None, "neutral")


def test_the_detectors_opinion_is_hidden_until_it_is_asked_for(
    queue: RunningDesk, open_page: Callable[..., Page]
) -> None:
    del queue
    page = open_page("/trainer", language="en")
    expect(page.locator(".estimates ul")).to_be_hidden()
    page.locator(".estimates summary").click()
    expect(page.locator(".estimates ul")).to_contain_text("Anger")
