"""What a condition remembers between two events, and what it answers to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language
from playbooks.conditions.call_facts import UNKNOWN_FACTS
from playbooks.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.conditions.call_facts import Facts
    from playbooks.events import Event, EventKind

ALLOWED_LATENESS_MS = 60_000
"""An event this much older than the newest one is history: it sets nothing off any more.

It is also how long evidence is remembered at least, so that an event told again is known."""

MAX_HITS = 100
"""Evidence kept by one condition; the oldest goes first. Bounds the state of a strange call."""


@dataclass(frozen=True, slots=True)
class ConditionHit:
    """One piece of evidence.

    Attributes:
        at_ms: when, since the call's start.
        cause_id: the event it comes from (`playbooks.events.event_id`).
        reason: the evidence that a person can check; ``None``: there is nothing to say of it.
        stage: in a sequence, which part of it this was (0 is the first).
        other_ids: further events that it lies in: the other lines of words that were cut in two.
    """

    at_ms: int
    cause_id: str
    reason: Reason | None
    stage: int = 0
    other_ids: tuple[str, ...] = ()

    @property
    def cause_ids(self) -> tuple[str, ...]:
        """All events it lies in, in the order of the call."""
        return (*self.other_ids, self.cause_id)

    def to_json(self) -> list[Any]:
        """As ``[at_ms, cause_id, reason, stage]``, and ``other_ids`` where there are any."""
        reason = None if self.reason is None else self.reason.to_json()
        others = [list(self.other_ids)] if self.other_ids else []
        return [self.at_ms, self.cause_id, reason, self.stage, *others]

    @classmethod
    def from_json(cls, value: Iterable[Any]) -> ConditionHit:
        """Read what `to_json` wrote, or a version before, whose reasons were plain text."""
        at_ms, cause_id, reason, stage, *others = value
        return cls(
            at_ms,
            cause_id,
            Reason.from_json(reason) if reason else None,
            stage,
            tuple(others[0]) if others else (),
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """What one condition remembers.

    Attributes:
        hits: evidence, oldest first.
        since_ms: since when a lasting condition (a mood) has held; ``None``: it has not.
        until_ms: when it ceased to, in that very millisecond it still holds; ``None``: it goes on.
    """

    hits: tuple[ConditionHit, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None

    def to_json(self) -> list[Any]:
        """As ``[[hit, ...], since_ms, until_ms]``."""
        return [[hit.to_json() for hit in self.hits], self.since_ms, self.until_ms]

    @classmethod
    def from_json(cls, value: Iterable[Any]) -> Memory:
        """Read what `to_json` wrote."""
        hits, since_ms, until_ms = value
        memory = cls(tuple(map(ConditionHit.from_json, hits)), since_ms, until_ms)
        return EMPTY_MEMORY if memory == EMPTY_MEMORY else memory

    def with_hit(self, hit: ConditionHit) -> Memory:
        """Remember one more piece of evidence."""
        hits = sorted((*self.hits, hit), key=lambda h: (h.at_ms, h.cause_id, h.stage))
        return Memory(tuple(hits[-MAX_HITS:]), self.since_ms, self.until_ms)

    def has_hit(self, cause_id: str, *, stage: int = 0) -> bool:
        """Whether this event has been taken for evidence before."""
        return any(cause_id in h.cause_ids and h.stage == stage for h in self.hits)

    def is_subset_of(self, before: Memory) -> bool:
        """Whether it has nothing that the memory before it had not."""
        if self is before:
            return True
        same = (self.since_ms, self.until_ms) == (before.since_ms, before.until_ms)
        return same and set(self.hits) <= set(before.hits)

    def prune(self, *, clock: int, keep_ms: int) -> Memory:
        """Forget evidence that is older than both ``keep_ms`` and `ALLOWED_LATENESS_MS`."""
        oldest_ms = clock - max(keep_ms, ALLOWED_LATENESS_MS)
        if not self.hits or self.hits[0].at_ms >= oldest_ms:
            return self
        hits = tuple(hit for hit in self.hits if hit.at_ms >= oldest_ms)
        return Memory(hits) if hits else EMPTY_MEMORY


EMPTY_MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """One event as the conditions see it.

    Within one millisecond a condition may become true and never false again, so that it does
    not matter in which order the events of a millisecond come. What stands below a ``not`` is
    therefore asked what was known ``excludes_now`` this millisecond.

    Attributes:
        now: when the event happened, ms since the call's start.
        clock: the newest ``now`` so far: what "the last 30 seconds" are counted back from.
        facts: what is known of the call, this event taken in.
        excludes_now: asks what was known before this millisecond.
    """

    event: Event
    kind: EventKind
    now: int
    clock: int
    facts: Facts = UNKNOWN_FACTS
    excludes_now: bool = False

    @property
    def language(self) -> Language:
        """Of the call: what is read out."""
        event_language: Language | None = getattr(self.event, "language", None)
        return self.facts.language or event_language or Language.KOREAN

    @property
    def is_late(self) -> bool:
        """The event is history (see `ALLOWED_LATENESS_MS`)."""
        return self.now < self.clock - ALLOWED_LATENESS_MS

    @property
    def before_now(self) -> EvaluationContext:
        """The same moment, as what stands below a ``not`` sees it."""
        return EvaluationContext(
            self.event, self.kind, self.now, self.clock, self.facts, excludes_now=True
        )

    def is_recent(self, hit: ConditionHit, *, within_ms: int) -> bool:
        """Whether evidence is of this millisecond, or of the last ``within_ms``."""
        if hit.at_ms == self.now:
            return not self.excludes_now
        return within_ms > 0 and hit.at_ms >= self.clock - within_ms


@dataclass(frozen=True, slots=True)
class Match:
    """A condition's answer.

    Attributes:
        matched: it holds.
        is_new: this very event brought new evidence for it.
        continues: this very event says that it goes on.
        hits: the evidence it rests on.
    """

    matched: bool
    is_new: bool = False
    continues: bool = False
    hits: tuple[ConditionHit, ...] = ()


NO_MATCH = Match(matched=False)
