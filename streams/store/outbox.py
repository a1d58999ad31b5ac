"""The outbox: messages that are written with what they are about, and sent to Kafka afterwards.

A click writes its row and its messages in one transaction, so either both are there or neither.
The desk sends the messages in the order of the clicks, again and again until Kafka has them
(`streams.site.outbox_sender`). Their ids are deterministic, so one that is sent twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from streams.cloudevents import Message, MessageError, now
from streams.store.tables import CALLS, OUTBOX
from streams.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

MAX_ENTRIES = 10_000
"""What waits at most. At a click every two seconds that is five hours without Kafka."""

_MESSAGE_BY_TOPIC = {topic.name: topic.message for topic in TOPICS}
_TOPIC_BY_MESSAGE = {topic.message: topic.name for topic in TOPICS}


class OutboxFullError(RuntimeError):
    """Too much waits already. The text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message that waits.

    Attributes:
        number: its place in the order.
        topic: where it goes.
        value: the message as JSON.
    """

    number: int
    topic: str
    value: str

    def decode(self) -> Message:
        """The message.

        Raises:
            MessageError: another version of callmood wrote it, and this one cannot read it.
        """
        kind = _MESSAGE_BY_TOPIC.get(self.topic)
        if kind is None:
            message = f"there is no topic {self.topic}"
            raise MessageError(message)
        return kind.decode(self.value.encode(), ())


def lock_call(connection: Connection, call_id: str) -> None:
    """Let answers about one call wait for each other until the transaction ends.

    To be called before anything is written, as the feed writes calls first. SQLite has one
    writer at a time anyway.
    """
    connection.execute(select(CALLS.c.call_id).where(CALLS.c.call_id == call_id).with_for_update())


def enqueue(connection: Connection, messages: Sequence[Message]) -> None:
    """Let messages be sent once the transaction is over.

    Args:
        connection: of the transaction that writes what they are about.
        messages: JSON messages, in the order in which they are to be sent.

    Raises:
        OutboxFullError: `MAX_ENTRIES` wait already; roll the transaction back.
    """
    if count_entries(connection) + len(messages) > MAX_ENTRIES:
        reason = "Kafka has been away for too long; nothing was kept. Tell an administrator."
        raise OutboxFullError(reason)
    at = now()
    for message in messages:
        row = {"topic": _TOPIC_BY_MESSAGE[type(message)], "key": message.key, "at": at}
        connection.execute(insert(OUTBOX).values(value=message.value().decode(), **row))


def load_entries(connection: Connection, *, after: int, limit: int) -> list[OutboxEntry]:
    """What waits behind a number, in order."""
    query = select(OUTBOX.c.number, OUTBOX.c.topic, OUTBOX.c.value)
    rows = connection.execute(
        query.where(OUTBOX.c.number > after).order_by(OUTBOX.c.number).limit(limit)
    )
    return [OutboxEntry(row.number, row.topic, row.value) for row in rows]


def delete_entry(connection: Connection, number: int) -> None:
    """Kafka has it."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.number == number))


def count_entries(connection: Connection) -> int:
    """How many messages wait."""
    return connection.scalar(select(func.count()).select_from(OUTBOX)) or 0
