"""Which events have been taken, which are done, and where each partition may be committed.

Kafka remembers one offset a partition: everything before it is done. An utterance of one call
may be under way while later chunks of another are finished, so that finished events wait here
until every earlier one of their partition is finished too. `ordered_stream` does the I/O.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from streams.kafka.record import TopicPartition
from streams.metrics import PENDING_CHUNKS

if TYPE_CHECKING:
    from collections.abc import Iterable


class OutOfOrder(Enum):
    """Why an event was not taken."""

    DUPLICATE = "it was taken before"
    GAP = "one before it has not come"


@dataclass(slots=True)
class _PartitionState:
    """Attributes: next offset to take, events taken and not done, everything before is done."""

    next_offset: int
    committable_offset: int
    pending: deque[PendingOffset] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class PendingOffset:
    """One event that was taken and is not done yet. Somebody must `ack` it."""

    offset: int
    partition: _PartitionState
    done: bool = False

    def ack(self) -> None:
        """It is done; the partition may be committed as far as all before it are."""
        if self.done:
            return
        self.done = True
        pending = self.partition.pending
        while pending and pending[0].done:
            pending.popleft()
            PENDING_CHUNKS.dec()
        self.partition.committable_offset = (
            pending[0].offset if pending else self.partition.next_offset
        )


class OffsetTracker:
    """What one processor has taken and not done, by partition, in order and without holes."""

    def __init__(self) -> None:
        self._partitions: dict[TopicPartition, _PartitionState] = {}

    def is_tracking(self, tp: TopicPartition) -> bool:
        """Whether it is settled where this partition begins."""
        return tp in self._partitions

    def start(self, tp: TopicPartition, offset: int) -> None:
        """The next event of this partition to take is this one."""
        self._partitions[tp] = _PartitionState(offset, offset)

    def next_offset(self, tp: TopicPartition) -> int:
        """The offset of the event to take next."""
        return self._partitions[tp].next_offset

    def skip_to(self, tp: TopicPartition, offset: int) -> None:
        """The events before ``offset`` do not exist (any more)."""
        partition = self._partitions[tp]
        partition.next_offset = max(partition.next_offset, offset)
        if not partition.pending:
            partition.committable_offset = partition.next_offset

    def accept(self, tp: TopicPartition, offset: int) -> PendingOffset | OutOfOrder:
        """Take the event at ``offset``, if it is the one to take next."""
        partition = self._partitions[tp]
        if offset != partition.next_offset:
            return OutOfOrder.DUPLICATE if offset < partition.next_offset else OutOfOrder.GAP
        pending = PendingOffset(offset, partition)
        partition.pending.append(pending)
        partition.next_offset = offset + 1
        PENDING_CHUNKS.inc()
        return pending

    def committable_offsets(self) -> dict[TopicPartition, int]:
        """For each partition, the offset before which everything is done."""
        return {tp: partition.committable_offset for tp, partition in self._partitions.items()}

    def revoke(self, partitions: Iterable[tuple[str, int]]) -> None:
        """These are another worker's now, or ours anew: whoever has them begins again."""
        for tp in partitions:
            partition = self._partitions.pop(TopicPartition(*tp), None)
            if partition is not None:
                PENDING_CHUNKS.dec(len(partition.pending))
                partition.pending.clear()

    def count_pending(self) -> int:
        """How many events are taken and not done."""
        return sum(len(partition.pending) for partition in self._partitions.values())
