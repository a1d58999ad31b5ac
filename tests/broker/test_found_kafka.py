"""Whoever has the same home finds the Kafka that runs there, without being told its port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.kafka.admin import broker_address
from streams.settings import Settings

if TYPE_CHECKING:
    from tests.support.line import TestPipeline


def test_a_real_broker_is_found_by_its_home(line: TestPipeline) -> None:
    assert broker_address(Settings(kafka="", home=line.home)) == line.broker
