"""Who listens live misses nothing, and a slow one stops nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.messages.calls import CallEvent
from streams.site.hub import HISTORY_LIMIT, QUEUE_LIMIT, FeedState, Hub, LiveEvent, Subscriber

AT = datetime(2026, 11, 22, tzinfo=UTC)


def started(call_id: str) -> CallEvent:
    return CallEvent(call_id=call_id, event="started", at=AT)


def everything(event: LiveEvent) -> bool:
    del event
    return True


def listening(hub: Hub, after: str) -> Subscriber:
    listener = hub.subscribe(everything, after=after)
    assert listener is not None
    return listener


async def heard(listener: Subscriber) -> list[str]:
    found = []
    while (event := await listener.next(0.01)) is not None:
        found.append(event.message.call_id if event.message else "state")
    return found


async def test_what_was_told_but_not_yet_stored_when_a_page_was_made_is_told_again() -> None:
    hub = Hub()
    hub.publish(started("stored"))
    hub.mark_stored(hub.newest_number)
    hub.publish(started("on-its-way"))
    page = hub.cursor
    hub.publish(started("later"))
    assert await heard(listening(hub, page)) == ["on-its-way", "later"]


async def test_a_listener_goes_on_after_the_last_event_it_heard() -> None:
    hub = Hub()
    for name in ("a", "b", "c"):
        hub.publish(started(name))
    assert await heard(listening(hub, hub.event_id(2))) == ["c"]


def test_a_cursor_of_an_earlier_run_of_the_desk_is_not_understood() -> None:
    assert Hub().subscribe(everything, after=Hub().cursor) is None


@pytest.mark.parametrize("cursor", ["", "x", "-", "-1", "0-0"])
def test_a_cursor_that_is_none_is_not_understood(cursor: str) -> None:
    assert Hub().subscribe(everything, after=cursor) is None


def test_a_cursor_from_too_long_ago_is_not_understood() -> None:
    hub = Hub()
    page = hub.cursor
    for number in range(HISTORY_LIMIT + 1):
        hub.publish(started(f"c{number}"))
    assert hub.subscribe(everything, after=page) is None


async def test_a_browser_that_does_not_read_is_dropped_and_the_others_hear_all() -> None:
    hub = Hub()
    slow = listening(hub, hub.cursor)
    quick = listening(hub, hub.cursor)
    count = 0
    for number in range(QUEUE_LIMIT + 1):
        hub.publish(started(f"c{number}"))
        count += len(await heard(quick))
    assert slow.is_dropped
    assert (quick.is_dropped, count) == (False, QUEUE_LIMIT + 1)


async def test_everybody_is_told_when_the_line_goes_and_only_then() -> None:
    hub = Hub()
    hub.set_state(FeedState.UP)
    listener = hub.subscribe(
        lambda event: event.message is None, after=hub.event_id(hub.newest_number)
    )
    assert listener is not None
    hub.set_state(FeedState.UP)
    assert await heard(listener) == []
    hub.set_state(FeedState.AWAY)
    assert await heard(listener) == ["state"]


async def test_a_desk_that_ends_lets_every_listener_go() -> None:
    hub = Hub()
    listener = listening(hub, hub.cursor)
    hub.close()
    assert listener.is_dropped
    assert await listener.next(60) is None
