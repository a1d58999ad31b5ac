"""The customer's mood is so, and has been for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from detectors.labels import Emotion
from detectors.mood import Mood, MoodLevel, Trend
from detectors.reading import Contrast
from detectors.utterance import Language
from playbooks.conditions.condition import MAX_WINDOW_MS, WHOLE_CALL, Leaf, ReasonedCondition
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.memory import (
    ALLOWED_LATENESS_MS,
    EMPTY_MEMORY,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
    Memory,
)
from playbooks.conditions.schema_parts import DURATION, FLAG, RATIO, block_schema, choice_schema
from playbooks.events import EventKind
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlBlock, YamlField

_LEVEL_RANKS = {level: rank for rank, level in enumerate(MoodLevel)}
_KEYS = frozenset(
    {
        *("level", "at_most", "until_level", "strain", "until_strain", "label"),
        *("trend", "shift", "disagreement", "contrast", "for"),
    }
)
_FIELDS = ("level", "at_most", "label", "trend", "strain", "shift", "disagreement", "contrast")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodCondition(ReasonedCondition, Leaf):
    """The customer's mood is, and has been for ``for_ms``, as described. ``None``: any.

    Attributes:
        level: at least this level.
        at_most: at most this level.
        until_level: once true it stays so until the level is this or lower (hysteresis).
        strain: at least this strain, 0-1.
        until_strain: once true it stays so until the strain is below this (hysteresis).
        shift: a sudden rise; like everything here it holds until the next mood.
        disagreement: voice and words point to different sides, whichever way.
        contrast: they do, and this way.
    """

    KEY: ClassVar[str] = "mood"
    INNER_KEYS: ClassVar[frozenset[str]] = _KEYS
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "{level: tense, for: 20s}",
        "{level: upset, until_level: calm, label: anger, trend: rising}",
        "{strain: 0.6, until_strain: 0.4, shift: true, contrast: strained_voice}",
        "{at_most: calm, disagreement: false}",
    )
    TEXTS: ClassVar[Texts] = {
        "when": {
            Language.KOREAN: "고객 상태: {parts}",
            Language.ENGLISH: "the customer's mood: {parts}",
        },
        "when_for": {
            Language.KOREAN: "고객 상태: {parts}, {seconds}초 동안",
            Language.ENGLISH: "the customer's mood: {parts}, for {seconds} s",
        },
        "level": {Language.KOREAN: "{level} 이상", Language.ENGLISH: "{level} or more"},
        "at_most": {Language.KOREAN: "{level} 이하", Language.ENGLISH: "{level} or less"},
        "strain": {
            Language.KOREAN: "불편 {strain} 이상",
            Language.ENGLISH: "strain {strain} or more",
        },
        "shift": {Language.KOREAN: "급격한 변화", Language.ENGLISH: "a sharp change"},
        "reason": {
            Language.KOREAN: "고객 상태 {level} ({strain})",
            Language.ENGLISH: "mood: {level} (strain {strain})",
        },
        "reason_for": {Language.KOREAN: "{seconds}초째", Language.ENGLISH: "for {seconds} s"},
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.MOOD})

    level: MoodLevel | None = None
    at_most: MoodLevel | None = None
    until_level: MoodLevel | None = None
    strain: float | None = None
    until_strain: float | None = None
    label: Emotion | None = None
    trend: Trend | None = None
    shift: bool | None = None
    disagreement: bool | None = None
    contrast: Contrast | None = None
    for_ms: int = 0

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> MoodCondition:
        del context
        block = field.block(_KEYS)
        if field.is_block and not block.fields.keys() - {"for"} and not field.problems.entries:
            field.add_problem("mood says nothing", "add level, strain, trend, ...")
        level, at_most, until_level = _parse_levels(block)
        strain, until_strain = _parse_strains(block)
        label, trend, contrast = block.get("label"), block.get("trend"), block.get("contrast")
        shift, disagreement = block.get("shift"), block.get("disagreement")
        duration = block.get("for")
        return cls(
            level=level,
            at_most=at_most,
            until_level=until_level,
            strain=strain,
            until_strain=until_strain,
            label=label.choice(Emotion) if label else None,
            trend=trend.choice(Trend) if trend else None,
            shift=shift.flag() if shift else None,
            disagreement=disagreement.flag() if disagreement else None,
            contrast=contrast.choice(Contrast) if contrast else None,
            for_ms=duration.duration(1_000, MAX_WINDOW_MS) if duration else 0,
        )

    @classmethod
    def json_schema(cls) -> Schema:
        return block_schema(
            {
                "level": choice_schema(MoodLevel),
                "at_most": choice_schema(MoodLevel),
                "until_level": choice_schema(MoodLevel),
                "strain": RATIO,
                "until_strain": RATIO,
                "label": choice_schema(Emotion),
                "trend": choice_schema(Trend),
                "shift": FLAG,
                "disagreement": FLAG,
                "contrast": choice_schema(Contrast),
                "for": DURATION,
            }
        )

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    def may_match(self, event: Event) -> bool:
        return isinstance(event, Mood) and self._matches(event, is_held=False)

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        before = memory = next(past)
        mood = context.event
        if isinstance(mood, Mood) and context.facts.mood == (mood.at_ms, mood.number):
            memory = self._update_memory(before, mood)
        next_memories.append(memory)
        if context.excludes_now:
            return Match(self._was_held_before(memory, context.now))
        if not self._is_held(memory, context.now):
            return NO_MATCH
        continues = memory is not before and memory.until_ms is None
        is_new = continues and not self._is_held(before, context.now)
        return Match(matched=True, is_new=is_new, continues=continues, hits=memory.hits)

    def _update_memory(self, before: Memory, mood: Mood) -> Memory:
        holds = before.since_ms is not None and before.until_ms in (None, mood.at_ms)
        if not self._matches(mood, is_held=holds and self._is_held(before, mood.at_ms)):
            return replace(before, until_ms=mood.at_ms) if holds else EMPTY_MEMORY
        since_ms = before.since_ms if holds and before.since_ms is not None else mood.at_ms
        if before.hits and before.hits[0].cause_id == mood.mood_id:
            return before
        reason = _explain_mood(mood, mood.at_ms - since_ms)
        return Memory((ConditionHit(mood.at_ms, mood.mood_id, reason),), since_ms)

    def _is_held(self, memory: Memory, now: int) -> bool:
        """Whether it holds, or held until this very millisecond; ``hits`` has the last mood."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.hits[0].at_ms - memory.since_ms >= self.for_ms

    def _was_held_before(self, memory: Memory, now: int) -> bool:
        """Whether it held at the end of the millisecond before this one."""
        if memory.since_ms is None or (memory.until_ms is not None and memory.until_ms < now):
            return False
        return memory.since_ms < now and now - 1 - memory.since_ms >= self.for_ms

    def _matches(self, mood: Mood, *, is_held: bool) -> bool:
        return (
            self._is_strained(mood, is_held=is_held)
            and self.label in (None, mood.label)
            and self.trend in (None, mood.trend)
            and self.shift in (None, mood.shift)
            and self.disagreement in (None, mood.disagreement)
            and self.contrast in (None, mood.contrast)
        )

    def _is_strained(self, mood: Mood, *, is_held: bool) -> bool:
        rank = _LEVEL_RANKS[mood.level]
        if self.at_most is not None and rank > _LEVEL_RANKS[self.at_most]:
            return False
        if is_held and self.until_level is not None:
            return rank > _LEVEL_RANKS[self.until_level]
        min_strain = self.until_strain if is_held and self.until_strain is not None else self.strain
        is_level_reached = self.level is None or rank >= _LEVEL_RANKS[self.level]
        return is_level_reached and (min_strain is None or mood.strain >= min_strain)

    @property
    def is_trigger(self) -> bool:
        return True

    @property
    def is_time_driven(self) -> bool:
        return False

    @property
    def is_instantaneous(self) -> bool:
        return False

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return self.for_ms

    @property
    def retention_ms(self) -> int:
        return ALLOWED_LATENESS_MS

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        return None

    def mutations(self) -> Iterator[Mutation]:
        asked = [name for name in _FIELDS if getattr(self, name) is not None]
        for name in asked if len(asked) > 1 else ():
            yield f"a mood of any {name}", self._without(name)
        for name in ("until_level", "until_strain"):
            if getattr(self, name) is not None:
                yield f"a mood without {name}", self._without(name)
        if self.for_ms:
            yield "a mood at once", replace(self, for_ms=0)

    def _without(self, name: str) -> MoodCondition:
        cleared: dict[str, Any] = {name: None}
        return replace(self, **cleared)

    @property
    def short_name(self) -> str:
        values = (getattr(self, name) for name in _FIELDS)
        return f"mood {' '.join(str(value) for value in values if value is not None)}"

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        parts = ", ".join((*self._describe_state(wording), *self._describe_change(wording)))
        if not self.for_ms:
            return wording.text(self, "when", parts=parts)
        return wording.text(self, "when_for", parts=parts, seconds=format_seconds(self.for_ms))

    def _describe_state(self, wording: ConditionWording) -> Iterator[str]:
        if self.level is not None:
            yield wording.text(self, "level", level=wording.name("mood.level", self.level))
        if self.at_most is not None:
            yield wording.text(self, "at_most", level=wording.name("mood.level", self.at_most))
        if self.strain is not None:
            yield wording.text(self, "strain", strain=f"{self.strain:.0%}")
        if self.label is not None:
            yield wording.name("emotion", self.label)

    def _describe_change(self, wording: ConditionWording) -> Iterator[str]:
        if self.trend is not None:
            yield wording.name("mood.trend", self.trend)
        if self.shift is not None:
            yield wording.text(self, "shift")
        if self.contrast is not None:
            yield wording.name("mood.contrast", self.contrast)
        elif self.disagreement is not None:
            yield wording.catalogue("mood.disagreement")

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        level = wording.name("mood.level", reason.word("level"))
        parts = [wording.text(cls, "reason", level=level, strain=f"{reason.number('strain'):.0%}")]
        if "trend" in reason.parameters:
            parts.append(wording.name("mood.trend", reason.word("trend")))
        if reason.parameters.get("shift"):
            parts.append(wording.text(cls, "shift"))
        if duration_ms := reason.number("for_ms", default=0):
            parts.append(wording.text(cls, "reason_for", seconds=format_seconds(duration_ms)))
        return ", ".join(parts)


