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
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from streams.cloudevents import Message, MessageError
from streams.kafka.record import Record, TopicPartition
from streams.processing.offset_tracker import OffsetTracker, OutOfOrder, PendingOffset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from faust.streams import Stream
    from faust.types import EventT, StreamT

    from streams.processing.faust_app import ProcessorContext
    from streams.topics import KafkaTopic

MAX_REWINDS = 3
"""After so many readings without the missing events they are taken not to exist."""

EventStream: TypeAlias = "StreamT[bytes]"
"""What Faust hands to a processor."""

AnyMessage = TypeVar("AnyMessage", bound=Message)

log = logging.getLogger("callmood.intake")


def decode_record(message_type: type[AnyMessage], record: Record) -> AnyMessage:
    """The message that a record carries.

    Raises:
        MessageError: it is not one, or its key names another call (or caller): then it lies on
            a partition whose worker does not have that call.
    """
    message = message_type.decode(record.value, record.headers)
    if record.key != message.key.encode():
        key_kind = "call id" if message.key == message.call_id else "caller"
        text = f"key: {record.key!r} is not the {key_kind} {message.key}"
        raise MessageError(text)
    return message


class OffsetCommitter:
    """The ways in of all processors of a worker, and what of it may be committed."""

    def __init__(self, context: ProcessorContext) -> None:
        self._context = context
        self._streams_by_topic: defaultdict[str, list[OrderedStream]] = defaultdict(list)
        self._committed: dict[TopicPartition, int] = {}
        self._commit_lock = asyncio.Lock()
        self._stalled_at: dict[TopicPartition, int] = {}

    def open_stream(self, *topics: KafkaTopic) -> OrderedStream:
        """The way into one processor, which reads these topics."""
        ordered_stream = OrderedStream(self._context)
        for topic in topics:
            self._streams_by_topic[topic.name].append(ordered_stream)
        return ordered_stream

    async def commit(self) -> None:
        """Tell Kafka what every reader has done. All that was sent for it is with Kafka first."""
        async with self._commit_lock:
            offsets = {
                tp: offset
                for tp, offset in self._committable_offsets().items()
                if offset > self._committed.get(tp, 0)
            }
            if offsets and await self._context.commit(offsets):
                self._committed.update(offsets)

    def _committable_offsets(self) -> dict[TopicPartition, int]:
        """Where every processor that reads a partition is done with it."""
        offsets: dict[TopicPartition, int] = {}
        for topic, ordered_streams in self._streams_by_topic.items():
            stream_offsets = [
                ordered_stream.tracker.committable_offsets() for ordered_stream in ordered_streams
            ]
            for tp in set.intersection(*(set(committable) for committable in stream_offsets)):
                if tp.topic == topic:
                    offsets[tp] = min(committable[tp] for committable in stream_offsets)
        return offsets

    async def reread_stalled(self) -> None:
        """Read again where events wait and none has come since the last look.

        Consumers can stop silently, and a hole at a partition's end shows in nothing else.
        """
        assignment = [tp for tp in self._context.assignment() if tp.topic in self._streams_by_topic]
        ends = await self._context.end_offsets(assignment) if assignment else {}
        committed = await self._context.committed() if assignment else {}
        stalled: dict[TopicPartition, int] = {}
        for tp, end in ends.items():
            position = self._next_offset(tp, committed.get(tp, 0))
            if position < end:
                stalled[tp] = position
                if self._stalled_at.get(tp) == position:
                    log.info("%s[%d]: nothing comes after %d; reading again", *tp, position)
                    await self._context.seek(tp, position)
        self._stalled_at = stalled

    def _next_offset(self, tp: TopicPartition, committed: int) -> int:
        """The event that the slowest reader is to take next."""
        trackers = [ordered_stream.tracker for ordered_stream in self._streams_by_topic[tp.topic]]
        offsets = [tracker.next_offset(tp) for tracker in trackers if tracker.is_tracking(tp)]
        return min(offsets) if len(offsets) == len(trackers) else committed

    def revoke(self, partitions: Iterable[tuple[str, int]]) -> None:
        """After a rebalance: what was not committed is read again, by whoever has it now."""
        revoked = [TopicPartition(*item) for item in partitions]
        for ordered_stream in {
            item for ordered_streams in self._streams_by_topic.values() for item in ordered_streams
        }:
            ordered_stream.revoke(revoked)
        for tp in revoked:
            self._committed.pop(tp, None)


class OrderedStream:
    """The way into one processor."""

    def __init__(self, context: ProcessorContext) -> None:
        self._context = context
        self.tracker = OffsetTracker()
        self._gaps: dict[TopicPartition, _OffsetGap] = {}

    async def records(self, stream: EventStream) -> AsyncIterator[tuple[Record, PendingOffset]]:
        """A stream's records, each with an offset that somebody must acknowledge."""
        # Faust's interface leaves `noack` out.
        async for event in cast("Stream[bytes]", stream).noack().events():
            record = _to_record(event)
            tp = record.topic_partition
            if not self.tracker.is_tracking(tp):
                self.tracker.start(tp, await self._find_start_offset(tp))
            outcome = self.tracker.accept(tp, record.offset)
            if outcome is OutOfOrder.GAP:
                outcome = await self._handle_gap(tp, record.offset)
            if isinstance(outcome, PendingOffset):
                self._gaps.pop(tp, None)
                yield record, outcome

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """These begin anew."""
        self.tracker.revoke(partitions)
        for tp in partitions:
            self._gaps.pop(tp, None)

    async def _find_start_offset(self, tp: TopicPartition) -> int:
        committed = (await self._context.committed()).get(tp)
        return await self._context.beginning_offset(tp) if committed is None else committed

    async def _handle_gap(self, tp: TopicPartition, offset: int) -> PendingOffset | OutOfOrder:
        """Read again from the hole; if it stays, these events do not exist.

        Retention takes the oldest events away, and transactions of a foreign producer leave
        offsets without events.
        """
        gap = self._gaps.setdefault(tp, _OffsetGap())
        if offset > gap.highest_seen and gap.rewinds:
            # Fetched before the seek took hold; what it is for is still to come.
            gap.highest_seen = offset
            return OutOfOrder.GAP
        gap.highest_seen = offset
        missing_offset = self.tracker.next_offset(tp)
        oldest = await self._context.beginning_offset(tp)
        if oldest > missing_offset or gap.rewinds >= MAX_REWINDS:
            resume_offset = (
                max(missing_offset + 1, min(offset, oldest)) if oldest > missing_offset else offset
            )
            log.warning(
                "%s[%d]: Kafka has no events %d to %d", *tp, missing_offset, resume_offset - 1
            )
            self.tracker.skip_to(tp, resume_offset)
            return self.tracker.accept(tp, offset)
        gap.rewinds += 1
        log.info(
            "%s[%d]: %d to %d were passed over; reading again", *tp, missing_offset, offset - 1
        )
        await self._context.seek(tp, missing_offset)
        return OutOfOrder.GAP


@dataclass(slots=True)
class _OffsetGap:
    """Events that have not come: how far was read beyond, and how often it was begun again."""

    highest_seen: int = -1
    rewinds: int = 0


def _to_record(event: EventT[bytes]) -> Record:
    """Our view of Faust's event. Keys and values are raw bytes, as the topics say."""
    message = event.message
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key or b"",
        value=event.value or b"",
        headers=list((event.headers or {}).items()),
        timestamp_ms=int(1000 * message.timestamp),
    )
