"""Alerts, and what people answer to them. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field

from detectors.utterance import (
    Language,
)
from playbooks.alert import Action, Alert, AlertLevel
from playbooks.sensitivity import SensitivityKind
from streams.cloudevents import Message
from streams.ids import join_id

if TYPE_CHECKING:
    from datetime import datetime

from streams.messages.base import (
    Ms,
    StageTimestamps,
    Texts,
)


class AlertMessage(StageTimestamps):
    """A playbook fired (``alerts.v1``)."""

    ce_type: ClassVar[str] = "callmood.alert.v1"

    playbook_id: str
    playbook_version: int
    level: AlertLevel
    at_ms: Ms
    step: int = Field(ge=1, description="Which rung of the playbook's ladder, from 1.")
    title: Texts
    suggestion: dict[Language, tuple[str, ...]]
    why: Texts
    reasons: tuple[str, ...] = ()
    cause_ids: tuple[str, ...] = ()
    actions: tuple[Action | None, ...] = Field(
        default=(), description="For each step, what a person confirms; null: nothing."
    )
    sensitive: SensitivityKind | None = Field(
        default=None, description="The kind of sensitive customer it speaks of."
    )
    language: Language | None = Field(
        default=None, description="Of the call: what is read out; null in older messages."
    )
    advised_at: AwareDatetime | None = Field(default=None, description="The playbook had fired.")

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, self.playbook_id, self.at_ms)

    @classmethod
    def of(cls, alert: Alert, *, advised_at: datetime, **stages: AwareDatetime | None) -> Self:
        """As it travels. ``stages`` are the fields of `StageTimestamps`."""
        return cls(
            call_id=alert.call_id,
            playbook_id=alert.playbook_id,
            playbook_version=alert.playbook_version,
            level=alert.level,
            at_ms=alert.at_ms,
            step=alert.step,
            title={Language(language): text for language, text in alert.title.items()},
            suggestion={
                Language(language): tuple(text) for language, text in alert.suggestion.items()
            },
            why={Language(language): text for language, text in alert.why.items()},
            reasons=alert.reasons,
            cause_ids=alert.cause_ids,
            actions=alert.actions,
            sensitive=alert.sensitive,
            language=alert.language,
            advised_at=advised_at,
            **stages,
        )


class Feedback(Message):
    """An agent's or supervisor's answer to an alert (``feedback.v1``). The last one counts.

    ``withdrawn`` takes an earlier answer back.
    """

    ce_type: ClassVar[str] = "callmood.feedback.v1"

    alert_id: str = Field(max_length=512)
    verdict: Literal["helped", "wrong", "withdrawn"]
    given_by: str = Field(default="", max_length=128)
    role: Literal["agent", "supervisor"] = "agent"
    note: str = Field(default="", max_length=2_000)
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, self.role, self.given_by or "someone")


class StepConfirmation(Message):
    """A person confirms a step of an alert, or takes that back (``steps.v1``). The last one counts.

    An agent says that they did it; a supervisor, of what asks for one, that they took care of it.
    """

    ce_type: ClassVar[str] = "callmood.step.v1"

    alert_id: str = Field(max_length=512)
    index: int = Field(ge=0, le=99, description="Which step of the alert, from 0.")
    action: Action
    state: Literal["done", "undone"]
    given_by: str = Field(default="", max_length=128)
    role: Literal["agent", "supervisor"] = "agent"
    at: AwareDatetime

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, "step", self.index, self.role, self.given_by or "someone")
