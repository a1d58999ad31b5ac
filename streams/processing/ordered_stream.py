"""Takes events from Faust exactly in order and without holes, and commits what is done.

Faust acknowledges when a handler goes on to its next event, and around a rebalance it can pass
over events that it has fetched (docs/decisions/0001-faust-and-at-least-once.md). Neither may
lose a customer's sentence, so that offsets are counted and committed here: a repeated event is
passed over, a hole makes the consumer read again from where it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from streams.cloudevents import Message, MessageError
from streams.processing.offset_tracker import Hold, Ledger, Refusal, Where

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from streams.processing.faust_app import Line
    from streams.topics import KafkaTopic

MAX_REWINDS = 3
"""After so many readings without the missing events they are taken not to exist."""

AnyMessage = TypeVar("AnyMessage", bound=Message)

log = logging.getLogger("callmood.intake")


def decoded(kind: type[AnyMessage], event: Any) -> AnyMessage:
    """The message that an event carries.

    Raises:
        MessageError: it is not one, or its key names another call (or caller): then it lies on
            a partition whose worker does not have that call.
    """
    message = kind.decode(event.value or b"", list((event.headers or {}).items()))
    if event.message.key != message.key.encode():
        whose = "call id" if message.key == message.call_id else "caller"
        text = f"key: {event.message.key!r} is not the {whose} {message.key}"
        raise MessageError(text)
    return message


class Intakes:
    """The ways in of all processors of a worker, and what of it may be committed."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._by_topic: defaultdict[str, list[Intake]] = defaultdict(list)
        self._committed: dict[Where, int] = {}
        self._committing = asyncio.Lock()
        self._waiting: dict[Where, int] = {}

    def of(self, *topics: KafkaTopic) -> Intake:
        """The way into one processor, which reads these topics."""
        intake = Intake(self._line)
        for topic in topics:
            self._by_topic[topic.name].append(intake)
        return intake

    async def commit(self) -> None:
        """Tell Kafka what every reader has done. All that was sent for it is with Kafka first."""
        async with self._committing:
            done = {
                where: offset
                for where, offset in self._done().items()
                if offset > self._committed.get(where, 0)
            }
            if done and await self._line.commit(done):
                self._committed.update(done)

    def _done(self) -> dict[Where, int]:
        """Where every processor that reads a partition is done with it."""
        done: dict[Where, int] = {}
        for topic, intakes in self._by_topic.items():
            each = [intake.ledger.done() for intake in intakes]
            for where in set.intersection(*(set(one) for one in each)):
                if where.topic == topic:
                    done[where] = min(one[where] for one in each)
        return done

    async def watch(self) -> None:
        """Read again where events wait and none has come since the last look.

        Consumers can stop silently, and a hole at a partition's end shows in nothing else.
        """
        ours = [where for where in self._line.assigned() if where.topic in self._by_topic]
        ends = await self._line.ends(ours) if ours else {}
        committed = await self._line.committed() if ours else {}
        present: dict[Where, int] = {}
        for where, end in ends.items():
            at = self._position(where, committed.get(where, 0))
            if at < end:
                present[where] = at
                if self._waiting.get(where) == at:
                    log.info("%s[%d]: nothing comes after %d; reading again", *where, at)
                    await self._line.seek(where, at)
        self._waiting = present

    def _position(self, where: Where, committed: int) -> int:
        """The event that the slowest reader is to take next."""
        ledgers = [intake.ledger for intake in self._by_topic[where.topic]]
        known = [one.next_offset(where) for one in ledgers if one.knows(where)]
        return min(known) if len(known) == len(ledgers) else committed

    def forget(self, partitions: Iterable[tuple[str, int]]) -> None:
        """After a rebalance: what was not committed is read again, by whoever has it now."""
        gone = [Where(*one) for one in partitions]
        for intake in {one for intakes in self._by_topic.values() for one in intakes}:
            intake.forget(gone)
        for where in gone:
            self._committed.pop(where, None)


class Intake:
    """The way into one processor."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.ledger = Ledger()
        self._holes: dict[Where, _Hole] = {}

    async def events(self, stream: Any) -> AsyncIterator[tuple[Any, Hold]]:
        """A stream's events, each with a hold that somebody must release."""
        async for event in stream.noack().events():
            where = Where(event.message.topic, event.message.partition)
            if not self.ledger.knows(where):
                self.ledger.begin(where, await self._beginning(where))
            taken = self.ledger.take(where, event.message.offset)
            if taken is Refusal.EARLY:
                taken = await self._after_hole(where, event.message.offset)
            if isinstance(taken, Hold):
                self._holes.pop(where, None)
                yield event, taken

    def forget(self, partitions: Iterable[Where]) -> None:
        """These begin anew."""
        self.ledger.forget(partitions)
        for where in partitions:
            self._holes.pop(where, None)

    async def _beginning(self, where: Where) -> int:
        committed = (await self._line.committed()).get(where)
        return await self._line.earliest(where) if committed is None else committed

    async def _after_hole(self, where: Where, offset: int) -> Hold | Refusal:
        """Read again from the hole; if it stays, these events do not exist.

        Retention takes the oldest events away, and transactions of a foreign producer leave
        offsets without events.
        """
        hole = self._holes.setdefault(where, _Hole())
        if offset > hole.seen_until and hole.rewinds:
            # Fetched before the seek took hold; what it is for is still to come.
            hole.seen_until = offset
            return Refusal.EARLY
        hole.seen_until = offset
        wanted = self.ledger.next_offset(where)
        oldest = await self._line.earliest(where)
        if oldest > wanted or hole.rewinds >= MAX_REWINDS:
            there = max(wanted + 1, min(offset, oldest)) if oldest > wanted else offset
            log.warning("%s[%d]: Kafka has no events %d to %d", *where, wanted, there - 1)
            self.ledger.skip_to(where, there)
            return self.ledger.take(where, offset)
        hole.rewinds += 1
        log.info("%s[%d]: %d to %d were passed over; reading again", *where, wanted, offset - 1)
        await self._line.seek(where, wanted)
        return Refusal.EARLY


@dataclass(slots=True)
class _Hole:
    """Events that have not come: how far was read beyond, and how often it was begun again."""

    seen_until: int = -1
    rewinds: int = 0
