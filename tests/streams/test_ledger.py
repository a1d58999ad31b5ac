from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from streams.ledger import Ledger


@dataclass
class Event:
    offset: int
    acked: list[int] = field(repr=False)

    def ack(self) -> bool:
        self.acked.append(self.offset)
        return True


@dataclass(frozen=True)
class Where:
    topic: str
    partition: int


@given(st.permutations(range(12)))
def test_events_are_acknowledged_in_order_whatever_the_order_they_are_done_in(
    order: list[int],
) -> None:
    ledger, acked = Ledger(), []
    holds = [ledger.hold(Event(n, acked), topic="a", partition=0) for n in range(12)]
    done: set[int] = set()
    for number in order:
        holds[number].release()
        done.add(number)
        first_open = next((n for n in range(12) if n not in done), 12)
        assert acked == list(range(first_open)), "all before the first that is not done, no more"
    assert ledger.held() == 0


def test_partitions_do_not_wait_for_each_other() -> None:
    ledger, acked = Ledger(), []
    ledger.hold(Event(1, acked), topic="a", partition=0)
    ledger.hold(Event(2, acked), topic="a", partition=1).release()
    assert acked == [2]


def test_what_another_worker_now_reads_is_never_acknowledged_here() -> None:
    ledger, acked = Ledger(), []
    first = ledger.hold(Event(1, acked), topic="a", partition=0)
    second = ledger.hold(Event(2, acked), topic="a", partition=0)
    ledger.forget([Where("a", 0)])
    first.release()
    second.release()
    assert acked == []
    assert ledger.held() == 0
