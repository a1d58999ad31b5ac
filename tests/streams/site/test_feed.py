"""The feed keeps what it can read, sets aside what it cannot, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from streams.messages.dead_letters import DeadLetter
from tests.support.calls import ENGLISH_CALL, KOREAN_CALL
from tests.support.records import with_changes

if TYPE_CHECKING:
    import httpx
    import pytest

    from tests.support.injected import RunningDesk


def dead_letters(desk: RunningDesk) -> list[DeadLetter]:
    return [message for message in desk.wire.sent_messages if isinstance(message, DeadLetter)]


def test_a_message_that_cannot_be_read_is_set_aside_and_the_next_is_kept(
    desk: RunningDesk, http: httpx.Client
) -> None:
    for value in (b"\xff\xfe", b"{", b'{"call_id": "a"}', b"x" * 70_000):
        desk.wire.put_raw("transcripts.v1", value, [], key=b"a")
    desk.wire.put(KOREAN_CALL.start_event())
    desk.wire.settle()
    assert http.get("/api/calls").json()["total"] == 1
    letters = dead_letters(desk)
    assert [letter.source_offset for letter in letters] == [1, 2, 3, 4]
    assert {letter.source_topic for letter in letters} == {"transcripts.v1"}
    assert all(letter.reason and "\n" not in letter.reason for letter in letters)


def test_a_message_that_the_database_refuses_takes_no_other_with_it(
    desk: RunningDesk, http: httpx.Client
) -> None:
    alert = with_changes(KOREAN_CALL.alert(KOREAN_CALL.alerts[0]), playbook_version=2**70)
    desk.wire.put(KOREAN_CALL.start_event(), alert, ENGLISH_CALL.start_event())
    desk.wire.settle()
    assert http.get("/api/calls").json()["total"] == 2
    assert [letter.source_topic for letter in dead_letters(desk)] == ["alerts.v1"]


def test_a_database_that_is_away_is_waited_for_and_said(
    desk: RunningDesk, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streams.site import feed  # noqa: PLC0415  (only here)

    monkeypatch.setattr(feed, "DATABASE_RETRY_S", 0.05)
    seen: list[str] = []
    write = feed.Feed._write

    full = OSError(28, "disk is full")

    def failing(self: feed.Feed, arrivals: object) -> None:
        if len(seen) < 2:
            seen.append(http.get("/healthz").json()["line"])
            raise OperationalError("insert", None, full)  # noqa: EM101  (a statement)
        write(self, arrivals)  # type: ignore[arg-type]

    monkeypatch.setattr(feed.Feed, "_write", failing)
    desk.wire.put(KOREAN_CALL.start_event())
    desk.wire.settle()
    assert seen == ["up", "database_away"]
    assert http.get("/healthz").json() == {"status": "ok", "line": "up"}
    assert http.get("/api/calls").json()["total"] == 1
