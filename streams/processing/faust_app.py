"""The Faust app, and what every processor needs of it."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import TP

from streams.kafka.admin import open_admin
from streams.kafka.connection import KafkaConnection
from streams.kafka.record import TopicPartition
from streams.metrics import DEAD_LETTERS_SENT
from streams.topics import APP_ID, DEAD_LETTERS, TOPICS, KafkaTopic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Container, Iterable, Mapping

    from faust.transport.consumer import Consumer
    from faust.types.auth import CredentialsT
    from faust.types.tuples import RecordMetadata
    from kafka import KafkaAdminClient

    from streams.cloudevents import Message
    from streams.settings import Settings

log = logging.getLogger("callmood.worker")

SOURCE = "/callmood/worker"
STREAM_BUFFER = 1_024
"""Events that wait in front of a processor; then fetching pauses."""

SESSION_TIMEOUT_S = 9.0
RETRY_DELAY_S = 1.0


class ProcessorContext:
    """Kafka as the processors see it: topics to read, a way to send, a table to remember."""

    def __init__(self, settings: Settings, *, broker: str, app_id: str = APP_ID) -> None:
        self.settings = settings
        self._offsets = GroupOffsets(broker, settings, group=app_id)
        connection = KafkaConnection.from_settings(broker, settings)
        self.app = faust.App(
            app_id,
            broker=f"kafka://{broker}",
            broker_credentials=_build_credentials(connection),
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=settings.partitions,
            store="memory://",
            datadir=str(settings.home / "faust"),
            web_enabled=False,
            stream_buffer_maxsize=STREAM_BUFFER,
            stream_wait_empty=False,
            stream_publish_on_commit=False,
            # A killed worker's calls are another's after this; Kafka counts in heartbeats.
            broker_session_timeout=SESSION_TIMEOUT_S,
            broker_heartbeat_interval=SESSION_TIMEOUT_S / 3,
            broker_request_timeout=max(SESSION_TIMEOUT_S, settings.kafka_timeout_s) * 2,
            producer_linger=0.0,
            producer_request_timeout=settings.kafka_timeout_s,
            producer_acks=-1,
            consumer_auto_offset_reset="earliest",
        )
        self._channels: dict[str, faust.TopicT] = {
            topic.name: self._create_channel(topic.name) for topic in TOPICS
        }

    def _create_channel(self, *names: str) -> faust.TopicT:
        # Raw bytes: a message that cannot be decoded must reach our dead letters, not Faust's log.
        return self.app.topic(
            *names,
            key_type=bytes,
            key_serializer="raw",
            value_type=bytes,
            value_serializer="raw",
            # Counted and committed by our intake, not by Faust.
            acks=False,
        )

    def subscribe(self, *topics: KafkaTopic) -> faust.TopicT:
        """The channel a processor listens to."""
        return self._create_channel(*(topic.name for topic in topics))

    def table(self, name: str) -> CallTable:
        """A small memory per call that survives this worker."""
        return CallTable(self.app, name, partitions=self.settings.partitions)

    def disable_read_offset_filter(self) -> None:
        """Make Faust hand on whatever Kafka gives it. Call before the app starts.

        It drops events below the newest that it has handed on. A batch that was fetched before
        a seek moves that mark beyond what is then read again, which is lost: with a table to
        recover this happened at one start in three (docs/decisions, the first).
        """
        self._consumer._read_offset = _NoReadOffsets()  # noqa: SLF001

    @property
    def _consumer(self) -> Consumer:
        """Faust's interface leaves out the two private attributes that we need."""
        return cast("Consumer", self.app.consumer)

    def assignment(self) -> set[TopicPartition]:
        """The partitions that are ours now; none while they are being handed out."""
        if self.app.rebalancing:
            return set()
        return {TopicPartition(*tp) for tp in self.app.consumer.assignment()}

    async def committed(self) -> dict[TopicPartition, int]:
        """Where Kafka says that our group reads on, per partition that was ever committed."""
        return await asyncio.to_thread(self._offsets.committed)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """One past each partition's newest event."""
        offsets_by_tp = await self.app.consumer.highwaters(*(TP(*tp) for tp in partitions))
        return {TopicPartition(*tp): int(end) for tp, end in offsets_by_tp.items()}

    async def beginning_offset(self, tp: TopicPartition) -> int:
        """The oldest event that Kafka still has."""
        return int((await self.app.consumer.earliest_offsets(TP(*tp)))[TP(*tp)])

    async def seek(self, tp: TopicPartition, offset: int) -> None:
        """Read on from here."""
        await self.app.consumer.seek(TP(*tp), offset)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Flush what was sent, then commit; false where the partitions are no longer ours."""
        return bool(
            await self._consumer._commit_offsets(  # noqa: SLF001  (its public way counts acks)
                {TP(*tp): offset for tp, offset in offsets.items()}
            )
        )

    async def send(self, topic: KafkaTopic, message: Message) -> None:
        """Send, and return when Kafka has it."""
        await self.send_all([(topic, message)])

    async def send_all(self, posts: Iterable[tuple[KafkaTopic, Message]]) -> None:
        """Send several at once, and return when Kafka has all; waits while Kafka is away."""
        pending = list(posts)
        while pending:
            futures = [(post, await self._start_send(*post)) for post in pending]
            pending = [post for post, future in futures if not await self._confirm_delivery(future)]
            if pending:
                log.warning("Kafka did not take %d messages; trying again", len(pending))
                await asyncio.sleep(RETRY_DELAY_S)

    async def _start_send(
        self, topic: KafkaTopic, message: Message
    ) -> Awaitable[RecordMetadata] | None:
        """Faust's future, done when Kafka has the message; `None` where it did not get that far."""
        try:
            return await self._channels[topic.name].send(
                key=message.key.encode(),
                value=message.value(),
                headers=dict(message.headers(source=SOURCE)),
            )
        except (KafkaError, ProducerSendError):
            return None

    async def _confirm_delivery(self, future: Awaitable[RecordMetadata] | None) -> bool:
        try:
            if future is not None:
                await future
        except (KafkaError, ProducerSendError):
            return False
        return future is not None

    async def send_dead_letter(self, message: Message, *, source: str, stage: str) -> None:
        """Set a message aside."""
        DEAD_LETTERS_SENT.labels(source, stage).inc()
        await self.send(DEAD_LETTERS, message)


