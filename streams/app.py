"""The Faust app, and what every processor needs of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

import faust

from streams.metrics import DEAD_LETTERS_SENT
from streams.topics import APP_ID, DEAD_LETTERS, TOPICS, KafkaTopic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from streams.cloudevents import Message
    from streams.settings import Settings

log = logging.getLogger("callmood.worker")

SOURCE = "/callmood/worker"
STREAM_BUFFER = 1_024
"""Events that wait in front of a processor; then fetching pauses."""

SESSION_S = 9.0

AnyMessage = TypeVar("AnyMessage", bound="Message")


class Line:
    """The line as the processors see it: topics to read, a way to send, a table to remember."""

    def __init__(self, settings: Settings, *, broker: str, app_id: str = APP_ID) -> None:
        self.settings = settings
        self.app = faust.App(
            app_id,
            broker=f"kafka://{broker}",
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=settings.partitions,
            store="memory://",
            datadir=str(settings.home / "faust"),
            web_enabled=False,
            stream_buffer_maxsize=STREAM_BUFFER,
            stream_wait_empty=False,
            stream_publish_on_commit=False,
            broker_commit_interval=1.0,
            # A killed worker's calls are another's after this; Kafka counts in heartbeats.
            broker_session_timeout=SESSION_S,
            broker_heartbeat_interval=SESSION_S / 3,
            broker_request_timeout=max(SESSION_S, settings.kafka_timeout_s) * 2,
            producer_linger=0.0,
            producer_acks=-1,
            consumer_auto_offset_reset="earliest",
        )
        self._channels: dict[str, faust.TopicT[Any]] = {
            topic.name: self._channel(topic.name) for topic in TOPICS
        }

    def _channel(self, *names: str) -> faust.TopicT[Any]:
        # Raw bytes: a message that cannot be decoded must reach our dead letters, not Faust's log.
        return self.app.topic(
            *names,
            key_type=bytes,
            key_serializer="raw",
            value_type=bytes,
            value_serializer="raw",
        )

    def reads(self, *topics: KafkaTopic) -> faust.TopicT[Any]:
        """The channel a processor listens to."""
        return self._channel(*(topic.name for topic in topics))

    def table(self, name: str) -> CallTable:
        """A small memory per call that survives this worker."""
        return CallTable(self.app, name, partitions=self.settings.partitions)

    async def send(
        self, topic: KafkaTopic, message: Message, *, at: datetime | None = None
    ) -> None:
        """Send, and return when Kafka has it."""
        await (await self.post(topic, message, at=at))

    async def post(self, topic: KafkaTopic, message: Message, *, at: datetime | None = None) -> Any:
        """Send; the awaitable it returns is done when Kafka has it."""
        return await self._channels[topic.name].send(
            key=message.call_id.encode(),
            value=message.value(),
            headers=dict(message.headers(source=SOURCE, time=at)),
        )

    async def post_all(self, posts: Iterable[tuple[KafkaTopic, Message]]) -> None:
        """Send several at once, and return when Kafka has all."""
        for waiting in [await self.post(topic, message) for topic, message in posts]:
            await waiting

    async def dead_letter(self, message: Message, *, source: str, stage: str) -> None:
        """Set a message aside."""
        DEAD_LETTERS_SENT.labels(source, stage).inc()
        await self.send(DEAD_LETTERS, message)


class CallTable:
    """A value per call, kept in a compacted topic (Faust's table) on the call's partition."""

    def __init__(self, app: faust.App, name: str, *, partitions: int) -> None:
        # No types: keys and values are plain JSON, which Faust would otherwise take for models.
        self._table = app.Table(name, partitions=partitions)

    def get(self, call_id: str) -> dict[str, Any] | None:
        """What is remembered of a call."""
        found: dict[str, Any] | None = self._table.data.get(call_id)
        return found

    def put(self, call_id: str, value: dict[str, Any], *, partition: int) -> None:
        """Remember. It is durable before any later acknowledgement is: Faust flushes first."""
        self._table.data[call_id] = value
        self._table.send_changelog(partition, call_id, value)

    def forget(self, call_id: str, *, partition: int) -> None:
        """Remember no longer."""
        if self._table.data.pop(call_id, None) is not None:
            self._table.send_changelog(partition, call_id, None)
