"""How long an alert takes to the browser, and from there to the eye."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.metrics import observe_stage

if TYPE_CHECKING:
    from datetime import datetime

    from streams.messages.alerts import AlertMessage

MAX_TRACKED_ALERTS = 1_000


@dataclass(frozen=True, slots=True)
class _Push:
    heard_at: datetime | None
    pushed_at: datetime


class AlertLatency:
    """Alerts that were pushed and not yet seen. Each counts once, on the first screen."""

    def __init__(self) -> None:
        """None yet."""
        self._pushes: OrderedDict[str, _Push | None] = OrderedDict()

    def record_push(self, alert: AlertMessage, at: datetime) -> None:
        """An alert went out to a browser."""
        if alert.message_id in self._pushes:
            return
        self._pushes[alert.message_id] = _Push(alert.heard_at, at)
        observe_stage("desk", alert.advised_at, at)
        if len(self._pushes) > MAX_TRACKED_ALERTS:
            self._pushes.popitem(last=False)

    def record_display(self, alert_id: str, at: datetime) -> bool:
        """A browser has painted it; whether that was news."""
        push = self._pushes.get(alert_id)
        if push is None:
            return False
        self._pushes[alert_id] = None
        observe_stage("screen", push.pushed_at, at)
        observe_stage("total", push.heard_at, at)
        return True
