"""Kinds of sensitive customer: calls that need the special manual."""

from __future__ import annotations

from enum import StrEnum


class SensitivityKind(StrEnum):
    """Kinds of sensitive customer, the gravest first."""

    SELF_HARM = "self_harm"
    THREAT = "threat"
    SEXUAL_HARASSMENT = "sexual_harassment"
    ABUSE = "abuse"
    VULNERABILITY = "vulnerability"
    ESCALATION = "escalation"
    SUSTAINED_ANGER = "sustained_anger"
    CHURN = "churn"
