"""The pipeline on a cluster that asks for a password, a certificate, or both."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from streams.cloudevents import now
from streams.ingest.replay.played_call import demo_calls
from streams.kafka.admin import lag
from streams.kafka.connection import BrokerError, KafkaConnection
from streams.kafka.consumer import GroupConsumer, PartitionReader
from streams.kafka.producer import AsyncProducer, BlockingProducer
from streams.messages.alerts import AlertMessage, Feedback
from streams.messages.calls import CallEvent
from streams.processing.faust_app import ProcessorContext
from streams.settings import Settings
from streams.topics import ALERTS, CALLS, FEEDBACK
from tests.support.line import TestPipeline
from tests.support.secured_kafka import PASSWORD, SecuredKafka, run_secured_kafka

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.kafka.record import Record

WAYS = [
    ("sasl_plaintext", "PLAIN"),
    ("sasl_plaintext", "SCRAM-SHA-512"),
    ("sasl_ssl", "PLAIN"),
    ("sasl_ssl", "SCRAM-SHA-512"),
    ("ssl", "PLAIN"),
]
SCREEN_S = 60


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with run_secured_kafka(tmp_path_factory.mktemp("secured")) as running:
        yield running


def settings(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings(kafka_timeout_s=5.0)


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
async def test_every_kind_of_client_gets_in(
    kafka: SecuredKafka, monkeypatch: pytest.MonkeyPatch, protocol: str, mechanism: str
) -> None:
    here = settings(monkeypatch, kafka.environment(protocol, mechanism))
    connection = KafkaConnection.from_settings(here.kafka, here)
    call_id = f"{protocol}-{mechanism}"
    started = CallEvent(call_id=call_id, event="started", at=now())

    await asyncio.to_thread(_send_from_a_thread, connection, started)
    sender = AsyncProducer(connection, source="/test")
    await sender.start()
    await sender.send(CALLS.name, started)
    await sender.close()

    received = await asyncio.to_thread(_read_from_a_thread, connection, call_id)
    assert [record.key for record in received] == [call_id.encode()] * 2
    assert [r.value for r in await _read_as_group(connection, call_id)] == [started.value()] * 2
    assert await asyncio.to_thread(lag, here.kafka, here) > 0


def _send_from_a_thread(connection: KafkaConnection, message: CallEvent) -> None:
    producer = BlockingProducer(connection, source="/test", client_id="test")
    producer.send(CALLS.name, message)
    producer.flush()
    producer.close()


def _read_from_a_thread(connection: KafkaConnection, call_id: str) -> list[Record]:
    reader = PartitionReader(connection, client_id="test")
    partitions = reader.partitions(CALLS.name)
    ends = reader.latest_offsets(partitions)
    reader.seek(reader.earliest_offsets(partitions))
    records: list[Record] = []
    while any(reader.position(tp) < ends[tp] for tp in partitions):
        records += reader.poll(timeout_ms=200, max_records=500)
    reader.close()
    return [record for record in records if record.decoded_key == call_id]


async def _read_as_group(connection: KafkaConnection, call_id: str) -> list[Record]:
    consumer = GroupConsumer(connection, group=f"test-{call_id}")
    await consumer.start()
    assert CALLS.name in await consumer.topics()
    consumer.subscribe([CALLS.name])
    received: list[Record] = []
    while len(received) < 2:
        records = await consumer.fetch(timeout_s=1.0, max_records=500)
        received += [record for record in records if record.decoded_key == call_id]
        await consumer.commit(records)
    await consumer.close()
    return received


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [("sasl_plaintext", "PLAIN"), ("sasl_ssl", "SCRAM-SHA-512"), ("ssl", "PLAIN")],
)
def test_a_replayed_call_raises_alerts_and_an_answer_at_the_desk_gets_back(
    kafka: SecuredKafka, tmp_path: Path, protocol: str, mechanism: str
) -> None:
    environment = kafka.environment(protocol, mechanism) | {"CALLMOOD_LOG_LEVEL": "debug"}
    call_id = f"whole-{protocol}"
    plain = TestPipeline(kafka.plain, tmp_path)
    worker = plain.start("worker", ready="worker: listening", env=environment)
    desk = plain.start("desk", "--port", "0", ready="desk:", env=environment)
    try:
        folder = str(demo_calls()[0].path)
        output = _callmood(
            plain.env | environment, "replay", folder, "--call-id", call_id, "--speed", "10"
        )
        alert = plain.read(ALERTS, call_id=call_id, until=bool)[0]
        assert isinstance(alert, AlertMessage)
        _answer(desk.ready_line, alert.message_id)
        answer = plain.read(FEEDBACK, call_id=call_id, until=bool)[0]
        assert isinstance(answer, Feedback)
        assert answer.alert_id == alert.message_id
    finally:
        desk.stop()
        worker.stop()
    said = output + worker.log.read_text() + desk.log.read_text()
    assert PASSWORD not in said


def _callmood(environment: dict[str, str], *command: str, code: int = 0) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "streams.cli", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == code, result.stderr
    return result.stdout + result.stderr


def _answer(url: str, alert_id: str) -> None:
    """As soon as the desk has the alert from Kafka."""
    deadline = time.monotonic() + SCREEN_S
    address = f"{url}/api/alerts/{alert_id}/feedback"
    body = {"verdict": "helped", "given_by": "maya"}
    while (status := httpx.post(address, json=body).status_code) == 404:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert status == 200


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
@pytest.mark.parametrize("command", [("topics", "create"), ("replay",)])
def test_a_wrong_password_is_one_line_that_does_not_show_it(
    kafka: SecuredKafka, tmp_path: Path, mechanism: str, command: tuple[str, ...]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2hunter2")
    environment = TestPipeline(kafka.plain, tmp_path).env | kafka.environment("sasl_ssl", mechanism)
    environment |= {"CALLMOOD_KAFKA_PASSWORD_FILE": str(wrong), "CALLMOOD_KAFKA_TIMEOUT_S": "3"}
    output = _callmood(environment, *command, code=1)
    address = kafka.addresses["sasl_ssl"]
    assert f"callmood: Kafka at {address} does not let us in by SASL_SSL" in output
    assert "CALLMOOD_KAFKA_PASSWORD_FILE" in output
    assert "hunter2" not in output
    assert "Traceback" not in output


def test_a_desk_with_a_wrong_password_serves_pages_and_its_log_says_why_they_are_old(
    kafka: SecuredKafka, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2hunter2")
    environment = kafka.environment("sasl_ssl") | {"CALLMOOD_KAFKA_PASSWORD_FILE": str(wrong)}
    environment |= {"CALLMOOD_LOG_LEVEL": "debug"}
    desk = TestPipeline(kafka.plain, tmp_path).start(
        "desk", "--port", "0", ready="desk:", env=environment
    )
    try:
        deadline = time.monotonic() + SCREEN_S
        reason = "or does not let us in by SASL_SSL; the desk keeps trying"
        while reason not in (log := desk.log.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        health = httpx.get(f"{desk.ready_line}/healthz").json()
        assert health["status"] == "stale"
        assert "hunter2" not in log
    finally:
        desk.stop()


async def test_a_broker_that_nobody_vouches_for_is_refused_by_every_client(
    kafka: SecuredKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = settings(monkeypatch, kafka.environment("sasl_ssl"))
    here = here.model_copy(update={"kafka_ca_file": None, "kafka_timeout_s": 2.0})
    connection = KafkaConnection.from_settings(here.kafka, here)
    with pytest.raises(BrokerError):
        await asyncio.to_thread(PartitionReader, connection, client_id="test")
    with pytest.raises(BrokerError):
        await AsyncProducer(connection, source="/test").start()
    with pytest.raises(BrokerError):
        await asyncio.to_thread(lag, here.kafka, here)


def test_the_worker_s_own_client_gets_the_same_security(
    kafka: SecuredKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = settings(monkeypatch, kafka.environment("sasl_ssl"))
    credentials = ProcessorContext(here, broker=here.kafka).app.conf.broker_credentials
    assert credentials.protocol.value == "SASL_SSL"
    assert credentials.ssl_context.verify_mode.name == "CERT_REQUIRED"
    assert credentials.ssl_context.check_hostname
    assert PASSWORD not in repr(credentials)
