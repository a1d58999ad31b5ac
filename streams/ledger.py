"""Acknowledges events in order, and only when everything that depends on them is out.

Kafka remembers one offset a partition: everything before it is done. An utterance of one call
may be under way while later chunks of another are finished, so that finished events wait here
until every earlier one of their partition is finished too.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from streams.metrics import CHUNKS_HELD

if TYPE_CHECKING:
    from collections.abc import Iterable


class TopicPartition(Protocol):
    """Where an event came from; Faust's ``TP``."""

    topic: str
    partition: int


class Ackable(Protocol):
    """What a ledger needs of a Faust event's message and consumer."""

    def ack(self) -> bool:
        """Tell Kafka's client that this event is done."""
        ...


@dataclass(slots=True, eq=False)
class Hold:
    """One event that is not done yet."""

    event: Ackable
    queue: deque[Hold]
    done: bool = False

    def release(self) -> None:
        """It is done; acknowledges it as soon as all before it are."""
        self.done = True
        while self.queue and self.queue[0].done:
            self.queue.popleft().event.ack()
            CHUNKS_HELD.dec()


class Ledger:
    """Everything a processor has taken and not finished, by partition, in order."""

    def __init__(self) -> None:
        self._queues: defaultdict[tuple[str, int], deque[Hold]] = defaultdict(deque)

    def hold(self, event: Ackable, *, topic: str, partition: int) -> Hold:
        """Take an event; somebody must `Hold.release` it."""
        queue = self._queues[topic, partition]
        hold = Hold(event, queue)
        queue.append(hold)
        CHUNKS_HELD.inc()
        return hold

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another worker's now: it will read what was not acknowledged."""
        for one in partitions:
            queue = self._queues.pop((one.topic, one.partition), None)
            if queue:
                CHUNKS_HELD.dec(len(queue))
                queue.clear()

    def held(self) -> int:
        """How many events are not done."""
        return sum(map(len, self._queues.values()))
