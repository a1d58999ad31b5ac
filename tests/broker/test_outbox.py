"""Kafka is away while people click: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from streams.kafka.admin import ensure_topics
from streams.kafka.local.broker import start_kafka
from streams.messages.alerts import Feedback, StepConfirmation
from streams.messages.callers import CallerEvent
from streams.settings import Settings
from streams.site.kafka_sender import TOPIC_BY_MESSAGE
from streams.topics import CALLER_EVENTS, FEEDBACK, STEPS, TOPICS
from tests.support.line import TestPipeline
from tests.support.protocol import CALL, FIRST, SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from streams.cloudevents import Message

CALLER = "5f0c2a9be4d1738806d2c1f7a3b98e42"
WAIT_S = 90


def test_clicks_while_kafka_is_away_arrive_once_it_is_back(tmp_path: Path) -> None:
    here = Settings()
    broker = start_kafka(home=tmp_path / "kafka", jars=here.jars)
    port = int(broker.bootstrap.rpartition(":")[2])
    try:
        ensure_topics(broker.bootstrap, here)
        line = TestPipeline(broker.bootstrap, tmp_path)
        started = CALL.start_event().model_copy(update={"caller": CALLER})
        send(line, started, FIRST, SECOND)
        with line.desk() as ready_line, httpx.Client(base_url=address(ready_line)) as http:
            wait_for_alerts(http, 2)
            broker.stop()
            for alert in (FIRST, SECOND):
                answer(http, alert, {"verdict": "wrong", "given_by": "seoyeon"})
            confirmed = http.post(f"{path_of(SECOND)}/steps/0", json={"given_by": "seoyeon"})
            assert confirmed.status_code == 200
            broker = start_kafka(home=tmp_path / "kafka", jars=here.jars, port=port)
            wait_until_sent(http)
        check_topics(line)
    finally:
        broker.stop()


def check_topics(line: TestPipeline) -> None:
    """Each answer is there once, and the caller's history ends with what was said last."""
    answers = line.read(FEEDBACK, call_id=CALL.call_id, until=None)
    assert [m.alert_id for m in answers if isinstance(m, Feedback)] == [
        FIRST.message_id, SECOND.message_id,
    ]  # fmt: skip
    events = line.read(CALLER_EVENTS, call_id=CALLER, until=None)
    assert [m.event for m in events if isinstance(m, CallerEvent)] == ["found", "withdrawn"]
    (step,) = line.read(STEPS, call_id=CALL.call_id, until=None)
    assert isinstance(step, StepConfirmation)
    assert step.alert_id == SECOND.message_id


def send(line: TestPipeline, *messages: Message) -> None:
    for message in messages:
        name = TOPIC_BY_MESSAGE[type(message)]
        topic = next(one for one in TOPICS if one.name == name)
        headers = message.headers(source="/test")
        line.send_raw(topic, message.value(), key=message.key, headers=headers)


def address(ready_line: str) -> str:
    return ready_line.removeprefix("desk:").strip()


def path_of(alert: Message) -> str:
    return f"/api/alerts/{quote(alert.message_id, safe='')}"


def answer(http: httpx.Client, alert: Message, body: dict[str, str]) -> None:
    answered = http.post(f"{path_of(alert)}/feedback", json=body, timeout=5)
    assert answered.status_code == 200


def wait_for_alerts(http: httpx.Client, number: int) -> None:
    path = f"/api/calls/{quote(CALL.call_id, safe='')}"
    deadline = time.monotonic() + WAIT_S
    while len(http.get(path).json().get("alerts", [])) < number:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def wait_until_sent(http: httpx.Client) -> None:
    deadline = time.monotonic() + WAIT_S
    while "callmood_outbox 0.0" not in http.get("/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
