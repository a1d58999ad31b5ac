"""Kafka from the outside: is it there, are the topics there, how far behind are we?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.topics import ALL_TOPICS

if TYPE_CHECKING:
    from streams.settings import Settings

DEFAULT_BROKER = "127.0.0.1:9092"


class BrokerError(RuntimeError):
    """Kafka does not answer, or refuses. One line, with what to do."""


def broker_address(settings: Settings) -> str:
    """Where Kafka is: the setting, or where Kafka usually is."""
    return settings.kafka or DEFAULT_BROKER


def ensure_topics(broker: str, settings: Settings) -> list[str]:
    """Make the topics that are missing; returns their names.

    Raises:
        BrokerError: no broker answers at ``broker`` in time, or topics cannot be made.
    """
    admin = open_admin(broker, settings)
    try:
        present = set(admin.list_topics())
        missing = [topic for topic in ALL_TOPICS if topic.name not in present]
        wanted = [
            NewTopic(
                topic.name,
                num_partitions=settings.partitions,
                replication_factor=settings.kafka_replication,
                topic_configs=topic.config,
            )
            for topic in missing
        ]
        if wanted:
            _create(admin, wanted, settings)
        _refuse_uneven(admin, settings)
        return [topic.name for topic in missing]
    except KafkaError as error:
        message = f"Kafka at {broker} refused to make topics: {error}"
        raise BrokerError(message) from None
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, wanted: list[NewTopic], settings: Settings) -> None:
    try:
        admin.create_topics(wanted, timeout_ms=int(settings.kafka_timeout_s * 1000))
    except TopicAlreadyExistsError:
        # Another process of ours was faster with some: make the others one by one.
        for topic in wanted:
            try:
                admin.create_topics([topic], timeout_ms=int(settings.kafka_timeout_s * 1000))
            except TopicAlreadyExistsError:
                continue


def _refuse_uneven(admin: KafkaAdminClient, settings: Settings) -> None:
    """One call must stay on one worker: every topic needs the same number of partitions."""
    described = admin.describe_topics([topic.name for topic in ALL_TOPICS])
    counts = {topic["name"]: len(topic["partitions"]) for topic in described}
    uneven = {name: count for name, count in counts.items() if count != settings.partitions}
    if uneven:
        names = ", ".join(f"{name} has {count}" for name, count in sorted(uneven.items())[:3])
        message = (
            f"every topic needs {settings.partitions} partitions, but {names}: "
            "set CALLMOOD_PARTITIONS to what the cluster has, or make the topics anew"
        )
        raise BrokerError(message)


def open_admin(broker: str, settings: Settings) -> KafkaAdminClient:
    """A client for questions about the cluster.

    Raises:
        BrokerError: no broker answers in time.
    """
    milliseconds = int(settings.kafka_timeout_s * 1000)
    try:
        return KafkaAdminClient(
            bootstrap_servers=broker,
            client_id="callmood-admin",
            request_timeout_ms=milliseconds,
            bootstrap_timeout_ms=milliseconds,
        )
    except (KafkaError, ValueError, OSError) as error:
        raise BrokerError(no_broker(broker, error)) from None


def no_broker(broker: str, error: Exception) -> str:
    """The one line for a Kafka that is not there."""
    detail = " ".join(str(error).split()) or type(error).__name__
    return (
        f"no Kafka answers at {broker} ({detail}): start one with `callmood kafka`, "
        "or set CALLMOOD_KAFKA=host:port"
    )
