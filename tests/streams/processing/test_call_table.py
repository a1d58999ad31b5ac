"""What a worker remembers of calls, and when it forgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from streams.processing import faust_app as app_module
from streams.processing.faust_app import CallTable

T0 = 1_000_000.0
HOUR = 3_600.0


@dataclass
class App:
    """Stands where Faust's app stands: a table in memory, its changelog, our partitions."""

    ours: tuple[int, ...] = (0,)
    rebalancing: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    changelog: list[tuple[int, str, Any]] = field(default_factory=list)

    def Table(self, _name: str, *, partitions: int) -> App:  # noqa: N802  (Faust's name)
        del partitions
        return self

    def send_changelog(self, partition: int, key: str, value: Any) -> None:
        self.changelog.append((partition, key, value))

    @property
    def consumer(self) -> Any:
        partitions = [SimpleNamespace(partition=one) for one in self.ours]
        return SimpleNamespace(assignment=lambda: partitions)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(at=T0)
    monkeypatch.setattr(app_module, "time", SimpleNamespace(time=lambda: now.at))
    return now


def table(faust: App) -> CallTable:
    return CallTable(faust, "t", partitions=8)  # type: ignore[arg-type]


def test_a_call_that_has_not_changed_for_long_is_forgotten_here_and_in_the_changelog(
    clock: SimpleNamespace,
) -> None:
    faust = App()
    calls = table(faust)
    calls.put("old", {"a": 1}, partition=0)
    clock.at = T0 + 2 * HOUR
    calls.put("new", {"a": 2}, partition=0)
    calls.expire(HOUR, exclude=())
    assert calls.get("old") is None
    assert calls.get("new") == {"a": 2}
    assert faust.changelog[-1] == (0, "old", None)


def test_a_worker_that_was_down_all_night_still_knows_where_its_calls_were(
    clock: SimpleNamespace,
) -> None:
    faust = App(data={"c": {"at": T0 - 10 * HOUR, "partition": 0, "state": {"a": 1}}})
    calls = table(faust)
    clock.at = T0 + 60
    calls.expire(HOUR, exclude=())
    assert calls.get("c") == {"a": 1}
    clock.at = T0 + 2 * HOUR
    calls.restart_expiry()
    calls.expire(HOUR, exclude=())
    assert calls.get("c") == {"a": 1}, "handed out anew a moment ago"
    clock.at = T0 + 4 * HOUR
    calls.expire(HOUR, exclude=())
    assert calls.get("c") is None


def test_another_workers_call_and_one_that_goes_on_are_left_alone(clock: SimpleNamespace) -> None:
    faust = App(ours=(0,))
    calls = table(faust)
    calls.put("theirs", {}, partition=5)
    calls.put("going-on", {}, partition=0)
    before = len(faust.changelog)
    clock.at = T0 + 2 * HOUR
    calls.expire(HOUR, exclude={"going-on"})
    assert len(faust.changelog) == before
