"""The real line for tests: a broker, workers that can be killed, and a way to read a topic."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.kafka.admin import WORKER_TOPICS
from streams.kafka.local.child_process import start_child
from streams.topics import APP_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from streams.cloudevents import Message
    from streams.kafka.local.child_process import ChildProcess
    from streams.topics import KafkaTopic

READY_S = 60
ANSWER_S = 150


@dataclass(frozen=True, slots=True)
class TestPipeline:
    """A broker with the topics made, and where its processes write."""

    __test__ = False

    broker: str
    home: Path

    @property
    def env(self) -> dict[str, str]:
        """For child processes."""
        return {
            **os.environ,
            "CALLMOOD_KAFKA": self.broker,
            "CALLMOOD_HOME": str(self.home),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *command: str, ready: str, env: dict[str, str] | None = None) -> ChildProcess:
        """Start ``callmood COMMAND`` and wait until it says that it is ready."""
        full = [sys.executable, "-m", "streams.cli", *command]
        log = self.home / f"{command[0]}-{time.monotonic_ns()}.log"
        child = start_child(command[0], full, log=log, env={**self.env, **(env or {})})
        child.ready_line = child.wait_for(ready, timeout_s=READY_S)
        return child

    @contextmanager
    def desk(self) -> Iterator[str]:
        """A desk; gives its address."""
        child = self.start("desk", "--port", "0", ready="desk:")
        try:
            yield child.ready_line
        finally:
            child.stop()

    @contextmanager
    def worker(self, **env: str) -> Iterator[ChildProcess]:
        """A worker that listens; ended cleanly at the end."""
        child = self.start("worker", ready="worker: listening", env=env)
        try:
            yield child
        finally:
            child.stop()

    def kill(self, child: ChildProcess) -> None:
        """What the out-of-memory killer does."""
        child.process.send_signal(signal.SIGKILL)
        child.process.wait(READY_S)

    def read(
        self, *topics: KafkaTopic, call_id: str, until: Callable[[list[Message]], bool] | None
    ) -> list[Message]:
        """Everything on these topics about one call, from the beginning, until ``until``.

        Without ``until``: everything that is there now.

        Raises:
            TimeoutError: nothing fulfilled it in `ANSWER_S`; says what had come.
        """
        consumer = KafkaConsumer(
            bootstrap_servers=self.broker, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        by_name = {topic.name: topic.message for topic in topics}
        consumer.assign(
            [
                TopicPartition(name, number)
                for name in by_name
                for number in sorted(consumer.partitions_for_topic(name) or ())
            ]
        )
        found: list[Message] = []
        deadline = time.monotonic() + ANSWER_S
        try:
            ends = consumer.end_offsets(consumer.assignment())
            while not (_at_end(consumer, ends) if until is None else until(found)):
                if time.monotonic() > deadline:
                    kinds = [one.message_id for one in found]
                    message = f"{sorted(by_name)} of {call_id}: only {kinds}"
                    raise TimeoutError(message)
                for records in consumer.poll(timeout_ms=200).values():
                    for record in records:
                        if record.key == call_id.encode():
                            kind = by_name[record.topic]
                            assert kind is not None
                            found.append(kind.decode(record.value, record.headers))
        finally:
            consumer.close()
        return found

    def wait_until_done(self) -> None:
        """Until the workers have acknowledged everything that was sent.

        Raises:
            TimeoutError: they had not in `ANSWER_S`; says how many events were left.
        """
        consumer = KafkaConsumer(bootstrap_servers=self.broker, group_id=APP_ID)
        partitions = [
            TopicPartition(topic.name, number)
            for topic in WORKER_TOPICS
            for number in sorted(consumer.partitions_for_topic(topic.name) or ())
        ]
        deadline = time.monotonic() + ANSWER_S
        try:
            while left := _lag(consumer, partitions):
                if time.monotonic() > deadline:
                    message = f"not acknowledged: {left}"
                    raise TimeoutError(message)
        finally:
            consumer.close(autocommit=False)

    def send_raw(
        self,
        topic: KafkaTopic,
        value: bytes,
        *,
        key: str,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Send whatever bytes, as a foreign producer would."""
        producer = KafkaProducer(bootstrap_servers=self.broker, max_request_size=8_000_000)
        try:
            producer.send(topic.name, key=key.encode(), value=value, headers=headers or []).get(20)
        finally:
            producer.close()


def _at_end(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return all(consumer.position(one) >= end for one, end in ends.items())


def _lag(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> dict[str, str]:
    """What is left, by partition: committed of all."""
    ends = consumer.end_offsets(partitions)
    committed = {one: consumer.committed(one) or 0 for one in partitions if ends[one]}
    return {
        f"{one.topic}[{one.partition}]": f"{done} of {ends[one]}"
        for one, done in committed.items()
        if done < ends[one]
    }
