"""Alerts, and what people answer to them. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, Field

from detectors.record_ids import join_id
from playbooks.alert import Action, Alert
from streams.cloudevents import Message
from streams.messages.base import RecordMessage, StageTimestamps
from streams.messages.roles import PersonRole


class AlertMessage(RecordMessage[Alert], StageTimestamps):
    """A playbook fired (``alerts.v1``)."""

    ce_type: ClassVar[str] = "callmood.alert.v1"

    advised_at: AwareDatetime | None = Field(default=None, description="The playbook had fired.")

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.alert_id


class FeedbackFields(BaseModel):
    """What is said to an alert: in the message, and in the API."""

    alert_id: str = Field(max_length=512)
    verdict: Literal["helped", "wrong", "withdrawn"]
    given_by: str = Field(default="", max_length=128)
    role: PersonRole = "agent"
    note: str = Field(default="", max_length=2_000)
    at: AwareDatetime


class Feedback(FeedbackFields, Message):
    """An agent's or supervisor's answer to an alert (``feedback.v1``). The last one counts.

    ``withdrawn`` takes an earlier answer back.
    """

    ce_type: ClassVar[str] = "callmood.feedback.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, self.role, self.given_by or "someone")


class StepFields(BaseModel):
    """What is said of a step: in the message, and in the API."""

    alert_id: str = Field(max_length=512)
    index: int = Field(ge=0, le=99, description="Which step of the alert, from 0.")
    action: Action
    state: Literal["done", "undone"]
    given_by: str = Field(default="", max_length=128)
    role: PersonRole = "agent"
    at: AwareDatetime


class StepConfirmation(StepFields, Message):
    """A person confirms a step of an alert, or takes that back (``steps.v1``). The last one counts.

    An agent says that they did it; a supervisor, of what asks for one, that they took care of it.
    """

    ce_type: ClassVar[str] = "callmood.step.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.alert_id, "step", self.index, self.role, self.given_by or "someone")
