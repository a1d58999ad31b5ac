"""What playbooks remember of a call from one event to the next. Frozen, and JSON at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playbooks.conditions.call_facts import UNKNOWN_FACTS, Facts
from playbooks.conditions.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PlaybookState:
    """What one playbook remembers of one call.

    Attributes:
        version: of the playbook that made the memories; another version starts them afresh,
            and keeps what was fired.
        memories: of its conditions, in the order in which they are written; empty where
            there is nothing to remember.
        was_matched: ``when`` was true when it was last looked at.
        has_alerted: the present stretch in which ``when`` holds has had its alert.
        alert_count: alerts so far.
        fired_at_ms: when the last of them fired.
        clock: the newest event it has looked at, ms since the call's start.
    """

    version: int = 0
    memories: tuple[Memory, ...] = ()
    was_matched: bool = False
    has_alerted: bool = False
    alert_count: int = 0
    fired_at_ms: int | None = None
    clock: int = -1

    def to_json(self) -> dict[str, Any]:
        """A small dict of JSON types: what is as it was at the start of a call is left out."""
        value = {
            "version": self.version,
            "memories": [memory.to_json() for memory in self.memories],
            "held": self.was_matched,
            "told": self.has_alerted,
            "fired": self.alert_count,
            "fired_at_ms": self.fired_at_ms,
        }
        nonempty = {key: part for key, part in value.items() if part}
        return nonempty if self.clock < 0 else nonempty | {"clock": self.clock}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PlaybookState:
        """Read what `to_json` wrote.

        Raises:
            ValueError, TypeError: it is something else.
        """
        alert_count = value.get("fired", 0)
        return cls(
            version=value.get("version", 0),
            memories=tuple(Memory.from_json(memory) for memory in value.get("memories", ())),
            was_matched=value.get("held", False),
            has_alerted=value.get("told", False),
            alert_count=alert_count,
            fired_at_ms=value.get("fired_at_ms", 0) if alert_count else None,
            clock=value.get("clock", -1),
        )


INITIAL_PLAYBOOK_STATE = PlaybookState()
"""A playbook's state at the start of a call."""


@dataclass(frozen=True, slots=True)
class CallState:
    """What a library remembers of one call.

    Attributes:
        facts: of the call itself.
        clock: the newest event so far, ms since the call's start.
        states: by playbook id; those that are not here are `INITIAL_PLAYBOOK_STATE`.
    """

    facts: Facts = UNKNOWN_FACTS
    clock: int = 0
    states: Mapping[str, PlaybookState] = field(default_factory=dict)

    def state_for(self, playbook_id: str) -> PlaybookState:
        """One playbook's."""
        return self.states.get(playbook_id, INITIAL_PLAYBOOK_STATE)

    def to_json(self) -> dict[str, Any]:
        """A small dict of JSON types."""
        return {
            "facts": self.facts.to_json(),
            "clock": self.clock,
            "states": {name: state.to_json() for name, state in self.states.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CallState:
        """Read what `to_json` wrote.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        states = {name: PlaybookState.from_json(state) for name, state in value["states"].items()}
        return cls(Facts.from_json(value["facts"]), value["clock"], states)


INITIAL_CALL_STATE = CallState()
"""The state at the start of a call."""
