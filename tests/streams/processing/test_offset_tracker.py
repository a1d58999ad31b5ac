from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.processing.offset_tracker import (
    OffsetTracker,
    OutOfOrder,
    PendingOffset,
    TopicPartition,
)

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def taken(ledger: OffsetTracker, where: TopicPartition, count: int) -> list[PendingOffset]:
    holds = [ledger.accept(where, ledger.next_offset(where)) for _ in range(count)]
    return [hold for hold in holds if isinstance(hold, PendingOffset)]


@given(st.permutations(range(12)))
def test_a_partition_is_committed_up_to_the_first_event_that_is_not_done(
    order: list[int],
) -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 100)
    holds = taken(ledger, A0, 12)
    done: set[int] = set()
    for number in order:
        holds[number].ack()
        done.add(number)
        first_open = next((n for n in range(12) if n not in done), 12)
        assert ledger.committable_offsets() == {A0: 100 + first_open}
    assert ledger.count_pending() == 0


def test_partitions_do_not_wait_for_each_other() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 0)
    ledger.start(A1, 0)
    taken(ledger, A0, 1)
    taken(ledger, A1, 1)[0].ack()
    assert ledger.committable_offsets() == {A0: 0, A1: 1}


def test_what_another_worker_now_reads_is_never_committed_here() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 0)
    first, second = taken(ledger, A0, 2)
    ledger.revoke([A0])
    first.ack()
    second.ack()
    assert ledger.committable_offsets() == {}
    assert ledger.count_pending() == 0


def test_a_late_answer_from_before_a_rebalance_does_not_count_for_what_came_after() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 0)
    (before,) = taken(ledger, A0, 1)
    ledger.revoke([A0])
    ledger.start(A0, 0)
    taken(ledger, A0, 1)
    before.ack()
    assert ledger.committable_offsets() == {A0: 0}


def test_an_event_that_comes_again_is_not_taken_again() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 5)
    assert isinstance(ledger.accept(A0, 5), PendingOffset)
    assert ledger.accept(A0, 5) is OutOfOrder.DUPLICATE


def test_an_event_behind_a_hole_is_not_taken() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 5)
    assert ledger.accept(A0, 7) is OutOfOrder.GAP
    assert ledger.next_offset(A0) == 5


def test_events_that_do_not_exist_hold_nothing_back() -> None:
    ledger = OffsetTracker()
    ledger.start(A0, 5)
    ledger.skip_to(A0, 9)
    assert ledger.committable_offsets() == {A0: 9}
