"""The engine: a state and an event in, a state and alerts out. Time is an argument.

Pure: no clock, no disk, no randomness. The same events give the same alerts, an event told
twice changes nothing, and a state may be written down and read back between any two events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language, TranscriptLine
from playbooks.events import CallStarted, Event, EventKind, kind_of
from playbooks.memory import BLANK, Memory, Moment, Verdict
from playbooks.playbook import Alert, Playbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class PlaybookState:
    """What one playbook remembers of one call.

    Attributes:
        version: of the playbook that made the memories; another version starts them afresh,
            and keeps what was fired.
        memories: of its conditions, in the order in which they are written; empty where
            there is nothing to remember.
        told: the present stretch in which ``when`` holds has had its alert.
        fired: alerts so far.
        fired_at_ms: when the last of them fired.
        clock: the newest event it has looked at, ms since the call's start. Until something
            is remembered, it looks at nothing.
        language: of the call, once its start was told.
    """

    version: int = 0
    memories: tuple[Memory, ...] = ()
    told: bool = False
    fired: int = 0
    fired_at_ms: int | None = None
    clock: int = 0
    language: Language | None = None

    def to_json(self) -> dict[str, Any]:
        """A small dict of JSON types: what is as it was at the start of a call is left out."""
        value = {
            "version": self.version,
            "memories": [memory.to_json() for memory in self.memories],
            "told": self.told,
            "fired": self.fired,
            "fired_at_ms": self.fired_at_ms,
            "clock": self.clock,
            "language": self.language and self.language.value,
        }
        return {key: part for key, part in value.items() if part}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PlaybookState:
        """Read what `to_json` wrote.

        Raises:
            ValueError, TypeError: it is something else.
        """
        fired = value.get("fired", 0)
        language = value.get("language")
        return cls(
            version=value.get("version", 0),
            memories=tuple(Memory.from_json(memory) for memory in value.get("memories", ())),
            told=value.get("told", False),
            fired=fired,
            fired_at_ms=value.get("fired_at_ms", 0) if fired else None,
            clock=value.get("clock", 0),
            language=language and Language(language),
        )


NEW = PlaybookState()
"""The state at the start of a call."""


def step(
    playbook: Playbook,
    prior: PlaybookState,
    event: Event,
    *,
    now: int,
) -> tuple[PlaybookState, tuple[Alert, ...]]:
    """Take one event in.

    A playbook looks only at the kinds of event that its conditions name. It fires when its
    ``when`` becomes true, or is still true and this event brought new evidence; never inside
    its cooldown, never more than ``at_most`` times. If ``when`` becomes true inside the
    cooldown and still holds at an event behind it, it fires then.

    Args:
        playbook: the rule.
        prior: its state so far; `NEW` at the start.
        event: what happened.
        now: when, in ms since the call's start (`playbooks.events.event_time`).

    Returns:
        The next state, and at most one alert.
    """
    kind = kind_of(event)
    if not _concerns(playbook, prior, event, kind):
        return prior, ()
    return _looked_at(playbook, prior, event, kind=kind, now=now)


def step_all(
    playbooks: Iterable[Playbook],
    states: Mapping[str, PlaybookState],
    event: Event,
    *,
    now: int,
) -> tuple[dict[str, PlaybookState], tuple[Alert, ...]]:
    """Take one event through a library.

    Args:
        playbooks: the library.
        states: the call's states by playbook id; missing ones are `NEW`.
        event: what happened.
        now: when, in ms since the call's start.

    Returns:
        All states of the call, and the alerts: most severe first, then by priority.
    """
    playbooks = tuple(playbooks)
    after = dict(states)
    fired: list[tuple[Playbook, Alert]] = []
    kind = kind_of(event)
    for playbook in playbooks:
        name = playbook.playbook_id
        prior = states.get(name, NEW)
        if _concerns(playbook, prior, event, kind):
            after[name], alerts = _looked_at(playbook, prior, event, kind=kind, now=now)
            fired += [(playbook, alert) for alert in alerts]
    if fired:
        fired = _without_superseded(playbooks, states, after, fired)
    return after, tuple(alert for _, alert in sorted(fired, key=_urgency))


def _concerns(playbook: Playbook, prior: PlaybookState, event: Event, kind: EventKind) -> bool:
    """Whether this event can change anything; most cannot, and cost next to nothing.

    A condition that needs something to happen is false while nothing is remembered and
    nothing is noticed: `playbooks.loading` loads no other conditions.
    """
    leaves = playbook.watching.get(kind)
    if leaves is None or (isinstance(event, TranscriptLine) and not event.final):
        return False
    if prior.memories or kind is EventKind.CALL:
        return True
    return any(leaf.notices(event) for leaf in leaves)


def _looked_at(
    playbook: Playbook,
    prior: PlaybookState,
    event: Event,
    *,
    kind: EventKind,
    now: int,
) -> tuple[PlaybookState, tuple[Alert, ...]]:
    clock = max(prior.clock, now)
    language = event.language if isinstance(event, CallStarted) else prior.language
    memories = prior.memories if prior.version == playbook.version else ()
    kept: list[Memory] = []
    moment = Moment(event, kind, now, clock, language or _spoken(event))
    verdict = playbook.when.judge(chain(memories, repeat(BLANK)), moment, kept)
    after = tuple(kept) if any(memory is not BLANK for memory in kept) else ()
    if (playbook.version, after, clock, language) == _known(prior):
        return prior, ()
    fires = verdict.true and (verdict.fresh or not prior.told) and _may_fire(playbook, prior, now)
    state = PlaybookState(
        version=playbook.version,
        memories=after,
        told=verdict.true and (fires or prior.told),
        fired=prior.fired + fires,
        fired_at_ms=now if fires else prior.fired_at_ms,
        clock=clock,
        language=language,
    )
    return state, (_alert(playbook, state, event, verdict),) if fires else ()


def _known(state: PlaybookState) -> tuple[int, tuple[Memory, ...], int, Language | None]:
    """All that events can change. Where none of it changes, the event was told before."""
    return state.version, state.memories, state.clock, state.language


def _spoken(event: Event) -> Language:
    """The best guess at the language of a call whose start was not told."""
    return event.language if isinstance(event, TranscriptLine) else Language.KOREAN


def _may_fire(playbook: Playbook, prior: PlaybookState, now: int) -> bool:
    if prior.fired >= playbook.at_most:
        return False
    return prior.fired_at_ms is None or now - prior.fired_at_ms >= playbook.cooldown_ms


def _alert(playbook: Playbook, state: PlaybookState, event: Event, verdict: Verdict) -> Alert:
    rung = playbook.rung(state.fired)
    return Alert(
        call_id=event.call_id,
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
        reasons=tuple(dict.fromkeys(hit.reason for hit in verdict.hits if hit.reason)),
        cause_ids=tuple(dict.fromkeys(hit.cause_id for hit in verdict.hits if hit.cause_id)),
    )


def _without_superseded(
    playbooks: tuple[Playbook, ...],
    before: Mapping[str, PlaybookState],
    after: dict[str, PlaybookState],
    fired: list[tuple[Playbook, Alert]],
) -> list[tuple[Playbook, Alert]]:
    """Withhold alerts whose page another, weightier one covers. Their states forget them."""
    shown, known = [], dict(after)
    for playbook, alert in fired:
        if not _is_superseded(playbook, alert, playbooks, known):
            shown.append((playbook, alert))
            continue
        prior, name = before.get(playbook.playbook_id, NEW), playbook.playbook_id
        after[name] = replace(
            after[name], told=False, fired=prior.fired, fired_at_ms=prior.fired_at_ms
        )
    return shown


def _is_superseded(
    playbook: Playbook,
    alert: Alert,
    playbooks: tuple[Playbook, ...],
    after: Mapping[str, PlaybookState],
) -> bool:
    for other in playbooks:
        if playbook.playbook_id in other.supersedes:
            fired_at = after.get(other.playbook_id, NEW).fired_at_ms
            if fired_at is not None and alert.at_ms - fired_at < other.cooldown_ms:
                return True
    return False


def _urgency(fired: tuple[Playbook, Alert]) -> tuple[int, int, str]:
    playbook, alert = fired
    return -alert.level.rank, -playbook.priority, playbook.playbook_id
