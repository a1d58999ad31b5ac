"""The intake against a consumer that passes over events, repeats them, or has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from streams.kafka.record import TopicPartition
from streams.processing.ordered_stream import OffsetCommitter, OrderedStream
from streams.topics import DAY, KafkaTopic
from tests.support.faust_events import faust_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Consumer:
    """Stands where Faust's consumer stands: gives events by offset, obeys a seek."""

    script: list[int]
    stored: set[int]
    committed_at: int | None = 0
    seeks: list[int] = field(default_factory=list)
    commits: list[dict[TopicPartition, int]] = field(default_factory=list)

    def noack(self) -> Consumer:
        return self

    async def events(self) -> AsyncIterator[Any]:
        while self.script:
            offset = self.script.pop(0)
            yield faust_event("t", offset=offset)

    async def committed(self) -> dict[TopicPartition, int]:
        return {} if self.committed_at is None else {TopicPartition("t", 0): self.committed_at}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", 0)}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, max(self.stored) + 1)

    async def beginning_offset(self, where: TopicPartition) -> int:
        del where
        return min(self.stored)

    async def seek(self, where: TopicPartition, offset: int) -> None:
        del where
        self.seeks.append(offset)
        self.script += sorted(one for one in self.stored if one >= offset)

    async def commit(self, offsets: dict[TopicPartition, int]) -> bool:
        self.commits.append(dict(offsets))
        return True


T = KafkaTopic(name="t", message=None, retention=DAY, description="")


async def taken(consumer: Consumer) -> list[int]:
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    offsets = await all_of(intakes.open_stream(T), consumer)
    await intakes.commit()
    return offsets


async def all_of(intake: OrderedStream, consumer: Consumer) -> list[int]:
    offsets = []
    async for record, hold in intake.records(consumer):  # type: ignore[arg-type]
        offsets.append(record.offset)
        hold.ack()
    return offsets


@pytest.mark.parametrize(
    "script",
    [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 0, 1, 2, 3, 4, 5],
        [2, 3],
        [0, 1, 4, 5],
        [0, 3, 4],
        [5],
    ],
)
async def test_every_event_is_taken_once_and_in_order(script: list[int]) -> None:
    consumer = Consumer(script, stored=set(range(6)))
    last = max(script)
    assert (await taken(consumer))[: last + 1] == list(range(last + 1))
    assert consumer.commits == [{("t", 0): 6 if consumer.seeks else last + 1}]


async def test_events_that_retention_took_are_not_waited_for() -> None:
    consumer = Consumer([7, 8], stored={7, 8}, committed_at=3)
    assert await taken(consumer) == [7, 8]
    assert consumer.seeks == []


async def test_offsets_without_events_are_not_waited_for_for_ever() -> None:
    stored = {0, 1, 3, 4}
    consumer = Consumer([0, 1, 3, 4], stored=stored)
    assert await taken(consumer) == [0, 1, 3, 4]
    assert len(consumer.seeks) == 3


async def test_a_partition_without_commits_begins_at_its_oldest_event() -> None:
    consumer = Consumer([4, 5], stored={4, 5}, committed_at=None)
    assert await taken(consumer) == [4, 5]
    assert consumer.seeks == []


async def test_two_readers_of_a_topic_both_take_every_event() -> None:
    consumer = Consumer([], stored=set(range(4)))
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    readers = [intakes.open_stream(T), intakes.open_stream(T)]
    for reader in readers:
        assert await all_of(reader, Consumer([0, 1, 2, 3], stored=set(range(4)))) == [0, 1, 2, 3]


async def test_nothing_is_committed_that_one_of_two_readers_has_not_done() -> None:
    consumer = Consumer([], stored=set(range(4)))
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    fast, slow = intakes.open_stream(T), intakes.open_stream(T)
    await all_of(fast, Consumer([0, 1, 2, 3], stored=set(range(4))))
    await intakes.commit()
    assert consumer.commits == []
    await all_of(slow, Consumer([0, 1], stored=set(range(2))))
    await intakes.commit()
    assert consumer.commits == [{("t", 0): 2}]


async def test_after_a_rebalance_a_partition_begins_anew() -> None:
    consumer = Consumer([0, 1], stored={0, 1})
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    intake = intakes.open_stream(T)
    await all_of(intake, consumer)
    intakes.revoke([("t", 0)])
    await intakes.commit()
    assert consumer.commits == []
    assert await all_of(intake, Consumer([0, 1], stored={0, 1})) == [0, 1]


async def test_a_consumer_that_has_stopped_is_sent_to_read_again() -> None:
    consumer = Consumer([0, 1], stored=set(range(6)))
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    await all_of(intakes.open_stream(T), consumer)
    await intakes.reread_stalled()
    assert consumer.seeks == [], "it may only be slow"
    await intakes.reread_stalled()
    assert consumer.seeks == [2]


async def test_a_consumer_that_never_began_is_sent_to_read() -> None:
    consumer = Consumer([], stored={3, 4}, committed_at=3)
    intakes = OffsetCommitter(consumer)  # type: ignore[arg-type]
    intakes.open_stream(T)
    await intakes.reread_stalled()
    await intakes.reread_stalled()
    assert consumer.seeks == [3]
