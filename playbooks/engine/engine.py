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
from playbooks.alert import Alert
from playbooks.conditions.call_facts import update_facts
from playbooks.conditions.memory import EMPTY_MEMORY, EvaluationContext, Match, Memory
from playbooks.engine.state import CallState, PlaybookState
from playbooks.engine.suppression import PlaybookAlert, find_unsuppressed
from playbooks.events import Event, EventKind, event_kind

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook
    from playbooks.playbook import Playbook


def advance(
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
    kind = event_kind(event)
    facts = update_facts(prior.facts, event)
    context = EvaluationContext(event, kind, now, max(prior.clock, now), facts)
    if facts is prior.facts and (kind is EventKind.MOOD or context.is_late):
        return prior, ()
    new_states: dict[str, PlaybookState] | None = None
    candidates: list[PlaybookAlert] = []
    for playbook in rulebook.find_affected(event, kind, now=now, states=prior.states):
        before = prior.state_for(playbook.playbook_id)
        state, alert = _evaluate_playbook(
            playbook, before, context, facts_changed=facts is not prior.facts
        )
        if state is not before:
            new_states = dict(prior.states) if new_states is None else new_states
            new_states[playbook.playbook_id] = state
        if alert is not None:
            candidates.append((playbook, alert))
    if new_states is not None and candidates:
        candidates = _apply_suppression(
            rulebook, prior, new_states, sorted(candidates, key=_urgency_key)
        )
    call_state = CallState(facts, context.clock, prior.states if new_states is None else new_states)
    return call_state, tuple(alert for _, alert in candidates)


def _evaluate_playbook(
    playbook: Playbook, prior: PlaybookState, context: EvaluationContext, *, facts_changed: bool
) -> tuple[PlaybookState, Alert | None]:
    """One playbook's mind. ``facts_changed``: the event told something of the call itself."""
    memories = prior.memories if prior.version == playbook.version else ()
    next_memories: list[Memory] = []
    match = playbook.when.evaluate(chain(memories, repeat(EMPTY_MEMORY)), context, next_memories)
    after = (
        tuple(next_memories) if any(memory is not EMPTY_MEMORY for memory in next_memories) else ()
    )
    if context.now <= prior.clock and not facts_changed and _is_unchanged(memories, after):
        return prior, None
    is_late = context.now < prior.clock  # it says nothing about how things stand now
    fires = _is_alert_due(match, prior, is_stale=is_late and not facts_changed)
    fires = fires and _may_fire(playbook, prior, context.now)
    if not (after or match.matched or prior.memories or prior.was_matched):
        return prior, None
    state = PlaybookState(
        version=playbook.version,
        memories=after,
        was_matched=prior.was_matched if is_late else match.matched,
        has_alerted=_already_alerted(
            prior, memories, after, fires=fires, is_matched=match.matched or is_late
        ),
        alert_count=prior.alert_count + fires,
        fired_at_ms=context.now if fires else prior.fired_at_ms,
        clock=max(prior.clock, context.now),
    )
    return state, _build_alert(playbook, state, context, match) if fires else None


def _is_alert_due(match: Match, prior: PlaybookState, *, is_stale: bool) -> bool:
    """Whether there is something to tell: new evidence, the time for it, or it still goes on.

    ``is_stale``: the event came late and tells nothing of the call: only new evidence counts.
    """
    if not match.matched or is_stale:
        return match.matched and match.is_new
    return match.is_new or not prior.was_matched or (match.continues and not prior.has_alerted)


def _is_unchanged(before: tuple[Memory, ...], after: tuple[Memory, ...]) -> bool:
    """Whether nothing was learnt; what grew too old to matter may be gone."""
    pairs = zip(before, after, strict=False)
    return len(before) >= len(after) and all(new.is_subset_of(old) for old, new in pairs)


def _already_alerted(
    prior: PlaybookState,
    before: tuple[Memory, ...],
    after: tuple[Memory, ...],
    *,
    fires: bool,
    is_matched: bool,
) -> bool:
    """Whether the stretch in which it holds has had its alert."""
    return is_matched and (fires or (prior.has_alerted and not _has_restarted(before, after)))


def _has_restarted(before: tuple[Memory, ...], after: tuple[Memory, ...]) -> bool:
    """Whether something that lasts ended and began anew, with no event in between."""
    return any(
        old.since_ms is not None and new.since_ms not in (None, old.since_ms)
        for old, new in zip(before, after, strict=False)
    )


def _may_fire(playbook: Playbook, prior: PlaybookState, now: int) -> bool:
    if prior.alert_count >= playbook.at_most:
        return False
    return prior.fired_at_ms is None or now - prior.fired_at_ms >= playbook.cooldown_ms


def _build_alert(
    playbook: Playbook, state: PlaybookState, context: EvaluationContext, match: Match
) -> Alert:
    rung = playbook.rung(state.alert_count)
    return Alert(
        call_id=context.event.call_id,
        playbook_id=playbook.playbook_id,
        playbook_version=playbook.version,
        level=rung.level,
        at_ms=state.fired_at_ms or 0,
        step=state.alert_count,
        title=rung.title,
        suggestion=rung.suggestion,
        actions=rung.actions,
        sensitive=playbook.sensitive,
        why=playbook.why,
        language=context.language,
        reasons=tuple(dict.fromkeys(hit.reason for hit in match.hits if hit.reason)),
        cause_ids=tuple(
            dict.fromkeys(cause_id for hit in match.hits for cause_id in hit.cause_ids if cause_id)
        ),
    )


def _apply_suppression(
    rulebook: Rulebook,
    prior: CallState,
    new_states: dict[str, PlaybookState],
    candidates: list[PlaybookAlert],
) -> list[PlaybookAlert]:
    """Leave out what is withheld, and let its states forget that it fired."""
    unsuppressed = find_unsuppressed(rulebook, prior, candidates)
    for playbook, _ in candidates:
        name = playbook.playbook_id
        if name not in unsuppressed:
            before = prior.state_for(name)
            new_states[name] = replace(
                new_states[name],
                has_alerted=False,
                alert_count=before.alert_count,
                fired_at_ms=before.fired_at_ms,
            )
    return [candidate for candidate in candidates if candidate[0].playbook_id in unsuppressed]


def _urgency_key(candidate: PlaybookAlert) -> tuple[int, int, str]:
    playbook, alert = candidate
    return -alert.level.rank, -playbook.priority, playbook.playbook_id
