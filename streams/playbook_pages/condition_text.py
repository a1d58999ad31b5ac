"""When a playbook opens, in the words of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.reason_wording import describe_condition
from streams.site.translations import load_catalogue

if TYPE_CHECKING:
    from detectors.utterance import Language
    from playbooks.conditions.condition import Condition


def opens_when(condition: Condition, language: Language) -> str:
    """A playbook's condition in the reader's language."""
    return describe_condition(condition, load_catalogue(language))
