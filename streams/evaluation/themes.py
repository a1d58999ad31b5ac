"""Which playbooks answer for which theme: one list, for lines, look-alikes and reports alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAYBOOKS_BY_THEME: Mapping[str, tuple[str, ...]] = {
    # A graver page also answers for abuse: who is threatened was not spoken to kindly.
    "abuse": ("abusive-words", "threat-of-violence", "sexual-harassment"),
    "threat": ("threat-of-violence",),
    "self_harm": ("self-harm-words",),
    "sexual_harassment": ("sexual-harassment",),
    "confusion": ("elderly-confusion",),
    "regulator": ("regulator-complaint",),
    "cancellation": ("wish-to-cancel",),
    "call_for_another": ("call-for-another",),
    "debt_worries": ("debt-worries",),
    "lost_card": ("lost-card",),
    "mistaken_transfer": ("mistaken-transfer",),
    "unknown_charge": ("unknown-charge",),
    "bereavement": ("bereavement",),
    "loan_scam": ("loan-scam",),
    "voice_phishing": ("voice-phishing",),
    "accident_now": ("accident-now",),
    "claim_denied": ("claim-denied",),
    "mis_selling": ("mis-selling",),
    "serious_illness": ("serious-illness",),
    "data_leak": ("data-leak",),
    "late_delivery": ("late-delivery",),
    "product_injury": ("product-injury",),
    "refund_refused": ("refund-refused",),
}
"""The playbooks any of which must fire on a line of the theme, and none on a look-alike."""

SAFETY_KINDS = frozenset(
    {
        SensitivityKind.SELF_HARM,
        SensitivityKind.THREAT,
        SensitivityKind.SEXUAL_HARASSMENT,
        SensitivityKind.ABUSE,
    }
)
"""Kinds whose alert says something grave of the customer: the dearest false alarms."""
