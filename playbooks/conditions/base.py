"""What every condition of a playbook can do.

`event_based` ones are true at the event that shows them, `state_based` ones until something shows
otherwise, `absence` is what has not come in time, and `operators` join them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.conditions.memory import EvaluationContext, Match, Memory
    from playbooks.events import Event, EventKind


class Condition(Protocol):
    """One node of a playbook's ``when``."""

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The conditions below it that look at events themselves; itself where it does."""
        ...

    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """Take the moment in and answer.

        Takes its own memory (if it has one) and its parts' from ``past``, and appends what is
        to be remembered to ``next_memories``, always in the same order. Pure apart from that.
        """
        ...


class Leaf(Condition, Protocol):
    """A condition that looks at events of some kinds (of none: only at the time or the facts)."""

    kinds: ClassVar[frozenset[EventKind]]

    def may_match(self, event: Event) -> bool:
        """With nothing remembered, this event may matter. Cheap: most events do not."""
        ...
