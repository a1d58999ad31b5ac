"""Where messages of the desk go: the protocol of a sender, and its one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from streams.cloudevents import Message


class SendError(CallmoodError):
    """Kafka did not take a message. The text is one sentence for a person."""


class Sender(Protocol):
    """Kafka, for a few messages at a time."""

    async def start(self) -> None:
        """Get ready. Does not wait for a Kafka that is away."""
        ...

    async def send(self, message: Message) -> None:
        """Hand a message over, and return when it is safe.

        Raises:
            SendError: it was not taken; nothing is kept.
        """
        ...

    async def close(self) -> None:
        """Give the connection back."""
        ...
