"""A desk without a broker: messages are injected as Kafka records, through the same feed.

Nothing of the desk itself is replaced but the two ends of Kafka's wire.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.cli.desk import desk_app
from streams.kafka.record import Record
from streams.settings import Settings
from streams.site.app import KafkaLink
from streams.site.hub import FeedState
from streams.site.kafka_sender import TOPIC_BY_MESSAGE
from streams.site.sender import SendError
from streams.site.server import DeskServer, bind_socket, build_url
from streams.store.outbox import count_entries

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from streams.cloudevents import Message
    from streams.site.hub import Hub
    from streams.store.engine import Store

START_S = 20


@dataclass
class Wire:
    """Kafka's two ends: what is put in comes out, and so does what the desk sends.

    Attributes:
        sent_messages: what the desk sent.
        is_down: Kafka takes nothing.
        committed_offset: the offset up to which the feed has kept everything.
    """

    sent_messages: list[Message] = field(default_factory=list)
    is_down: bool = False
    committed_offset: int = 0
    _offset: int = 0
    _hub: Hub | None = None
    _store: Store | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _records: asyncio.Queue[Record] | None = None
    _commit_condition: threading.Condition = field(default_factory=threading.Condition)

    def kafka_link(self) -> KafkaLink:
        """For `create_app`."""
        return KafkaLink(self._source, _LoopbackSender(self))

    def put(self, *messages: Message, at: datetime | None = None) -> None:
        """Inject messages from any thread."""
        for message in messages:
            self.put_raw(
                TOPIC_BY_MESSAGE[type(message)],
                message.value(),
                message.headers(source="test", time=at),
                key=message.key.encode(),
            )

    def put_raw(
        self, topic: str, value: bytes, headers: list[tuple[str, bytes]], *, key: bytes = b""
    ) -> None:
        """Inject any bytes."""
        assert self._loop is not None
        assert self._records is not None
        self._offset += 1
        record = Record(topic, 0, self._offset, key, value, headers)
        self._loop.call_soon_threadsafe(self._records.put_nowait, record)

    def settle(self, timeout_s: float = START_S) -> None:
        """Wait until everything that was answered is sent, and that and what was put in is kept."""
        self.wait_until_sent(timeout_s)
        with self._commit_condition:
            done = self._commit_condition.wait_for(
                lambda: self.committed_offset >= self._offset, timeout_s
            )
        assert done, f"the feed kept {self.committed_offset} of {self._offset} records"

    def wait_until_sent(self, timeout_s: float = START_S) -> None:
        """Wait until the outbox is empty."""
        assert self._store is not None
        deadline = time.monotonic() + timeout_s
        while waiting := self._count_waiting(self._store):
            assert time.monotonic() < deadline, f"{waiting} messages were not sent"
            time.sleep(0.01)

    @staticmethod
    def _count_waiting(store: Store) -> int:
        with store.engine.connect() as connection:
            return count_entries(connection)

    def change_state(self, state: FeedState) -> None:
        """Let the line come or go, as Kafka's client would tell."""
        assert self._loop is not None
        assert self._hub is not None
        self._loop.call_soon_threadsafe(self._hub.set_state, state)

    async def batch(self) -> Sequence[Record]:
        """As `Source`."""
        assert self._records is not None
        found = [await self._records.get()]
        while not self._records.empty():
            found.append(self._records.get_nowait())
        return found

    async def commit(self, records: Sequence[Record]) -> None:
        """As `Source`."""
        with self._commit_condition:
            self.committed_offset = max(record.offset for record in records)
            self._commit_condition.notify_all()

    async def close(self) -> None:
        """As `Source`."""

    def _source(self, store: Store, hub: Hub) -> Wire:
        self._store = store
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._records = asyncio.Queue()
        hub.set_state(FeedState.UP)
        return self


@dataclass
class _LoopbackSender:
    """A sender whose messages come back through the feed, as Kafka's do."""

    wire: Wire

    async def start(self) -> None:
        """Nothing to do."""

    async def send(self, message: Message) -> None:
        """Take a message, unless Kafka is away."""
        if self.wire.is_down:
            message = "Kafka at test does not answer; nothing was kept. Try again shortly."
            raise SendError(message)
        self.wire.sent_messages.append(message)
        if TOPIC_BY_MESSAGE[type(message)] != "dead-letters.v1":
            self.wire.put(message)

    async def close(self) -> None:
        """Nothing to do."""


@dataclass(frozen=True)
class RunningDesk:
    """A desk that serves.

    Attributes:
        url: without a slash at its end.
        wire: to inject messages.
    """

    url: str
    wire: Wire
    settings: Settings


@contextmanager
def run_desk(home: Path, *, port: int = 0, **settings: object) -> Iterator[RunningDesk]:
    """Serve a desk on a real socket, in a thread, until the end of the block."""
    wire = Wire()
    here = Settings(home=home, **settings)  # type: ignore[arg-type]
    app = desk_app(here, link=wire.kafka_link())
    ready = threading.Event()
    server = DeskServer(app, on_ready=ready.set)
    with _open_socket(port) as one:
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[one])), daemon=True
        )
        thread.start()
        assert ready.wait(START_S), "the desk did not start"
        try:
            yield RunningDesk(build_url(one), wire, here)
        finally:
            server.should_exit = True
            thread.join(START_S)
            assert not thread.is_alive(), "the desk did not end"


@contextmanager
def _open_socket(port: int) -> Iterator[socket.socket]:
    one = bind_socket("127.0.0.1", port)
    try:
        yield one
    finally:
        one.close()
