"""What the call's facts or its clock answer: conditions that narrow what others find."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from playbooks.conditions.condition import Condition, Leaf
from playbooks.conditions.memory import ALLOWED_LATENESS_MS

if TYPE_CHECKING:
    from playbooks.events import Event, EventKind


class NarrowingCondition(Condition, Leaf):
    """Never news, and nothing is remembered for it."""

    kinds: ClassVar[frozenset[EventKind]] = frozenset()
    __slots__ = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    def may_match(self, event: Event) -> bool:
        del event
        return False

    @property
    def is_trigger(self) -> bool:
        return False

    @property
    def is_instantaneous(self) -> bool:
        return False

    @property
    def is_start_only(self) -> bool:
        return False

    @property
    def retention_ms(self) -> int:
        return ALLOWED_LATENESS_MS

    def find_problem(self) -> tuple[str, str] | None:
        return None

    @property
    def short_name(self) -> str:
        return self.KEY
