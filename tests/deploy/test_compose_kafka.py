"""The compose file's Kafka settings, given to the real broker of the same version."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient

from streams.kafka.admin import ensure_topics
from streams.kafka.local.child_process import die_with_parent
from streams.kafka.local.jars import fetch_jars
from streams.kafka.local.java import find_java
from streams.settings import Settings
from streams.topics import ALL_TOPICS
from tests.deploy.compose import environment
from tests.deploy.prometheus import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.slow]

START_S = 120
POLL_S = 0.1
NOT_FOR_THE_BROKER = {"KAFKA_HEAP_OPTS"}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where its two listeners for clients are."""

    inside: str
    outside: str


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Formatted and started as the image's own scripts do it, with the same environment."""
    home = tmp_path_factory.mktemp("compose-kafka")
    ports = {port: str(free_port()) for port in ("19092", "9092", "29093")}
    config = home / "server.properties"
    config.write_text(_properties(home, ports), encoding="utf-8")
    java = [str(find_java()), "-cp", f"{fetch_jars(Settings().jars, lambda _done, _all: None)}/*"]
    tool = [*java, "kafka.tools.StorageTool", "format", "-c", str(config)]
    cluster = environment("kafka")["CLUSTER_ID"]
    subprocess.run([*tool, f"--cluster-id={cluster}"], check=True, timeout=START_S)
    log = home / "kafka.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*java[:1], "-Xmx512m", *java[1:], "kafka.Kafka", str(config)],
            stdout=out,
            stderr=out,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (prctl only)
        )
    try:
        _wait(process, log, ports["9092"])
        yield Broker(f"127.0.0.1:{ports['19092']}", f"127.0.0.1:{ports['9092']}")
    finally:
        process.terminate()
        process.wait(START_S)


def _wait(process: subprocess.Popen[bytes], log: Path, port: str) -> None:
    """Until it takes connections: it opens its listeners when it is ready."""
    deadline = time.monotonic() + START_S
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", int(port))):
            told = log.read_text(encoding="utf-8")
            assert process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(POLL_S)


def _properties(home: Path, ports: dict[str, str]) -> str:
    """KAFKA_A_B=c is a.b=c to the image; only names and places are this machine's instead."""
    lines = []
    for name, told in environment("kafka").items():
        if not name.startswith("KAFKA_") or name in NOT_FOR_THE_BROKER:
            continue
        value = told.replace("kafka:", "127.0.0.1:").replace("://:", "://127.0.0.1:")
        for port, other in ports.items():
            value = value.replace(f":{port}", f":{other}")
        key = name.removeprefix("KAFKA_").lower().replace("_", ".")
        lines.append(f"{key}={home / 'data' if key == 'log.dirs' else value}")
    return "\n".join(lines)


def test_topics_can_be_made_from_inside_and_are_seen_from_outside(broker: Broker) -> None:
    here = Settings(partitions=int(environment("worker")["CALLMOOD_PARTITIONS"]))
    ensure_topics(broker.inside, here)
    outside = KafkaAdminClient(bootstrap_servers=broker.outside)
    try:
        assert {topic.name for topic in ALL_TOPICS} <= set(outside.list_topics())
    finally:
        outside.close()


@pytest.mark.parametrize("listener", ["inside", "outside"])
def test_a_client_is_sent_on_to_the_listener_that_it_came_in_by(
    broker: Broker, listener: str
) -> None:
    came_in_by = getattr(broker, listener)
    client = KafkaAdminClient(bootstrap_servers=came_in_by)
    try:
        (node,) = client.describe_cluster()["brokers"]
    finally:
        client.close()
    assert f"{node['host']}:{node['port']}" == came_in_by
