"""What a call's alerts say of its customer: which kinds of sensitive customer, always with reasons.

What makes a call sensitive is what playbooks found in it, never what a person is: an alert of a
playbook that names a kind says that this call is of that kind, how seriously, and on which
evidence. Pure: alerts in, findings out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.alert import Alert, AlertLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind that was found in a call.

    Attributes:
        level: the most serious alert of this kind.
        since_ms: when the first of them came, since the call's start.
        alert_count: how many there were: how far up the ladder.
        reasons: evidence that a person can check, oldest first, each once.
        cause_ids: the readings, moods, lines and turns it rests on.
    """

    kind: SensitivityKind
    level: AlertLevel
    since_ms: int
    alert_count: int
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]


def collect_findings(alerts: Iterable[Alert]) -> tuple[Finding, ...]:
    """What a call's alerts say of its customer, the gravest kind first."""
    by_kind: dict[SensitivityKind, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda alert: (alert.at_ms, alert.playbook_id)):
        if alert.sensitive is not None:
            by_kind.setdefault(alert.sensitive, []).append(alert)
    return tuple(_build_finding(kind, by_kind[kind]) for kind in SensitivityKind if kind in by_kind)


def _build_finding(kind: SensitivityKind, alerts: list[Alert]) -> Finding:
    return Finding(
        kind=kind,
        level=max((alert.level for alert in alerts), key=lambda level: level.rank),
        since_ms=alerts[0].at_ms,
        alert_count=len(alerts),
        reasons=tuple(dict.fromkeys(r for alert in alerts for r in alert.reasons)),
        cause_ids=tuple(dict.fromkeys(c for alert in alerts for c in alert.cause_ids)),
    )
