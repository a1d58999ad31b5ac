"""One real Kafka for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.kafka.admin import ensure_topics
from streams.kafka.local.broker import start_kafka
from streams.settings import Settings
from tests.support.line import TestPipeline

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here needs the broker."""
    for item in items:
        if "tests/broker/" in item.path.as_posix():
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPipeline]:
    """A broker of our own, with the topics."""
    home = tmp_path_factory.mktemp("line")
    here = Settings()
    broker = start_kafka(home=home / "kafka", jars=here.jars)
    try:
        ensure_topics(broker.bootstrap, here)
        yield TestPipeline(broker.bootstrap, home)
    finally:
        broker.stop()
