"""Making topics on a cluster whose brokers hear of them one after the other."""

from __future__ import annotations

from typing import Any, cast

import pytest

from streams.kafka import admin
from streams.kafka.connection import BrokerError
from streams.settings import Settings
from streams.topics import ALL_TOPICS


class LateBroker:
    """Describes topics as a broker does that has not heard of their partitions at first."""

    def __init__(self, *, blind_answers: int) -> None:
        self.answers = 0
        self._blind_answers = blind_answers

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        self.answers += 1
        count = 0 if self.answers <= self._blind_answers else 8
        return [{"name": name, "partitions": [{}] * count} for name in names]


def test_partitions_that_a_broker_has_not_heard_of_yet_are_waited_for() -> None:
    broker = LateBroker(blind_answers=2)
    admin._check_partition_counts(cast("Any", broker), Settings(partitions=8))
    assert broker.answers == 3


def test_a_cluster_with_another_number_of_partitions_is_refused_at_once() -> None:
    broker = LateBroker(blind_answers=0)
    with pytest.raises(BrokerError, match=r"every topic needs 4 partitions, but .* has 8"):
        admin._check_partition_counts(cast("Any", broker), Settings(partitions=4))
    assert broker.answers == 1


def test_topics_that_never_get_partitions_end_in_one_line() -> None:
    broker = LateBroker(blind_answers=1_000_000)
    with pytest.raises(BrokerError, match=f"{min(topic.name for topic in ALL_TOPICS)} has 0"):
        admin._check_partition_counts(
            cast("Any", broker), Settings(partitions=8, kafka_timeout_s=0.05)
        )
