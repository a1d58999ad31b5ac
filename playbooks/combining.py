"""Joining conditions: all, any, not, count in a window, one after the other, and missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import TranscriptLine, Turn
from playbooks import reasons
from playbooks.events import EventKind, event_id, event_time
from playbooks.memory import MAX_HITS, UNTRUE, Hit, Memory, Moment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbooks.conditions import Condition, Leaf
    from playbooks.events import Event


def _leaves(parts: Iterable[Condition]) -> tuple[Leaf, ...]:
    return tuple(leaf for part in parts for leaf in part.leaves)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        verdicts = [part.judge(past, moment, kept) for part in self.parts]
        if not all(verdict.true for verdict in verdicts):
            return UNTRUE
        return _joined(verdicts)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        verdicts = [part.judge(past, moment, kept) for part in self.parts]
        true = [verdict for verdict in verdicts if verdict.true]
        return _joined(true) if true else UNTRUE


@dataclass(frozen=True, slots=True)
class Not:
    """The part did not hold before this millisecond. Brings no evidence, and is never news."""

    part: Condition

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        return Verdict(not self.part.judge(past, moment.denied, kept).true)


@dataclass(frozen=True, slots=True)
class Count:
    """The part brought new evidence in ``at_least`` milliseconds within ``within_ms``.

    A line and the reading of it are complete in the same millisecond, and count once.
    """

    part: Condition
    at_least: int
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return self.part.leaves

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        hit = _news(self.part.judge(past, _asked(moment), kept), memory, moment)
        if hit:
            memory = memory.with_hit(hit)
            kept[place] = memory
        latest = moment.now - 1 if moment.before else moment.clock
        since = moment.clock - self.within_ms
        recent = tuple(h for h in memory.hits if since < h.at_ms <= latest)
        if len({h.at_ms for h in recent}) < self.at_least:
            return UNTRUE
        return Verdict(true=True, fresh=hit is not None, hits=recent)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The parts brought new evidence one after the other, all within ``within_ms``.

    True in the millisecond that completes the chain. Two parts in the same millisecond are not
    one after the other: their order would be an accident.
    """

    parts: tuple[Condition, ...]
    within_ms: int

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """See `playbooks.conditions.Condition.leaves`."""
        return _leaves(self.parts)

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        memory = next(past).aged(clock=moment.clock, keep_ms=self.within_ms)
        place = len(kept)
        kept.append(memory)
        news = False
        for stage, part in enumerate(self.parts):
            hit = _news(part.judge(past, _asked(moment), kept), memory, moment, stage=stage)
            if hit:
                news = True
                memory = memory.with_hit(hit)
        kept[place] = memory
        if moment.before or not any(h.at_ms == moment.now for h in memory.hits):
            return UNTRUE
        chain = self._chain(memory.hits, moment.now)
        return Verdict(true=True, fresh=news, hits=chain) if chain else UNTRUE

    def _chain(self, hits: tuple[Hit, ...], now: int) -> tuple[Hit, ...]:
        """The complete chain that ends now: backwards, always the latest hit."""
        chain: tuple[Hit, ...] = ()
        for stage in range(len(self.parts) - 1, -1, -1):
            fitting = [h for h in hits if h.stage == stage and _follows(h, chain, now)]
            if not fitting:
                return ()
            chain = (fitting[-1], *chain)
        return chain if now - chain[0].at_ms <= self.within_ms else ()


def _follows(hit: Hit, chain: tuple[Hit, ...], now: int) -> bool:
    return hit.at_ms < chain[0].at_ms if chain else hit.at_ms == now


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
        """See `playbooks.conditions.Condition.leaves`."""
        parts = (self.part,) if self.after is None else (self.part, self.after)
        return (*_leaves(parts), Passing(-1 if self.after else self.within_ms))

    def judge(self, past: Iterator[Memory], moment: Moment, kept: list[Memory]) -> Verdict:
        """See `playbooks.conditions.Condition.judge`."""
        memory = next(past)
        place = len(kept)
        kept.append(memory)
        came = _news(self.part.judge(past, _asked(moment), kept), memory, moment, stage=_CAME)
        awaited = None
        if self.after is not None:
            verdict = self.after.judge(past, _asked(moment), kept)
            awaited = _news(verdict, memory, moment, stage=_AWAITED)
        elif not memory.hits:
            awaited = Hit(0, "", "", _AWAITED)
        hits = [*memory.hits, *(hit for hit in (came, awaited) if hit)]
        clock = moment.clock
        waiting = self._waiting(hits, clock)
        since = self._since(memory, waiting, clock)
        kept[place] = Memory(_pruned(hits, clock), since)
        if since is None:
            return UNTRUE
        fresh = since == clock == moment.now
        return Verdict(true=True, fresh=fresh, hits=self._evidence(waiting, moment))

    def _waiting(self, hits: list[Hit], now: int) -> list[Hit]:
        """What has been waited for in vain, as known before this millisecond."""
        came = max((h.at_ms for h in hits if h.stage == _CAME and h.at_ms < now), default=-1)
        return [h for h in hits if h.stage == _AWAITED and came < h.at_ms < now]

    def _since(self, memory: Memory, waiting: list[Hit], now: int) -> int | None:
        if not any(h.at_ms + self.within_ms < now for h in waiting):
            return None
        return now if memory.since_ms is None else memory.since_ms

    def _evidence(self, waiting: list[Hit], moment: Moment) -> tuple[Hit, ...]:
        reason = reasons.not_heard(self.within_ms, moment.language)
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
        """See `playbooks.conditions.Condition.leaves`."""
        return (self,)

    def notices(self, event: Event) -> bool:
        """See `playbooks.conditions.Leaf.notices`."""
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


def _asked(moment: Moment) -> Moment:
    """What counts as news is asked as of now, below a ``not`` too."""
    if not moment.before:
        return moment
    return Moment(moment.event, moment.kind, moment.now, moment.clock, moment.facts)


def _news(verdict: Verdict, memory: Memory, moment: Moment, *, stage: int = 0) -> Hit | None:
    """The part's new evidence as one hit, unless this event is known already."""
    if not (verdict.true and verdict.fresh):
        return None
    cause_id = event_id(moment.event)
    if memory.knows(cause_id, stage=stage):
        return None
    reason = verdict.hits[-1].reason if verdict.hits else ""
    return Hit(moment.now, cause_id, reason, stage)


def _joined(verdicts: list[Verdict]) -> Verdict:
    hits = tuple(hit for verdict in verdicts for hit in verdict.hits)
    fresh = any(verdict.fresh for verdict in verdicts)
    return Verdict(true=True, fresh=fresh, again=any(v.again for v in verdicts), hits=hits)