def _explain_mood(mood: Mood, duration_ms: int) -> Reason:
    """The mood as the screen shows it, and for how long it has been so."""
    return Reason.of(
        MoodCondition.KEY,
        level=mood.level,
        strain=round(mood.strain, 3),
        trend=None if mood.trend is Trend.STEADY else mood.trend,
        shift=mood.shift or None,
        for_ms=duration_ms or None,
    )


def _parse_levels(
    block: YamlBlock,
) -> tuple[MoodLevel | None, MoodLevel | None, MoodLevel | None]:
    """At least, at most, and until which level."""
    level, at_most = block.get("level"), block.get("at_most")
    until_level = block.get("until_level")
    exit_level = until_level.choice(MoodLevel) if until_level else None
    min_level = level.choice(MoodLevel) if level else None
    max_level = at_most.choice(MoodLevel) if at_most else None
    is_exit_low = exit_level and min_level and _LEVEL_RANKS[exit_level] < _LEVEL_RANKS[min_level]
    if until_level and exit_level and not is_exit_low:
        until_level.add_problem("until_level is not below a level", "write a level above it")
    if at_most and max_level and min_level and _LEVEL_RANKS[max_level] < _LEVEL_RANKS[min_level]:
        at_most.add_problem("at_most is below the level", "write the other way round")
    return min_level, max_level, exit_level


def _parse_strains(block: YamlBlock) -> tuple[float | None, float | None]:
    """At least and until which strain."""
    strain, until_strain = block.get("strain"), block.get("until_strain")
    min_strain = strain.ratio() if strain else None
    exit_strain = until_strain.ratio() if until_strain else None
    if (
        until_strain
        and exit_strain is not None
        and (min_strain is None or exit_strain > min_strain)
    ):
        until_strain.add_problem("until_strain is not below a strain", "write a strain above it")
    return min_strain, exit_strain
