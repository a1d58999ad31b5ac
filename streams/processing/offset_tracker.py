"""Which events have been taken, which are done, and where each partition may be committed.

Kafka remembers one offset a partition: everything before it is done. An utterance of one call
may be under way while later chunks of another are finished, so that finished events wait here
until every earlier one of their partition is finished too. `ordered_stream` does the I/O.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from streams.metrics import CHUNKS_HELD

if TYPE_CHECKING:
    from collections.abc import Iterable


class Where(NamedTuple):
    """A partition of a topic; compares equal to Faust's ``TP``."""

    topic: str
    partition: int


class Refusal(Enum):
    """Why an event was not taken."""

    REPEATED = "it was taken before"
    EARLY = "one before it has not come"


@dataclass(slots=True)
class _Partition:
    """Attributes: next offset to take, events taken and not done, everything before is done."""

    next_offset: int
    done_until: int
    open: deque[Hold] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class Hold:
    """One event that was taken and is not done yet. Somebody must `release` it."""

    offset: int
    partition: _Partition
    done: bool = False

    def release(self) -> None:
        """It is done; the partition may be committed as far as all before it are."""
        if self.done:
            return
        self.done = True
        waiting = self.partition.open
        while waiting and waiting[0].done:
            waiting.popleft()
            CHUNKS_HELD.dec()
        self.partition.done_until = waiting[0].offset if waiting else self.partition.next_offset


class Ledger:
    """What one processor has taken and not done, by partition, in order and without holes."""

    def __init__(self) -> None:
        self._partitions: dict[Where, _Partition] = {}

    def knows(self, where: Where) -> bool:
        """Whether it is settled where this partition begins."""
        return where in self._partitions

    def begin(self, where: Where, offset: int) -> None:
        """The next event of this partition to take is this one."""
        self._partitions[where] = _Partition(offset, offset)

    def next_offset(self, where: Where) -> int:
        """The offset of the event to take next."""
        return self._partitions[where].next_offset

    def skip_to(self, where: Where, offset: int) -> None:
        """The events before ``offset`` do not exist (any more)."""
        partition = self._partitions[where]
        partition.next_offset = max(partition.next_offset, offset)
        if not partition.open:
            partition.done_until = partition.next_offset

    def take(self, where: Where, offset: int) -> Hold | Refusal:
        """Take the event at ``offset``, if it is the one to take next."""
        partition = self._partitions[where]
        if offset != partition.next_offset:
            return Refusal.REPEATED if offset < partition.next_offset else Refusal.EARLY
        hold = Hold(offset, partition)
        partition.open.append(hold)
        partition.next_offset = offset + 1
        CHUNKS_HELD.inc()
        return hold

    def done(self) -> dict[Where, int]:
        """For each partition, the offset before which everything is done."""
        return {where: one.done_until for where, one in self._partitions.items()}

    def forget(self, partitions: Iterable[tuple[str, int]]) -> None:
        """These are another worker's now, or ours anew: whoever has them begins again."""
        for where in partitions:
            partition = self._partitions.pop(Where(*where), None)
            if partition is not None:
                CHUNKS_HELD.dec(len(partition.open))
                partition.open.clear()

    def held(self) -> int:
        """How many events are taken and not done."""
        return sum(len(partition.open) for partition in self._partitions.values())
