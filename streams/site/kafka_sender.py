"""Hands what people answer to Kafka: acknowledged by every replica, or refused in one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from streams.kafka.connection import BrokerError
from streams.kafka.producer import AsyncProducer
from streams.site.sender import SendError
from streams.topics import TOPICS

if TYPE_CHECKING:
    from streams.cloudevents import Message
    from streams.kafka.connection import KafkaConnection

LOG = logging.getLogger("callmood.desk")

SOURCE = "callmood/desk"
TOPIC_BY_MESSAGE = {topic.message: topic.name for topic in TOPICS}


class KafkaSender:
    """A producer that is there when Kafka is."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Nothing happens until the first message."""
        self._connection = connection
        self._producer: AsyncProducer | None = None
        self._start_lock = asyncio.Lock()

    async def start(self) -> None:
        """Connect if Kafka is there, so that the first answer need not wait."""
        with contextlib.suppress(SendError):
            await self._ensure_started()

    async def send(self, message: Message) -> None:
        """Hand one message over.

        Raises:
            SendError: Kafka did not take it in time.
        """
        producer = await self._ensure_started()
        try:
            await producer.send(TOPIC_BY_MESSAGE[type(message)], message)
        except BrokerError as error:
            LOG.debug("a message was not taken: %s", error)  # the outbox says it once
            raise SendError(self._unavailable_reason()) from None

    async def close(self) -> None:
        """Give the connection back."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    async def _ensure_started(self) -> AsyncProducer:
        async with self._start_lock:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AsyncProducer:
        producer = AsyncProducer(self._connection, source=SOURCE)
        try:
            await producer.start()
        except BrokerError as error:
            LOG.debug("%s", error)  # the feed and the outbox say it once
            raise SendError(self._unavailable_reason()) from None
        return producer

    def _unavailable_reason(self) -> str:
        broker = self._connection.broker
        return f"Kafka at {broker} does not answer; nothing was kept. Try again shortly."
