"""The Faust app, and what every processor needs of it."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import TP

from streams.kafka.admin import open_admin
from streams.metrics import DEAD_LETTERS_SENT
from streams.processing.offset_tracker import Where
from streams.topics import APP_ID, DEAD_LETTERS, TOPICS, KafkaTopic

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from kafka import KafkaAdminClient

    from streams.cloudevents import Message
    from streams.settings import Settings

log = logging.getLogger("callmood.worker")

SOURCE = "/callmood/worker"
STREAM_BUFFER = 1_024
"""Events that wait in front of a processor; then fetching pauses."""

SESSION_S = 9.0
RETRY_S = 1.0


class Line:
    """The line as the processors see it: topics to read, a way to send, a table to remember."""

    def __init__(self, settings: Settings, *, broker: str, app_id: str = APP_ID) -> None:
        self.settings = settings
        self._offsets = GroupOffsets(broker, settings, group=app_id)
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
            # A killed worker's calls are another's after this; Kafka counts in heartbeats.
            broker_session_timeout=SESSION_S,
            broker_heartbeat_interval=SESSION_S / 3,
            broker_request_timeout=max(SESSION_S, settings.kafka_timeout_s) * 2,
            producer_linger=0.0,
            producer_request_timeout=settings.kafka_timeout_s,
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
            # Counted and committed by our intake, not by Faust.
            acks=False,
        )

    def reads(self, *topics: KafkaTopic) -> faust.TopicT[Any]:
        """The channel a processor listens to."""
        return self._channel(*(topic.name for topic in topics))

    def table(self, name: str) -> CallTable:
        """A small memory per call that survives this worker."""
        return CallTable(self.app, name, partitions=self.settings.partitions)

    def leave_offsets_to_intake(self) -> None:
        """Make Faust hand on whatever Kafka gives it. Call before the app starts.

        It drops events below the newest that it has handed on. A batch that was fetched before
        a seek moves that mark beyond what is then read again, which is lost: with a table to
        recover this happened at one start in three (docs/decisions, the first).
        """
        self.app.consumer._read_offset = _NoMemory()  # noqa: SLF001

    def assigned(self) -> set[Where]:
        """The partitions that are ours now; none while they are being handed out."""
        if self.app.rebalancing:
            return set()
        return {Where(*one) for one in self.app.consumer.assignment()}

    async def committed(self) -> dict[Where, int]:
        """Where Kafka says that our group reads on, per partition that was ever committed."""
        return await asyncio.to_thread(self._offsets.committed)

    async def ends(self, partitions: Iterable[Where]) -> dict[Where, int]:
        """One past each partition's newest event."""
        ends = await self.app.consumer.highwaters(*(TP(*one) for one in partitions))
        return {Where(*one): int(end) for one, end in ends.items()}

    async def earliest(self, where: Where) -> int:
        """The oldest event that Kafka still has."""
        return int((await self.app.consumer.earliest_offsets(TP(*where)))[TP(*where)])

    async def seek(self, where: Where, offset: int) -> None:
        """Read on from here."""
        await self.app.consumer.seek(TP(*where), offset)

    async def commit(self, offsets: Mapping[Where, int]) -> bool:
        """Flush what was sent, then commit; false where the partitions are no longer ours."""
        return bool(
            await self.app.consumer._commit_offsets(  # noqa: SLF001  (its public way counts acks)
                {TP(*where): offset for where, offset in offsets.items()}
            )
        )

    async def send(self, topic: KafkaTopic, message: Message) -> None:
        """Send, and return when Kafka has it."""
        await self.send_all([(topic, message)])

    async def send_all(self, posts: Iterable[tuple[KafkaTopic, Message]]) -> None:
        """Send several at once, and return when Kafka has all; waits while Kafka is away."""
        waiting = list(posts)
        while waiting:
            sent = [(one, await self._posted(*one)) for one in waiting]
            waiting = [one for one, future in sent if not await self._arrived(future)]
            if waiting:
                log.warning("Kafka did not take %d messages; trying again", len(waiting))
                await asyncio.sleep(RETRY_S)

    async def _posted(self, topic: KafkaTopic, message: Message) -> Any:
        """Faust's future, done when Kafka has the message; `None` where it did not get that far."""
        try:
            return await self._channels[topic.name].send(
                key=message.key.encode(),
                value=message.value(),
                headers=dict(message.headers(source=SOURCE)),
            )
        except (KafkaError, ProducerSendError):
            return None

    async def _arrived(self, future: Any) -> bool:
        try:
            if future is not None:
                await future
        except (KafkaError, ProducerSendError):
            return False
        return future is not None

    async def dead_letter(self, message: Message, *, source: str, stage: str) -> None:
        """Set a message aside."""
        DEAD_LETTERS_SENT.labels(source, stage).inc()
        await self.send(DEAD_LETTERS, message)


class _NoMemory(dict[TP, int | None]):
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
        self._open = partial(open_admin, broker, settings)
        self._admin: KafkaAdminClient | None = None
        self._group = group

    def committed(self) -> dict[Where, int]:
        """Blocks for a moment: call it in a thread."""
        self._admin = self._admin or self._open()
        found = self._admin.list_group_offsets(self._group)[self._group]
        return {
            Where(one.topic, one.partition): stored.offset
            for one, stored in found.items()
            if stored.offset >= 0
        }


class CallTable:
    """A value per call (or caller), kept in a compacted topic, Faust's table, on its partition."""

    def __init__(self, app: faust.App, name: str, *, partitions: int) -> None:
        # No types: keys and values are plain JSON, which Faust would otherwise take for models.
        self._table = app.Table(name, partitions=partitions)
        self._app = app
        self._ours_since = time.time()

    def get(self, call_id: str) -> dict[str, Any] | None:
        """What is remembered of a call."""
        found = self._table.data.get(call_id)
        return found["state"] if found else None

    def put(self, call_id: str, value: dict[str, Any], *, partition: int) -> None:
        """Remember. It is durable before any later commit is: we flush first."""
        kept = {"at": time.time(), "partition": partition, "state": value}
        self._table.data[call_id] = kept
        self._table.send_changelog(partition, call_id, kept)

    def forget(self, call_id: str, *, partition: int) -> None:
        """Remember no longer."""
        if self._table.data.pop(call_id, None) is not None:
            self._table.send_changelog(partition, call_id, None)

    def ours(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Everything remembered on our partitions: key, partition, value."""
        if self._app.rebalancing:
            return []
        ours = {one.partition for one in self._app.consumer.assignment()}
        return [
            (key, kept["partition"], kept["state"])
            for key, kept in list(self._table.data.items())
            if kept["partition"] in ours
        ]

    def begin_again(self) -> None:
        """Partitions were handed out anew: what came with them may still be needed."""
        self._ours_since = time.time()

    def forget_older(self, seconds: float, *, but: Container[str]) -> None:
        """Forget what has not changed for so long: it is about a person.

        Time counts from when the partitions became ours, so that the first thing a worker does
        after a long night is not to forget where it was; other workers' calls are theirs.
        """
        oldest = time.time() - seconds
        if self._ours_since > oldest or self._app.rebalancing:
            return
        ours = {one.partition for one in self._app.consumer.assignment()}
        for call_id, kept in list(self._table.data.items()):
            if kept["at"] < oldest and call_id not in but and kept["partition"] in ours:
                self.forget(call_id, partition=kept["partition"])
