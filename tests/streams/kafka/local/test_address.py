"""A local Kafka is found by the address in its home, and only while it answers there."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from streams.kafka import admin
from streams.kafka.admin import DEFAULT_BROKER, broker_address, require_broker
from streams.kafka.connection import BrokerError
from streams.kafka.local import address
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("CALLMOOD_KAFKA", raising=False)
    here = Settings(home=tmp_path)
    here.kafka_home.mkdir()
    return here


@pytest.fixture
def kafka() -> Iterator[str]:
    """Somebody who answers the first question as Kafka does: with four bytes of length."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _answer(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(64)
        connection.sendall(b"\0\0\0\4")


def test_a_kafka_that_runs_on_the_home_is_found(here: Settings, kafka: str) -> None:
    address.publish(here.kafka_home, kafka)
    assert broker_address(here) == kafka
    assert [one.name for one in here.kafka_home.iterdir()] == ["address"]


def test_the_setting_goes_before_what_runs_on_the_home(here: Settings, kafka: str) -> None:
    address.publish(here.kafka_home, kafka)
    other = here.model_copy(update={"kafka": "kafka:9092"})
    assert broker_address(other) == "kafka:9092"


def test_what_a_crash_left_behind_counts_as_none(here: Settings, gone: str) -> None:
    address.publish(here.kafka_home, gone)
    assert broker_address(here) == DEFAULT_BROKER


@pytest.fixture
def gone() -> str:
    """An address at which nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_after_a_crash_a_person_is_told_at_once_and_in_one_line(
    here: Settings, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "DEFAULT_BROKER", gone)
    address.publish(here.kafka_home, gone)
    with pytest.raises(BrokerError) as caught:
        require_broker(here)
    left = f"nobody listens there, nor at {gone}, which a crash left in {here.kafka_home}"
    assert str(caught.value).startswith(
        f"no Kafka answers at {gone} ({left}): start `callmood run`"
    )
    assert "\n" not in str(caught.value)


def test_a_cluster_that_is_set_is_waited_for(here: Settings, gone: str) -> None:
    assert require_broker(here.model_copy(update={"kafka": gone})) == gone


def test_who_is_there_and_says_nothing_is_no_kafka(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "ANSWER_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address.publish(here.kafka_home, f"127.0.0.1:{silent.getsockname()[1]}")
        assert broker_address(here) == DEFAULT_BROKER


@pytest.mark.parametrize(
    "written", [b"", b"nonsense", b":9092", b"127.0.0.1:port", b"127.0.0.1:999999", b"\xff"]
)
def test_a_file_that_holds_no_address_counts_as_none(here: Settings, written: bytes) -> None:
    (here.kafka_home / "address").write_bytes(written)
    assert broker_address(here) == DEFAULT_BROKER


def test_without_the_file_kafka_is_where_it_usually_is(here: Settings) -> None:
    assert broker_address(here) == DEFAULT_BROKER


def test_a_broker_takes_back_its_own_address_alone(tmp_path: Path) -> None:
    address.publish(tmp_path, "127.0.0.1:2")
    address.withdraw(tmp_path, "127.0.0.1:1")
    assert (tmp_path / "address").read_text() == "127.0.0.1:2\n"
    address.withdraw(tmp_path, "127.0.0.1:2")
    assert not (tmp_path / "address").exists()
