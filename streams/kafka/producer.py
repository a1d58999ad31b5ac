"""The producers: one that waits in a thread, one that waits in an event loop.

Two libraries, because each has only one of the two (docs/decisions/0037-one-kafka-client.md);
connection, acknowledgements, envelope and errors are the same.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as AsyncKafkaError
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from streams.kafka.close import close_with_timeout
from streams.kafka.connection import BrokerError

if TYPE_CHECKING:
    from datetime import datetime

    from streams.cloudevents import Message
    from streams.kafka.connection import KafkaConnection

ACKS = "all"
"""A message is with Kafka when every replica in sync has it."""


class BlockingProducer:
    """For gateways and commands. `send` only queues; `flush` says whether Kafka has it all."""

    def __init__(
        self, connection: KafkaConnection, *, source: str, client_id: str, linger_ms: int = 0
    ) -> None:
        """Connect.

        Args:
            connection: where Kafka is.
            source: ``ce_source`` of every message.
            client_id: how the broker's logs and quotas call us.
            linger_ms: how long a message waits for others to travel with.

        Raises:
            BrokerError: no broker answers in time, or it does not let us in.
        """
        self._connection = connection
        self._source = source
        self._failure: Exception | None = None
        timeout_ms = connection.timeout_ms
        try:
            self._producer = KafkaProducer(
                **connection.client_arguments(),
                client_id=client_id,
                acks=ACKS,
                linger_ms=linger_ms,
                max_block_ms=timeout_ms,
                request_timeout_ms=timeout_ms,
                delivery_timeout_ms=2 * timeout_ms,
                bootstrap_timeout_ms=timeout_ms,
            )
        except (KafkaError, ValueError, OSError) as error:
            raise BrokerError(connection.describe_failure(error)) from None

    def send(self, topic: str, message: Message, *, time: datetime | None = None) -> None:
        """Queue a message.

        Args:
            topic: its name.
            message: what to send, under its own key.
            time: when it was made (``ce_time``); now, if not given.

        Raises:
            BrokerError: it is too large, or Kafka does not answer.
        """
        try:
            future = self._producer.send(
                topic,
                key=message.key.encode(),
                value=message.value(),
                headers=message.headers(source=self._source, time=time),
            )
        except MessageSizeTooLargeError as error:
            text = f"{topic}: a message of call {message.call_id} is too large: {error}"
            raise BrokerError(text) from None
        except KafkaError as error:
            raise BrokerError(self._connection.describe_failure(error)) from None
        future.add_errback(self._on_send_error)

    def _on_send_error(self, error: Exception) -> None:
        self._failure = self._failure or error

    def check_failure(self) -> None:
        """Look whether a message that was queued earlier could not be delivered.

        Raises:
            BrokerError: one could not.
        """
        if self._failure is not None:
            text = f"Kafka at {self._connection.broker} no longer takes messages: {self._failure}"
            raise BrokerError(text)

    def flush(self, *, timeout_s: float | None = None) -> None:
        """Wait until Kafka has everything.

        Args:
            timeout_s: at most so long; as long as a delivery may take, if not given.

        Raises:
            BrokerError: it did not take everything in time.
        """
        broker = self._connection.broker
        timeout_s = 2 * self._connection.timeout_s if timeout_s is None else timeout_s
        try:
            self._producer.flush(timeout=timeout_s)
        except KafkaError as error:
            raise BrokerError(self._connection.describe_failure(error)) from None
        if self._failure is not None:
            text = f"Kafka at {broker} did not take every message: {self._failure}"
            raise BrokerError(text)

    def close(self) -> None:
        """Let go of Kafka; what is not sent within the timeout is not sent."""
        self._producer.close(timeout=self._connection.timeout_s)


class AsyncProducer:
    """For the desk. `send` returns when Kafka has the message."""

    def __init__(self, connection: KafkaConnection, *, source: str) -> None:
        """Make one; nothing is connected before `start`.

        Args:
            connection: where Kafka is.
            source: ``ce_source`` of every message.
        """
        self._connection = connection
        self._source = source
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            BrokerError: no broker answers in time, or it does not let us in.
        """
        producer = AIOKafkaProducer(
            **self._connection.client_arguments(),
            acks=ACKS,
            request_timeout_ms=self._connection.timeout_ms,
        )
        try:
            await asyncio.wait_for(producer.start(), self._connection.timeout_s)
        except (AsyncKafkaError, OSError, TimeoutError) as error:
            await close_with_timeout(producer.stop())
            raise BrokerError(self._connection.describe_failure(error)) from None
        self._producer = producer

    async def send(self, topic: str, message: Message) -> None:
        """Hand one message over, under its own key.

        Raises:
            BrokerError: Kafka did not take it in time.
        """
        if self._producer is None:
            raise BrokerError(self._connection.describe_failure(ConnectionError("not connected")))
        try:
            # aiokafka gives a message up after its own request timeout; the margin lets it, so
            # that nobody is told of a failure that is sent afterwards. An idempotent producer
            # would try for ever; ours need not be one, ids are deterministic.
            await asyncio.wait_for(
                self._producer.send_and_wait(
                    topic,
                    message.value(),
                    key=message.key.encode(),
                    headers=message.headers(source=self._source),
                ),
                self._connection.timeout_s * 2 + 1,
            )
        except (AsyncKafkaError, OSError, TimeoutError) as error:
            raise BrokerError(self._connection.describe_failure(error)) from None

    async def close(self) -> None:
        """Give the connection back."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_with_timeout(producer.stop())
