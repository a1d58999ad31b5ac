"""What a condition remembers between two events, and what it answers to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.events import Event, EventKind

LATE_MS = 60_000
"""An event this much older than the newest one is history: it sets nothing off any more.

It is also how long evidence is remembered at least, so that an event told again is known."""

MAX_HITS = 100
"""Evidence kept by one condition; the oldest goes first. Bounds the state of a strange call."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One piece of evidence.

    Attributes:
        at_ms: when, since the call's start.
        cause_id: the event it comes from (`playbooks.events.event_id`).
        reason: the evidence in words that a person can check.
        stage: in a sequence, which part of it this was (0 is the first).
    """

    at_ms: int
    cause_id: str
    reason: str
    stage: int = 0

    def to_json(self) -> list[Any]:
        """As ``[at_ms, cause_id, reason, stage]``."""
        return [self.at_ms, self.cause_id, self.reason, self.stage]


NEVER = (-1, -1)
"""Before everything."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one condition remembers.

    Attributes:
        hits: evidence, oldest first.
        since_ms: since when a lasting condition (a mood, a queue) has held; ``None``: it does not.
        seen: ``(at_ms, number)`` of the newest value a lasting condition has been told; older
            ones are ignored.
    """

    hits: tuple[Hit, ...] = ()
    since_ms: int | None = None
    seen: tuple[int, int] = NEVER

    def to_json(self) -> list[Any]:
        """As ``[[hit, ...], since_ms, [at_ms, number]]``."""
        return [[hit.to_json() for hit in self.hits], self.since_ms, list(self.seen)]

    @classmethod
    def from_json(cls, value: Iterable[Any]) -> Memory:
        """Read what `to_json` wrote."""
        hits, since_ms, (at_ms, number) = value
        memory = cls(tuple(Hit(*hit) for hit in hits), since_ms, (at_ms, number))
        return BLANK if memory == BLANK else memory

    def with_hit(self, hit: Hit) -> Memory:
        """Remember one more piece of evidence."""
        hits = sorted((*self.hits, hit), key=lambda h: (h.at_ms, h.cause_id, h.stage))
        return Memory(tuple(hits[-MAX_HITS:]))

    def aged(self, *, clock: int, keep_ms: int) -> Memory:
        """Forget evidence that is older than both ``keep_ms`` and `LATE_MS`."""
        oldest = clock - max(keep_ms, LATE_MS)
        if not self.hits or self.hits[0].at_ms >= oldest:
            return self
        hits = tuple(hit for hit in self.hits if hit.at_ms >= oldest)
        return Memory(hits) if hits else BLANK


BLANK = Memory()


@dataclass(frozen=True, slots=True)
class Moment:
    """One event as the conditions see it.

    Attributes:
        now: when the event happened, ms since the call's start.
        clock: the newest ``now`` so far: what "the last 30 seconds" are counted back from.
        language: what reasons are written in.
    """

    event: Event
    kind: EventKind
    now: int
    clock: int
    language: Language = Language.KOREAN

    @property
    def too_late(self) -> bool:
        """The event is history (see `LATE_MS`)."""
        return self.now < self.clock - LATE_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition's answer.

    Attributes:
        true: it holds.
        fresh: this very event brought new evidence for it.
        hits: the evidence it rests on.
    """

    true: bool
    fresh: bool = False
    hits: tuple[Hit, ...] = ()


UNTRUE = Verdict(true=False)
