"""Hands what people answer to Kafka: acknowledged by every replica, or refused in one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.kafka.close import close_with_timeout
from streams.site.feature import SendError
from streams.topics import TOPICS

if TYPE_CHECKING:
    from streams.cloudevents import Message

LOG = logging.getLogger("callmood.desk")

SOURCE = "callmood/desk"
TOPIC_BY_MESSAGE = {topic.message: topic.name for topic in TOPICS}


class KafkaSender:
    """A producer that is there when Kafka is."""

    def __init__(self, *, bootstrap: str, timeout_s: float) -> None:
        """Nothing happens until the first message."""
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s
        self._producer: AIOKafkaProducer | None = None
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
            # aiokafka gives a message up after its own request timeout; the margin lets it, so
            # that "not kept" is not said of a message that is sent afterwards. An idempotent
            # producer would try for ever; ours need not be one, ids are deterministic.
            await asyncio.wait_for(
                producer.send_and_wait(
                    TOPIC_BY_MESSAGE[type(message)],
                    message.value(),
                    key=message.key.encode(),
                    headers=message.headers(source=SOURCE),
                ),
                self._timeout_s * 2 + 1,
            )
        except (KafkaError, OSError, TimeoutError) as error:
            LOG.warning("Kafka at %s did not take an answer: %r", self._bootstrap, error)
            raise SendError(self._unavailable_reason()) from None

    async def close(self) -> None:
        """Give the connection back."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_with_timeout(producer.stop())

    async def _ensure_started(self) -> AIOKafkaProducer:
        async with self._start_lock:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            request_timeout_ms=int(self._timeout_s * 1000),
        )
        try:
            await asyncio.wait_for(producer.start(), self._timeout_s)
        except (KafkaError, OSError, TimeoutError):
            await close_with_timeout(producer.stop())
            raise SendError(self._unavailable_reason()) from None
        return producer

    def _unavailable_reason(self) -> str:
        return f"Kafka at {self._bootstrap} does not answer; nothing was kept. Try again shortly."
