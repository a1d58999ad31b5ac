"""The engine: a state and an event in, a state and alerts out. Time is an argument.

Pure: no clock, no disk, no randomness. The same events give the same alerts, an event told
twice changes nothing, the order of events within one millisecond does not matter, and a state
may be written down and read back between any two events.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat
from typing import TYPE_CHECKING

from detectors.utterance import TranscriptLine
from playbooks.conditions.call_facts import learnt
from playbooks.conditions.memory import BLANK, Memory, Moment, Verdict
from playbooks.engine.state import CallState, PlaybookState
from playbooks.engine.suppression import Fired, told
from playbooks.events import Event, EventKind, kind_of
from playbooks.playbook import Alert, Playbook

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook


def step(
    rulebook: Rulebook, prior: CallState, event: Event, *, now: int
) -> tuple[CallState, tuple[Alert, ...]]:
    """Take one event through a library.

    A playbook looks only at the kinds of event that its conditions name. It fires when its
    ``when`` becomes true, or is still true and this event brought new evidence; never inside
    its cooldown, never more than ``at_most`` times. If ``when`` becomes true inside the
    cooldown and a mood behind it says that it goes on, it fires then. A page that a weightier one
    supersedes, and alerts beyond the call's budget, are withheld: as if they had not fired.

    The call's start comes before everything else of its millisecond, and moods come in the
    order of their numbers. Otherwise the order inside a millisecond does not matter, but for
    one thing: what a weightier page would have kept quiet may have been told just before it.

    Args:
        rulebook: the library.
        prior: the call's state so far; `FRESH` at its start.
        event: what happened.
        now: when, in ms since the call's start (`playbooks.events.event_time`).

    Returns:
        The next state, and the alerts: the most severe first, then by priority.
    """
    if isinstance(event, TranscriptLine) and not event.final:
        return prior, ()
    kind = kind_of(event)
    facts = learnt(prior.facts, event)
    moment = Moment(event, kind, now, max(prior.clock, now), facts)
    if facts is prior.facts and (kind is EventKind.MOOD or moment.too_late):
        return prior, ()
    after: dict[str, PlaybookState] | None = None
    fired: list[Fired] = []
    for playbook in rulebook.concerned(event, kind, now=now, states=prior.states):
        before = prior.of(playbook.playbook_id)
        state, alert = _looked_at(playbook, before, moment, news=facts is not prior.facts)
        if state is not before:
            after = dict(prior.states) if after is None else after
            after[playbook.playbook_id] = state
        if alert is not None:
            fired.append((playbook, alert))
    if after is not None and fired:
        fired = _shown(rulebook, prior, after, sorted(fired, key=_urgency))
    call = CallState(facts, moment.clock, prior.states if after is None else after)
    return call, tuple(alert for _, alert in fired)


def _looked_at(
    playbook: Playbook, prior: PlaybookState, moment: Moment, *, news: bool
) -> tuple[PlaybookState, Alert | None]:
    """One playbook's mind. ``news``: the event told something of the call itself."""
    memories = prior.memories if prior.version == playbook.version else ()
    kept: list[Memory] = []
    verdict = playbook.when.judge(chain(memories, repeat(BLANK)), moment, kept)
    after = tuple(kept) if any(memory is not BLANK for memory in kept) else ()
    if moment.now <= prior.clock and not news and _is_old_news(memories, after):
        return prior, None
    late = moment.now < prior.clock  # it says nothing about how things stand now
    fires = _is_news(verdict, prior, stale=late and not news)
    fires = fires and _may_fire(playbook, prior, moment.now)
    if not (after or verdict.true or prior.memories or prior.held):
        return prior, None
    state = PlaybookState(
        version=playbook.version,
        memories=after,
        held=prior.held if late else verdict.true,
        told=_told(prior, memories, after, fires=fires, true=verdict.true or late),
        fired=prior.fired + fires,
        fired_at_ms=moment.now if fires else prior.fired_at_ms,
        clock=max(prior.clock, moment.now),
    )
    return state, _alert(playbook, state, moment, verdict) if fires else None


def _is_news(verdict: Verdict, prior: PlaybookState, *, stale: bool) -> bool:
    """Whether there is something to tell: new evidence, the time for it, or it still goes on.

    ``stale``: the event came late and tells nothing of the call: only new evidence counts.
    """
    if not verdict.true or stale:
        return verdict.true and verdict.fresh
    return verdict.fresh or not prior.held or (verdict.again and not prior.told)


def _is_old_news(before: tuple[Memory, ...], after: tuple[Memory, ...]) -> bool:
    """Whether nothing was learnt; what grew too old to matter may be gone."""
    pairs = zip(before, after, strict=False)
    return len(before) >= len(after) and all(new.adds_nothing_to(old) for old, new in pairs)


def _told(
    prior: PlaybookState,
    before: tuple[Memory, ...],
    after: tuple[Memory, ...],
    *,
    fires: bool,
    true: bool,
) -> bool:
    """Whether the stretch in which it holds has had its alert."""
    return true and (fires or (prior.told and not _began_again(before, after)))


def _began_again(before: tuple[Memory, ...], after: tuple[Memory, ...]) -> bool:
    """Whether something that lasts ended and began anew, with no event in between."""
    return any(
        old.since_ms is not None and new.since_ms not in (None, old.since_ms)
        for old, new in zip(before, after, strict=False)
    )


def _may_fire(playbook: Playbook, prior: PlaybookState, now: int) -> bool:
    if prior.fired >= playbook.at_most:
        return False
    return prior.fired_at_ms is None or now - prior.fired_at_ms >= playbook.cooldown_ms


def _alert(playbook: Playbook, state: PlaybookState, moment: Moment, verdict: Verdict) -> Alert:
    rung = playbook.rung(state.fired)
    return Alert(
        call_id=moment.event.call_id,
        playbook_id=playbook.playbook_id,
        playbook_version=playbook.version,
        level=rung.level,
        at_ms=state.fired_at_ms or 0,
        step=state.fired,
        title=rung.title,
        suggestion=rung.suggestion,
        actions=rung.actions,
        sensitive=playbook.sensitive,
        why=playbook.why,
        language=moment.language,
        reasons=tuple(dict.fromkeys(hit.reason for hit in verdict.hits if hit.reason)),
        cause_ids=tuple(dict.fromkeys(hit.cause_id for hit in verdict.hits if hit.cause_id)),
    )


def _shown(
    rulebook: Rulebook, prior: CallState, after: dict[str, PlaybookState], fired: list[Fired]
) -> list[Fired]:
    """Leave out what is withheld, and let its states forget that it fired."""
    shown = told(rulebook, prior, fired)
    for playbook, _ in fired:
        name = playbook.playbook_id
        if name not in shown:
            before = prior.of(name)
            after[name] = replace(
                after[name], told=False, fired=before.fired, fired_at_ms=before.fired_at_ms
            )
    return [one for one in fired if one[0].playbook_id in shown]


def _urgency(fired: Fired) -> tuple[int, int, str]:
    playbook, alert = fired
    return -alert.level.rank, -playbook.priority, playbook.playbook_id
