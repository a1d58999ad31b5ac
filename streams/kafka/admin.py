"""Kafka from the outside: is it there, are the topics there, how far behind are we?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewTopic, OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)

from streams.kafka.local import address
from streams.topics import (
    ALL_TOPICS,
    APP_ID,
    AUDIO,
    CALLER_EVENTS,
    CALLS,
    READINGS,
    RETURNING,
    TRANSCRIPTS,
    TURNS,
)

if TYPE_CHECKING:
    from streams.settings import Settings

DEFAULT_BROKER = "127.0.0.1:9092"

WORKER_READS = (CALLS, AUDIO, TRANSCRIPTS, TURNS, READINGS, CALLER_EVENTS, RETURNING)
"""What workers take, and so what they can be behind on."""


class BrokerError(RuntimeError):
    """Kafka does not answer, or refuses. One line, with what to do."""


def broker_address(settings: Settings) -> str:
    """Where Kafka is: the setting, or the one that runs on our home, or where it usually is."""
    return settings.kafka or address.running(settings.kafka_home) or DEFAULT_BROKER


def reachable_broker(settings: Settings) -> str:
    """`broker_address` for the commands of a person, who is told at once that nobody listens.

    Raises:
        BrokerError: nobody does, where no setting says that somebody will.
    """
    broker = broker_address(settings)
    if settings.kafka or not address.refused(broker):
        return broker
    left = address.written(settings.kafka_home)
    also = f", nor at {left}, which a crash left in {settings.kafka_home}" if left else ""
    raise BrokerError(no_broker(broker, ConnectionRefusedError(f"nobody listens there{also}")))


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


def lag(broker: str, settings: Settings) -> int:
    """How many messages the workers have not done with.

    What is done is asked for before what there is: at 0 nothing was under way, because workers
    send what a message leads to before they acknowledge it.

    Raises:
        BrokerError: no broker answers at ``broker`` in time, or it does not tell.
    """
    admin = open_admin(broker, settings)
    try:
        done = _acknowledged(admin)
        partitions = [
            TopicPartition(topic["name"], one["partition_index"])
            for topic in admin.describe_topics([topic.name for topic in WORKER_READS])
            for one in topic["partitions"]
        ]
        first = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        begun = {one: max(done.get(one, 0), first[one].offset) for one in first}
        return sum(max(0, ends[one].offset - begun[one]) for one in partitions)
    except KafkaError as error:
        message = f"Kafka at {broker} does not tell how far the workers are: {error}"
        raise BrokerError(message) from None
    finally:
        admin.close()


def _acknowledged(admin: KafkaAdminClient) -> dict[TopicPartition, int]:
    """Where the workers read on, per partition that was ever committed."""
    try:
        found = admin.list_group_offsets(APP_ID)[APP_ID]
    except (CoordinatorNotAvailableError, NotCoordinatorError, CoordinatorLoadInProgressError):
        return {}  # no worker has ever joined, or the broker that knows is only starting
    return {one: stored.offset for one, stored in found.items()}


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
        f"no Kafka answers at {broker} ({detail}): start `callmood run` or `callmood kafka` "
        "with the same CALLMOOD_HOME, or set CALLMOOD_KAFKA=host:port"
    )
