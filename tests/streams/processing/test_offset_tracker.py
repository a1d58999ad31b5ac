from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.processing.offset_tracker import Hold, Ledger, Refusal, Where

A0, A1 = Where("a", 0), Where("a", 1)


def taken(ledger: Ledger, where: Where, count: int) -> list[Hold]:
    holds = [ledger.take(where, ledger.next_offset(where)) for _ in range(count)]
    return [hold for hold in holds if isinstance(hold, Hold)]


@given(st.permutations(range(12)))
def test_a_partition_is_committed_up_to_the_first_event_that_is_not_done(
    order: list[int],
) -> None:
    ledger = Ledger()
    ledger.begin(A0, 100)
    holds = taken(ledger, A0, 12)
    done: set[int] = set()
    for number in order:
        holds[number].release()
        done.add(number)
        first_open = next((n for n in range(12) if n not in done), 12)
        assert ledger.done() == {A0: 100 + first_open}
    assert ledger.held() == 0


def test_partitions_do_not_wait_for_each_other() -> None:
    ledger = Ledger()
    ledger.begin(A0, 0)
    ledger.begin(A1, 0)
    taken(ledger, A0, 1)
    taken(ledger, A1, 1)[0].release()
    assert ledger.done() == {A0: 0, A1: 1}


def test_what_another_worker_now_reads_is_never_committed_here() -> None:
    ledger = Ledger()
    ledger.begin(A0, 0)
    first, second = taken(ledger, A0, 2)
    ledger.forget([A0])
    first.release()
    second.release()
    assert ledger.done() == {}
    assert ledger.held() == 0


def test_a_late_answer_from_before_a_rebalance_does_not_count_for_what_came_after() -> None:
    ledger = Ledger()
    ledger.begin(A0, 0)
    (before,) = taken(ledger, A0, 1)
    ledger.forget([A0])
    ledger.begin(A0, 0)
    taken(ledger, A0, 1)
    before.release()
    assert ledger.done() == {A0: 0}


def test_an_event_that_comes_again_is_not_taken_again() -> None:
    ledger = Ledger()
    ledger.begin(A0, 5)
    assert isinstance(ledger.take(A0, 5), Hold)
    assert ledger.take(A0, 5) is Refusal.REPEATED


def test_an_event_behind_a_hole_is_not_taken() -> None:
    ledger = Ledger()
    ledger.begin(A0, 5)
    assert ledger.take(A0, 7) is Refusal.EARLY
    assert ledger.next_offset(A0) == 5


def test_events_that_do_not_exist_hold_nothing_back() -> None:
    ledger = Ledger()
    ledger.begin(A0, 5)
    ledger.skip_to(A0, 9)
    assert ledger.done() == {A0: 9}
