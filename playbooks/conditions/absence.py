"""What should have come by now, and has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import TranscriptLine, Turn
from playbooks.conditions import explanations
from playbooks.conditions.memory import MAX_HITS, UNTRUE, Hit, Memory, Moment, Verdict
from playbooks.conditions.operators import as_of_now, leaves_of, news_of
from playbooks.events import EventKind, event_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.base import Condition, Leaf
    from playbooks.events import Event

_AWAITED, _CAME = 0, 1
"""Stages of what `Missing` remembers: since when something is awaited, and that it came."""


@dataclass(frozen=True, slots=True)
class Missing:
    """``part`` has not come within ``within_ms`` of ``after``; ``None``: of the call's start.

    True from the first event behind that time until the part comes after all.
    """

    part: Condition
    after: Condition | None
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        parts = (self.part,) if self.after is None else (self.part, self.after)
        return (*leaves_of(parts), Passing(-1 if self.after else self.within_ms))

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.base.Condition.judge`."""
        memory = next(past)
        place = len(kept)
        kept.append(memory)
        came = news_of(self.part.judge(past, as_of_now(moment), kept), memory, moment, stage=_CAME)
        awaited = None
        if self.after is not None:
            verdict = self.after.judge(past, as_of_now(moment), kept)
            awaited = news_of(verdict, memory, moment, stage=_AWAITED)
        elif not memory.hits:
            awaited = Hit(0, "", "", _AWAITED)
        hits = [*memory.hits, *(hit for hit in (came, awaited) if hit)]
        clock = moment.clock
        waiting = self._waiting(hits, clock)
        since = self._since(memory, waiting, moment)
        kept[place] = Memory(_pruned(hits, clock), since)
        if since is None:
            return UNTRUE
        fresh = since == clock == moment.now
        return Verdict(true=True, fresh=fresh, hits=self._evidence(waiting, moment))

    def _waiting(self, hits: list[Hit], now: int) -> list[Hit]:
        """What has been waited for in vain, as known before this millisecond."""
        came = max((h.at_ms for h in hits if h.stage == _CAME and h.at_ms < now), default=-1)
        return [h for h in hits if h.stage == _AWAITED and came < h.at_ms < now]

    def _since(self, memory: Memory, waiting: list[Hit], moment: Moment) -> int | None:
        if not any(h.at_ms + self.within_ms < moment.clock for h in waiting):
            return None
        if memory.since_ms is not None:
            return memory.since_ms
        # An event from before the newest one cannot say that something did not come by now.
        return moment.clock if moment.now == moment.clock else None

    def _evidence(self, waiting: list[Hit], moment: Moment) -> tuple[Hit, ...]:
        reason = explanations.not_heard(self.within_ms, moment.language)
        return (*(h for h in waiting[:1] if h.reason), Hit(moment.clock, "", reason))


@dataclass(frozen=True, slots=True)
class Passing:
    """Time passes: whoever speaks or is silent, moves the clock.

    Attributes:
        due_ms: only from here on is it worth a look though nothing is remembered; -1: never.
    """

    due_ms: int
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LINE, EventKind.TURN})

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.base.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.base.Leaf.notices`."""
        moves = isinstance(event, TranscriptLine | Turn)
        return moves and 0 <= self.due_ms < event_time(event)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """Never asked: `Missing` answers."""
        del past, moment, kept
        return UNTRUE


def _pruned(hits: list[Hit], now: int) -> tuple[Hit, ...]:
    """Without what can never matter again: waits that ended, all but the newest answer."""
    came = max((h.at_ms for h in hits if h.stage == _CAME and h.at_ms < now), default=-1)
    useful = [h for h in hits if h.at_ms >= now or h.at_ms >= came]
    useful.sort(key=lambda h: (h.at_ms, h.stage, h.cause_id))
    return tuple(useful[:MAX_HITS])
