"""How far the workers are behind is what Kafka says, and 0 only when all is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.advise.processor import SOURCES
from streams.kafka.admin import WORKER_TOPICS, lag
from streams.kafka.connection import BrokerError
from streams.settings import Settings
from streams.topics import AUDIO, CALLER_EVENTS, CALLS

if TYPE_CHECKING:
    from tests.support.line import TestPipeline


def test_the_workers_can_be_behind_on_exactly_what_they_read() -> None:
    assert set(WORKER_TOPICS) == {AUDIO, CALLER_EVENTS, *SOURCES}


def test_a_message_that_nobody_has_taken_is_behind_until_a_worker_has_acknowledged_it(
    line: TestPipeline,
) -> None:
    before = lag(line.broker, Settings())
    line.send_raw(CALLS, b"no message of ours", key="behind")
    assert lag(line.broker, Settings()) == before + 1
    with line.worker():
        line.wait_until_done()
        assert lag(line.broker, Settings()) == 0


def test_without_a_broker_it_is_one_error_and_not_a_number() -> None:
    with pytest.raises(BrokerError, match="no Kafka answers at"):
        lag("127.0.0.1:1", Settings(kafka_timeout_s=1.0))
