"""A playbook's own tests: a short timeline of a call, and the alerts it must bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbooks.alert import Alert, AlertLevel
    from playbooks.events import Event

CALL_ID = "test"


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """One alert that must come. ``None``: any.

    Attributes:
        at_ms: when, since the call's start.
        step: which alert of the call it is, from 1.
    """

    at_ms: int
    step: int | None = None
    level: AlertLevel | None = None

    def matches(self, alert: Alert) -> bool:
        """This is the alert."""
        return (
            alert.at_ms == self.at_ms
            and self.step in (None, alert.step)
            and self.level in (None, alert.level)
        )

    def __str__(self) -> str:
        step = "" if self.step is None else f" step {self.step}"
        level = "" if self.level is None else f" {self.level}"
        return f"{self.at_ms / 1000:g}s{step}{level}"


@dataclass(frozen=True, slots=True)
class PlaybookTestCase:
    """One test.

    Attributes:
        location: ``file:line`` of where it stands.
        events: in time order, the call's start first.
        expected: all alerts of the playbook, in time order; empty: none may come.
    """

    name: str
    location: str
    events: tuple[Event, ...]
    expected: tuple[ExpectedAlert, ...]
