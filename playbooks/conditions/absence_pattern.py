"""What should have come by now, and has not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language, TranscriptLine, Turn
from playbooks.conditions.condition import (
    MAX_WINDOW_MS,
    UNBOUNDED_MS,
    WHOLE_CALL,
    Condition,
    Leaf,
    ReasonedCondition,
    collect_leaves,
)
from playbooks.conditions.condition_wording import format_seconds
from playbooks.conditions.memory import (
    ALLOWED_LATENESS_MS,
    MAX_HITS,
    NO_MATCH,
    ConditionHit,
    EvaluationContext,
    Match,
    Memory,
)
from playbooks.conditions.operator_parts import find_new_hit, include_now
from playbooks.conditions.schema_parts import CONDITION, DURATION, block_schema
from playbooks.events import EventKind, event_time
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.yaml_nodes import YamlField

_WAIT_STAGE, _ARRIVAL_STAGE = 0, 1
"""Stages of what `AbsencePattern` remembers: since when something is awaited, and that it came."""


@dataclass(frozen=True, slots=True)
class AbsencePattern(ReasonedCondition):
    """``part`` has not come within ``within_ms`` of ``after``; ``None``: of the call's start.

    True from the first event behind that time until the part comes after all.
    """

    KEY: ClassVar[str] = "missing"
    INNER_KEYS: ClassVar[frozenset[str]] = frozenset()
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "{within: 20s, of: {said: {by: agent, en: [my name is]}}}",
        "{within: 20s, after: {topic: abuse}, of: {said: {by: agent, en: [please stop]}}}",
    )
    TEXTS: ClassVar[Texts] = {
        "from_start": {
            Language.KOREAN: "통화 시작 뒤 {seconds}초 안에 없음: {part}",
            Language.ENGLISH: "missing in the call's first {seconds} s: {part}",
        },
        "after": {
            Language.KOREAN: "{after} 뒤 {seconds}초 안에 없음: {part}",
            Language.ENGLISH: "{after}, and within {seconds} s not: {part}",
        },
        "reason": {
            Language.KOREAN: "{seconds}초 동안 확인되지 않음",
            Language.ENGLISH: "not heard for {seconds} s",
        },
    }

    part: Condition
    after: Condition | None
    within_ms: int

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> AbsencePattern:
        block = field.block({"of", "after", "within"})
        after = block.get("after")
        return cls(
            context.parse_part(block.require("of", "write what should have come")),
            context.parse_part(after) if after else None,
            block.require("within", "write how soon").duration(1_000, MAX_WINDOW_MS),
        )

    @classmethod
    def json_schema(cls) -> Schema:
        return block_schema(
            {"of": CONDITION, "after": CONDITION, "within": DURATION},
            required_keys=("within", "of"),
        )

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        parts = (self.part,) if self.after is None else (self.part, self.after)
        return (*collect_leaves(parts), ClockTick(-1 if self.after else self.within_ms))

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        memory = next(past)
        index = len(next_memories)
        next_memories.append(memory)
        arrival = find_new_hit(
            self.part.evaluate(past, include_now(context), next_memories),
            memory,
            context,
            stage=_ARRIVAL_STAGE,
        )
        wait = None
        if self.after is not None:
            match = self.after.evaluate(past, include_now(context), next_memories)
            wait = find_new_hit(match, memory, context, stage=_WAIT_STAGE)
        elif not memory.hits:
            wait = ConditionHit(0, "", None, _WAIT_STAGE)
        hits = [*memory.hits, *(hit for hit in (arrival, wait) if hit)]
        clock = context.clock
        open_waits = self._find_open_waits(hits, clock)
        since_ms = self._find_start(memory, open_waits, context)
        next_memories[index] = Memory(_prune(hits, clock), since_ms)
        if since_ms is None:
            return NO_MATCH
        is_new = since_ms == clock == context.now
        return Match(matched=True, is_new=is_new, hits=self._collect_evidence(open_waits, context))

    def _find_open_waits(self, hits: list[ConditionHit], now: int) -> list[ConditionHit]:
        """What has been waited for in vain, as known before this millisecond."""
        last_arrival_ms = max(
            (h.at_ms for h in hits if h.stage == _ARRIVAL_STAGE and h.at_ms < now), default=-1
        )
        return [h for h in hits if h.stage == _WAIT_STAGE and last_arrival_ms < h.at_ms < now]

    def _find_start(
        self, memory: Memory, open_waits: list[ConditionHit], context: EvaluationContext
    ) -> int | None:
        if not any(h.at_ms + self.within_ms < context.clock for h in open_waits):
            return None
        if memory.since_ms is not None:
            return memory.since_ms
        # An event from before the newest one cannot say that something did not come by now.
        return context.clock if context.now == context.clock else None

    def _collect_evidence(
        self, open_waits: list[ConditionHit], context: EvaluationContext
    ) -> tuple[ConditionHit, ...]:
        reason = Reason.of(self.KEY, within_ms=self.within_ms)
        return (*(h for h in open_waits[:1] if h.reason), ConditionHit(context.clock, "", reason))

    @property
    def is_trigger(self) -> bool:
        return True

    @property
    def is_time_driven(self) -> bool:
        return True

    @property
    def is_instantaneous(self) -> bool:
        return False

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def min_duration_ms(self) -> int:
        return self.within_ms + (self.after.min_duration_ms if self.after is not None else 0)

    @property
    def retention_ms(self) -> int:
        return ALLOWED_LATENESS_MS

    @property
    def call_window_ms(self) -> tuple[int, int | None]:
        return WHOLE_CALL

    def find_problem(self) -> tuple[str, str] | None:
        return None

    def mutations(self) -> Iterator[Mutation]:
        yield "missing at once", replace(self, within_ms=1)
        yield "missing never", replace(self, within_ms=UNBOUNDED_MS)
        for name, mutant in self.part.mutations():
            yield name, replace(self, part=mutant)
        if self.after is not None:
            yield "missing since the call's start", replace(self, after=None)
            for name, mutant in self.after.mutations():
                yield name, replace(self, after=mutant)

    @property
    def short_name(self) -> str:
        return self.KEY

    @property
    def is_compound(self) -> bool:
        return False

    def describe(self, wording: ConditionWording) -> str:
        seconds, part = format_seconds(self.within_ms), wording.part(self.part)
        if self.after is None:
            return wording.text(self, "from_start", seconds=seconds, part=part)
        after = wording.part(self.after)
        return wording.text(self, "after", after=after, seconds=seconds, part=part)

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        return wording.text(cls, "reason", seconds=format_seconds(reason.number("within_ms")))


@dataclass(frozen=True, slots=True)
class ClockTick(Leaf):
    """Time passes: whoever speaks or is silent, moves the clock.

    Attributes:
        due_ms: only from here on is it worth a look though nothing is remembered; -1: never.
    """

    due_ms: int
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LINE, EventKind.TURN})

    def may_match(self, event: Event) -> bool:
        moves_clock = isinstance(event, TranscriptLine | Turn)
        return moves_clock and 0 <= self.due_ms < event_time(event)


def _prune(hits: list[ConditionHit], now: int) -> tuple[ConditionHit, ...]:
    """Without what can never matter again: waits that ended, all but the newest answer."""
    last_arrival_ms = max(
        (h.at_ms for h in hits if h.stage == _ARRIVAL_STAGE and h.at_ms < now), default=-1
    )
    relevant = [h for h in hits if h.at_ms >= now or h.at_ms >= last_arrival_ms]
    relevant.sort(key=lambda h: (h.at_ms, h.stage, h.cause_id))
    return tuple(relevant[:MAX_HITS])
