"""Every condition that a rule file can ask for. A new one is a class in a file, and a row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbooks.conditions.absence_pattern import AbsencePattern
from playbooks.conditions.all_of import AllOf
from playbooks.conditions.any_of import AnyOf
from playbooks.conditions.call_time_condition import CallTimeCondition
from playbooks.conditions.count_pattern import CountPattern
from playbooks.conditions.language_condition import LanguageCondition
from playbooks.conditions.mood_condition import MoodCondition
from playbooks.conditions.negation import Not
from playbooks.conditions.phase_condition import PhaseCondition
from playbooks.conditions.phrase_condition import PhraseCondition
from playbooks.conditions.queue_condition import QueueCondition
from playbooks.conditions.reading_condition import ReadingCondition
from playbooks.conditions.repeat_caller_condition import RepeatCallerCondition
from playbooks.conditions.sequence_pattern import SequencePattern
from playbooks.conditions.silence_condition import SilenceCondition
from playbooks.conditions.talk_over_condition import TalkOverCondition
from playbooks.conditions.topic_condition import TopicCondition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbooks.conditions.condition import Condition

_CLASSES: tuple[type[Condition], ...] = (
    AllOf,
    AnyOf,
    Not,
    CountPattern,
    SequencePattern,
    AbsencePattern,
    PhraseCondition,
    TopicCondition,
    ReadingCondition,
    SilenceCondition,
    TalkOverCondition,
    MoodCondition,
    QueueCondition,
    LanguageCondition,
    CallTimeCondition,
    PhaseCondition,
    RepeatCallerCondition,
)

CONDITIONS: Mapping[str, type[Condition]] = {condition.KEY: condition for condition in _CLASSES}
"""By the key under which it is written."""
