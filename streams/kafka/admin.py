"""Kafka from the outside: is it there, are the topics there, how far behind are we?"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, NewTopic, OffsetSpec  # type: ignore[attr-defined]  # not in its __all__
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)

from streams.kafka.connection import BrokerError, KafkaConnection, describe_unreachable
from streams.kafka.local import address
from streams.topics import (
    ALL_TOPICS,
    APP_ID,
    AUDIO,
    CALLER_EVENTS,
    CALLS,
    READINGS,
    RETURNING_CALLERS,
    TRANSCRIPTS,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.settings import Settings
    from streams.topics import KafkaTopic

LOG = logging.getLogger("callmood.kafka")

METADATA_POLL_S = 0.1

DEFAULT_BROKER = "127.0.0.1:9092"

WORKER_TOPICS = (CALLS, AUDIO, TRANSCRIPTS, TURNS, READINGS, CALLER_EVENTS, RETURNING_CALLERS)
"""What workers take, and so what they can be behind on."""


def broker_address(settings: Settings) -> str:
    """Where Kafka is: the setting, or the one that runs on our home, or where it usually is."""
    return settings.kafka or address.find_running_broker(settings.kafka_home) or DEFAULT_BROKER


def require_broker(settings: Settings) -> str:
    """`broker_address` for the commands of a person, who is told at once that nobody listens.

    Raises:
        BrokerError: nobody does, where no setting says that somebody will.
    """
    broker = broker_address(settings)
    if settings.kafka or not address.is_refused(broker):
        return broker
    stale_address = address.read(settings.kafka_home)
    hint = (
        f", nor at {stale_address}, which a crash left in {settings.kafka_home}"
        if stale_address
        else ""
    )
    raise BrokerError(
        describe_unreachable(broker, ConnectionRefusedError(f"nobody listens there{hint}"))
    )


def ensure_topics(broker: str, settings: Settings, *, alter: bool = True) -> list[str]:
    """Make the topics that are missing, and let the others keep things as long as they should.

    Args:
        broker: ``host:port``.
        settings: say how many partitions there are and what shortens a topic's retention.
        alter: ``False`` for a process that need not know the installation's days, as a gateway:
            it leaves existing topics as they are.

    Returns:
        The names of those that were made.

    Raises:
        BrokerError: no broker answers at ``broker`` in time, or topics cannot be made or altered.
    """
    admin = open_admin(broker, settings)
    try:
        existing = set(admin.list_topics())
        missing = [topic for topic in ALL_TOPICS if topic.name not in existing]
        new_topics = [
            NewTopic(
                topic.name,
                num_partitions=settings.partitions,
                replication_factor=settings.kafka_replication,
                topic_configs=topic.limited_to(settings).config,
            )
            for topic in missing
        ]
        if new_topics:
            _create_topics(admin, new_topics, settings)
        _check_partition_counts(admin, settings)
        if alter:
            _alter_topics(admin, [topic for topic in ALL_TOPICS if topic not in missing], settings)
        return [topic.name for topic in missing]
    except KafkaError as error:
        message = f"Kafka at {broker} refused to make or alter topics: {error}"
        raise BrokerError(message) from None
    finally:
        admin.close()


def _create_topics(admin: KafkaAdminClient, new_topics: list[NewTopic], settings: Settings) -> None:
    try:
        admin.create_topics(new_topics, timeout_ms=int(settings.kafka_timeout_s * 1000))
    except TopicAlreadyExistsError:
        # Another process of ours was faster with some: make the others one by one.
        for topic in new_topics:
            try:
                admin.create_topics([topic], timeout_ms=int(settings.kafka_timeout_s * 1000))
            except TopicAlreadyExistsError:
                continue


def _alter_topics(
    admin: KafkaAdminClient, topics: Sequence[KafkaTopic], settings: Settings
) -> None:
    """Bring the configuration of existing topics to ours, one line in the log per change."""
    resources = [ConfigResource("TOPIC", topic.name) for topic in topics]
    described = admin.describe_configs(resources, config_filter="all")["topic"] if topics else {}
    present = {
        topic: {key: entry["value"] for key, entry in entries.items()}
        for topic, entries in described.items()
    }
    changes = {
        topic.name: changed
        for topic in topics
        if (changed := _find_changes(present[topic.name], topic.limited_to(settings).config))
    }
    if changes:
        results = admin.alter_configs([ConfigResource("TOPIC", *each) for each in changes.items()])
        for name, changed in changes.items():
            _log_changes(name, present[name], changed, result=results["topic"][name])


def _find_changes(present: Mapping[str, str], config: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in config.items()
        if not _is_same(name, present.get(name, ""), value)
    }


def _log_changes(
    topic: str, before: Mapping[str, str], changed: Mapping[str, str], *, result: str
) -> None:
    """A broker that does not let us is no reason to stop: it goes on as it was."""
    for name, value in changed.items():
        if result == "OK":
            LOG.warning(
                "topic %s: %s is %s now, it was %s", topic, name, value, before.get(name, "unset")
            )
        else:
            LOG.warning(
                "topic %s: %s should be %s, but Kafka refuses: %s", topic, name, value, result
            )


def _is_same(name: str, before: str, after: str) -> bool:
    """Lists are sets to Kafka."""
    if name == "cleanup.policy":
        return set(before.split(",")) == set(after.split(","))
    return before == after


def _count_partitions(admin: KafkaAdminClient, timeout_s: float) -> dict[str, int]:
    """Partitions per topic. A topic made just now has none until every broker has heard of it."""
    deadline = time.monotonic() + timeout_s
    while True:
        descriptions = admin.describe_topics([topic.name for topic in ALL_TOPICS])
        counts = {topic["name"]: len(topic["partitions"]) for topic in descriptions}
        if all(counts.values()) or time.monotonic() > deadline:
            return counts
        time.sleep(METADATA_POLL_S)


def _check_partition_counts(admin: KafkaAdminClient, settings: Settings) -> None:
    """One call must stay on one worker: every topic needs the same number of partitions."""
    counts = _count_partitions(admin, settings.kafka_timeout_s)
    mismatched = {name: count for name, count in counts.items() if count != settings.partitions}
    if mismatched:
        names = ", ".join(f"{name} has {count}" for name, count in sorted(mismatched.items())[:3])
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
        committed = _fetch_committed(admin)
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in admin.describe_topics([topic.name for topic in WORKER_TOPICS])
            for partition in topic["partitions"]
        ]
        earliest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        latest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        positions = {
            partition: max(committed.get(partition, 0), earliest[partition].offset)
            for partition in earliest
        }
        return sum(
            max(0, latest[partition].offset - positions[partition]) for partition in partitions
        )
    except KafkaError as error:
        message = f"Kafka at {broker} does not tell how far the workers are: {error}"
        raise BrokerError(message) from None
    finally:
        admin.close()


def _fetch_committed(admin: KafkaAdminClient) -> dict[TopicPartition, int]:
    """Where the workers read on, per partition that was ever committed."""
    try:
        offsets = admin.list_group_offsets(APP_ID)[APP_ID]
    except (CoordinatorNotAvailableError, NotCoordinatorError, CoordinatorLoadInProgressError):
        return {}  # no worker has ever joined, or the broker that knows is only starting
    return {partition: committed.offset for partition, committed in offsets.items()}


def open_admin(broker: str, settings: Settings) -> KafkaAdminClient:
    """A client for questions about the cluster.

    Raises:
        BrokerError: no broker answers in time.
    """
    connection = KafkaConnection.from_settings(broker, settings)
    try:
        return KafkaAdminClient(
            **connection.client_arguments(),
            client_id="callmood-admin",
            request_timeout_ms=connection.timeout_ms,
            bootstrap_timeout_ms=connection.timeout_ms,
        )
    except (KafkaError, ValueError, OSError) as error:
        raise BrokerError(connection.describe_failure(error)) from None
