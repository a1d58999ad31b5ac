"""The alert: what agents see when a playbook fires. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge

from detectors.quantities import Ms
from detectors.record_ids import join_id
from detectors.utterance import Language
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind


class AlertLevel(StrEnum):
    """How loudly an alert asks for attention."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for a notice, 2 for critical."""
        return list(AlertLevel).index(self)


class Action(StrEnum):
    """What a step of a protocol is, where the agent confirms that it was done.

    Nothing here happens by itself: an action is done by a person, who then says so.
    """

    READ_OUT = "read_out"
    ANNOUNCE = "announce"
    END_CALL = "end_call"
    HAND_OVER = "hand_over"
    NOTIFY_SUPERVISOR = "notify_supervisor"
    OFFER_REST = "offer_rest"
    SEAL_EVIDENCE = "seal_evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A playbook fired. The person decides what to do; nothing acts on an alert by itself.

    Attributes:
        at_ms: when the event that set it off was complete, since the call's start.
        step: which alert of this playbook in this call, from 1.
        suggestion: per language, what the agent may do or read out, in order.
        actions: for each of them, what it is in the protocol; ``None`` where nobody confirms it.
        sensitive: the kind of sensitive customer it speaks of, if of one.
        language: what the call is held in, so what is read out to the customer; whoever reads the
            alert may read another; ``None``: not known (alerts of earlier versions).
        reasons: evidence that a person can check.
        cause_ids: the readings, moods, lines and turns that caused it.
    """

    call_id: str
    playbook_id: str
    playbook_version: int
    level: AlertLevel
    at_ms: Ms
    step: Annotated[int, Ge(1)]
    title: Mapping[Language, str]
    suggestion: Mapping[Language, tuple[str, ...]]
    why: Mapping[Language, str]
    reasons: tuple[Reason, ...] = ()
    cause_ids: tuple[str, ...] = ()
    actions: tuple[Action | None, ...] = ()
    sensitive: SensitivityKind | None = None
    language: Language | None = None

    @property
    def alert_id(self) -> str:
        """Deterministic: one playbook fires at most once at one instant of a call."""
        return join_id(self.call_id, self.playbook_id, self.at_ms)