def _build_credentials(connection: KafkaConnection) -> CredentialsT | None:
    """The connection's security in Faust's classes; ``None`` without any."""
    login = connection.login
    if login is not None:
        return faust.SASLCredentials(
            mechanism=login.mechanism,
            username=login.user,
            password=login.password,
            ssl_context=connection.ssl_context,
        )
    if connection.ssl_context is not None:
        return faust.SSLCredentials(connection.ssl_context)
    return None


class _NoReadOffsets(dict[TP, int | None]):
    """Stands for "nothing was handed on yet", whatever is put in."""

    def __getitem__(self, _key: TP) -> None:
        return None

    def __setitem__(self, _key: TP, _offset: int | None) -> None:
        return None

    def update(self, *_: Any, **__: Any) -> None:
        """Forgets."""


class GroupOffsets:
    """What Kafka knows of our consumer group, asked for directly.

    Faust's own memory of it is filled in only after the first events have come.
    """

    def __init__(self, broker: str, settings: Settings, *, group: str) -> None:
        self._open_admin = partial(open_admin, broker, settings)
        self._admin: KafkaAdminClient | None = None
        self._group = group

    def committed(self) -> dict[TopicPartition, int]:
        """Blocks for a moment: call it in a thread."""
        self._admin = self._admin or self._open_admin()
        offsets = self._admin.list_group_offsets(self._group)[self._group]
        return {
            TopicPartition(tp.topic, tp.partition): entry.offset
            for tp, entry in offsets.items()
            if entry.offset >= 0
        }


class CallTable:
    """A value per call (or caller), kept in a compacted topic, Faust's table, on its partition."""

    def __init__(self, app: faust.App, name: str, *, partitions: int) -> None:
        # No types: keys and values are plain JSON, which Faust would otherwise take for models.
        self._table = app.Table(name, partitions=partitions)
        self._app = app
        self._assigned_at = time.time()

    def get(self, call_id: str) -> dict[str, Any] | None:
        """What is remembered of a call."""
        entry = self._table.data.get(call_id)
        return entry["state"] if entry else None

    def put(self, call_id: str, state: dict[str, Any], *, partition: int) -> None:
        """Remember. It is durable before any later commit is: we flush first."""
        entry = {"at": time.time(), "partition": partition, "state": state}
        self._table.data[call_id] = entry
        self._table.send_changelog(partition, call_id, entry)

    def delete(self, call_id: str, *, partition: int) -> None:
        """Remember no longer."""
        if self._table.data.pop(call_id, None) is not None:
            self._table.send_changelog(partition, call_id, None)

    def local_items(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Everything remembered on our partitions: key, partition, value."""
        if self._app.rebalancing:
            return []
        partitions = {tp.partition for tp in self._app.consumer.assignment()}
        return [
            (key, entry["partition"], entry["state"])
            for key, entry in list(self._table.data.items())
            if entry["partition"] in partitions
        ]

    def restart_expiry(self) -> None:
        """Partitions were handed out anew: what came with them may still be needed."""
        self._assigned_at = time.time()

    def expire(self, seconds: float, *, exclude: Container[str]) -> None:
        """Forget what has not changed for so long: it is about a person.

        Time counts from when the partitions became ours, so that the first thing a worker does
        after a long night is not to forget where it was; other workers' calls are theirs.
        """
        oldest = time.time() - seconds
        if self._assigned_at > oldest or self._app.rebalancing:
            return
        partitions = {tp.partition for tp in self._app.consumer.assignment()}
        for call_id, entry in list(self._table.data.items()):
            if entry["at"] < oldest and call_id not in exclude and entry["partition"] in partitions:
                self.delete(call_id, partition=entry["partition"])
