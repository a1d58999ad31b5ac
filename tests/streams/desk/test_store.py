"""The contract of the desk's database, for SQLite and PostgreSQL alike."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from detectors.labels import Emotion
from detectors.utterance import Speaker
from playbooks.alert import Action
from streams.corrections.feature import CORRECTIONS as TRAINERS
from streams.desk import queries
from streams.desk.feature import DESK as DESK_FEATURE
from streams.desk.help_requests import load_help_requests
from streams.desk.persist import expire
from streams.evidence.bundles import find_due
from streams.evidence.feature import EVIDENCE
from streams.messages.alerts import Feedback, StepConfirmation
from streams.messages.callers import EarlierCallSummary, ReturningCaller
from streams.messages.calls import CallEvent, TranscriptMessage
from streams.messages.corrections import Correction
from streams.messages.evidence import EvidenceSeal
from streams.settings import Settings
from streams.site.feature import Arrival
from streams.store.engine import Store, StoreError, open_store
from streams.store.retention.sweep import RETENTION_STEPS, run_steps
from streams.store.tables import (
    CALLS,
    CORRECTIONS,
    DESK,
    FEEDBACK,
    METADATA,
    SEALS,
    STEPS,
    TRANSCRIPT_LINES,
)
from tests.support.calls import KOREAN_CALL, NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Row, Select

    from streams.cloudevents import Message

T0 = NOW - timedelta(hours=1)
CALL = "c:1"
ALERT = f"{KOREAN_CALL.call_id}~rising-anger~58400"


def keep(store: Store, home: Path, *messages: Message, at: datetime = T0) -> None:
    arrivals = [Arrival(message, at) for message in messages]
    settings = Settings(home=home)
    with store.engine.begin() as connection:
        DESK_FEATURE.persist(connection, arrivals, settings)
        TRAINERS.persist(connection, arrivals, settings)
        EVIDENCE.persist(connection, arrivals, settings)


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        return {
            table.name: sorted(tuple(map(str, row)) for row in connection.execute(select(table)))
            for table in METADATA.sorted_tables
        }


def read(store: Store, wanted: Select[Any]) -> Sequence[Row[Any]]:
    with store.engine.connect() as connection:
        return connection.execute(wanted).all()


EARLIER = EarlierCallSummary(call_id="earlier", started_at=T0 - timedelta(days=3))


def whole_call() -> list[Message]:
    return [
        KOREAN_CALL.start_event(),
        ReturningCaller(call_id=KOREAN_CALL.call_id, at=T0, earlier=(EARLIER,)),
        *KOREAN_CALL.messages(),
        answer("wrong", T0),
        step("done", T0),
        sealed(T0),
        KOREAN_CALL.end_event(),
        correction(Emotion.SADNESS, T0),
    ]


def answer(verdict: str, at: datetime) -> Feedback:
    return Feedback.model_validate(
        {"call_id": KOREAN_CALL.call_id, "alert_id": ALERT, "verdict": verdict, "at": at}
    )


def step(state: str, at: datetime, *, role: str = "agent") -> StepConfirmation:
    return StepConfirmation.model_validate(
        {
            "call_id": KOREAN_CALL.call_id, "alert_id": ALERT, "index": 1, "state": state,
            "action": "notify_supervisor", "role": role, "given_by": "seoyeon", "at": at,
        }
    )  # fmt: skip


def sealed(at: datetime) -> EvidenceSeal:
    return EvidenceSeal(
        call_id=KOREAN_CALL.call_id, sha256="a" * 64, size=10, file="x/y.zip", cause="asked", at=at
    )


def correction(label: Emotion, at: datetime) -> Correction:
    return Correction(
        call_id=KOREAN_CALL.call_id,
        segment_id=f"{KOREAN_CALL.call_id}~customer~62500",
        start_ms=62_500,
        end_ms=67_000,
        voice_label=label,
        at=at,
    )


def test_a_batch_that_comes_twice_leaves_the_same_rows(store: Store, tmp_path: Path) -> None:
    messages = whole_call()
    keep(store, tmp_path, *messages)
    once = rows(store)
    keep(store, tmp_path, *messages)
    assert rows(store) == once
    assert [name for name, found in once.items() if not found] == [
        "line_marks",
        "outbox",
    ]  # of what does not count, and of clicks


def test_the_order_in_which_topics_are_read_does_not_matter(store: Store, tmp_path: Path) -> None:
    messages = whole_call()
    for message in reversed(messages):
        keep(store, tmp_path, message)
    backwards = rows(store)
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            if table is not DESK:
                connection.execute(table.delete())
    keep(store, tmp_path, *messages)
    assert rows(store) == backwards


def line(text: str, *, final: bool) -> TranscriptMessage:
    return TranscriptMessage(
        call_id=CALL, speaker=Speaker.CUSTOMER, start_ms=100, end_ms=900, text=text, final=final
    )


def test_a_partial_line_grows_and_a_final_one_stays(store: Store, tmp_path: Path) -> None:
    for text, final in (("네", False), ("네 저는", False), ("네, 저는요.", True), ("네 저", False)):
        keep(store, tmp_path, line(text, final=final))
    with store.engine.connect() as connection:
        kept = connection.execute(select(TRANSCRIPT_LINES.c.text)).scalars().all()
    assert kept == ["네, 저는요."]


def test_a_nul_character_in_a_line_is_no_obstacle(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, line("a\x00b", final=True))
    with store.engine.connect() as connection:
        assert connection.scalar(select(TRANSCRIPT_LINES.c.text)) == "a\ufffdb"


@pytest.mark.parametrize("ended_first", [False, True])
def test_a_call_knows_its_agent_and_its_end_whichever_comes_first(
    store: Store, tmp_path: Path, *, ended_first: bool
) -> None:
    started = CallEvent(call_id=CALL, event="started", at=T0, agent_id="kim")
    ended = CallEvent(call_id=CALL, event="ended", at=T0 + timedelta(seconds=9), duration_ms=9_000)
    for message in (ended, started) if ended_first else (started, ended):
        keep(store, tmp_path, message)
    with store.engine.connect() as connection:
        call = queries.load_call(connection, CALL)
    assert call is not None
    assert (call.agent_id, call.started_at, call.duration_ms) == ("kim", T0, 9_000)
    assert not call.live


def test_the_last_answer_to_an_alert_counts_though_it_comes_first(
    store: Store, tmp_path: Path
) -> None:
    keep(store, tmp_path, answer("helped", T0 + timedelta(seconds=5)))
    keep(store, tmp_path, answer("wrong", T0))
    with store.engine.connect() as connection:
        assert connection.execute(select(FEEDBACK.c.verdict)).scalars().all() == ["helped"]


def test_the_last_word_on_a_step_counts_though_it_comes_first_and_each_person_has_one(
    store: Store, tmp_path: Path
) -> None:
    keep(store, tmp_path, step("undone", T0 + timedelta(seconds=5)))
    keep(store, tmp_path, step("done", T0), step("done", T0, role="supervisor"))
    kept = read(store, select(STEPS.c.role, STEPS.c.state).order_by(STEPS.c.role))
    assert [tuple(row) for row in kept] == [("agent", "undone"), ("supervisor", "done")]


def test_what_a_supervisor_took_care_of_is_asked_no_more_and_what_came_after_is(
    store: Store, tmp_path: Path
) -> None:
    later = [T0 + timedelta(seconds=number) for number in range(3)]
    keep(store, tmp_path, *whole_call(), step("done", later[0]))
    for message, waits in (
        (step("done", later[1], role="supervisor"), 0),
        (step("done", later[2]), 1),
        (step("undone", later[2]), 0),
    ):
        keep(store, tmp_path, message)
        with store.engine.connect() as connection:
            assert len(load_help_requests(connection, T0)) == waits


def test_bundles_are_deleted_when_their_own_days_are_over(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, sealed(T0))
    for days, left in ((1094, 1), (1096, 0)):
        run_steps(store.engine, RETENTION_STEPS, T0 + timedelta(days=days), Settings(home=tmp_path))
        assert len(read(store, select(SEALS))) == left


def test_what_has_to_be_sealed_is_found(store: Store, tmp_path: Path) -> None:
    click = step("done", T0).model_copy(update={"action": Action.SEAL_EVIDENCE})
    keep(store, tmp_path, KOREAN_CALL.start_event(), click)
    ended_at = KOREAN_CALL.end_event().at
    with store.engine.connect() as connection:
        assert [one.cause_id for one in find_due(connection, T0)] == [click.message_id]
    bundle = sealed(T0).model_copy(update={"cause_id": click.message_id})
    keep(store, tmp_path, bundle, KOREAN_CALL.end_event())
    with store.engine.connect() as connection:
        (final,) = find_due(connection, ended_at + timedelta(minutes=1))
    assert (final.call_id, final.cause) == (KOREAN_CALL.call_id, "call_ended")


def test_an_older_correction_does_not_replace_a_newer_one(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, correction(Emotion.FEAR, T0 + timedelta(seconds=5)))
    keep(store, tmp_path, correction(Emotion.ANGER, T0))
    with store.engine.connect() as connection:
        assert connection.execute(select(CORRECTIONS.c.voice_label)).scalars().all() == ["fear"]


def test_instants_come_back_in_utc(store: Store, tmp_path: Path) -> None:
    seoul = datetime.fromisoformat("2026-11-22T18:00:00+09:00")
    keep(store, tmp_path, CallEvent(call_id=CALL, event="started", at=seoul))
    with store.engine.connect() as connection:
        kept = connection.scalar(select(CALLS.c.started_at))
    assert kept == seoul
    assert kept is not None
    assert kept.utcoffset() == timedelta(0)


def test_four_writers_at_once_lose_nothing(store: Store, tmp_path: Path) -> None:
    def write(writer: int) -> None:
        for number in range(25):
            event = CallEvent(call_id=f"w{writer}-{number}", event="started", at=T0)
            keep(store, tmp_path, event)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(CALLS)) == 100


def test_a_call_that_nobody_ended_is_over_after_half_an_hour(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, CallEvent(call_id=CALL, event="started", at=T0), at=T0)
    for minutes, live in ((29, True), (31, False)):
        with store.engine.begin() as connection:
            expire(connection, T0 + timedelta(minutes=minutes), Settings(home=tmp_path))
            call = queries.load_call(connection, CALL)
        assert call is not None
        assert call.live is live


def test_a_call_is_forgotten_when_its_days_are_over_but_not_what_people_answered(
    store: Store, tmp_path: Path
) -> None:
    keep(store, tmp_path, *whole_call())
    (ended_at,) = [row[0] for row in read(store, select(CALLS.c.ended_at))]
    before = {name for name, found in rows(store).items() if found}
    for days, left in (
        (89, before - {"clips"}),
        (91, {"desk", "feedback", "corrections", "seals"}),
    ):
        at = ended_at + timedelta(days=days)
        run_steps(store.engine, RETENTION_STEPS, at, Settings(home=tmp_path))
        assert {name for name, found in rows(store).items() if found} == left


def test_a_call_that_is_still_live_is_not_forgotten(store: Store, tmp_path: Path) -> None:
    later = T0 + timedelta(days=100)
    keep(store, tmp_path, CallEvent(call_id=CALL, event="started", at=T0), at=later)
    keep(store, tmp_path, line("네", final=True), at=later)
    run_steps(store.engine, RETENTION_STEPS, later, Settings(home=tmp_path, keep_days=1))
    assert len(read(store, select(TRANSCRIPT_LINES))) == len(read(store, select(CALLS))) == 1


def test_a_database_keeps_its_id_when_it_is_opened_again(store: Store, database_url: str) -> None:
    again = open_store(database_url)
    assert again.store_id == store.store_id
    again.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://here/db", "SQLite or PostgreSQL, not in mysql"),
        ("nonsense", "CALLMOOD_DATABASE"),
        ("postgresql://nobody:secret@127.0.0.1:1/db", "does not answer"),
        ("sqlite:////proc/none/callmood.db", "/proc/none"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_in_one_line(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as raised:
        open_store(url)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)
