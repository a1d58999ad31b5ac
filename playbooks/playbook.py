"""The playbook: what supervisors write. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from detectors.utterance import Language
    from playbooks.alert import Action, AlertLevel
    from playbooks.conditions.condition import Condition, Leaf
    from playbooks.events import EventKind
    from playbooks.sensitivity import SensitivityKind
    from playbooks.test_case import PlaybookTestCase


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolStep:
    """One thing that the agent may do or read out.

    Attributes:
        text: per language.
        do: what it is in the protocol; ``None``: advice that nobody confirms.
    """

    text: Mapping[Language, str]
    do: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of a ladder: what the n-th alert of a call says.

    Attributes:
        title: per language.
        steps: what the agent may do or read out, in order.
    """

    level: AlertLevel
    title: Mapping[Language, str]
    steps: tuple[ProtocolStep, ...]

    @property
    def suggestion(self) -> dict[Language, tuple[str, ...]]:
        """Per language, the texts of the steps."""
        languages = self.steps[0].text if self.steps else {}
        return {lang: tuple(step.text[lang] for step in self.steps) for lang in languages}

    @property
    def actions(self) -> tuple[Action | None, ...]:
        """What each step is in the protocol."""
        return tuple(step.do for step in self.steps)


@dataclass(frozen=True, slots=True)
class PlaybookLocation:
    """Where a playbook was read.

    Attributes:
        line: of its version, from 1.
    """

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """One page of the manual: when it opens, and what it says.

    Attributes:
        version: 1 or more; a changed rule takes the next one.
        why: per language, the reason for the rule as the agent reads it.
        owner: who answers for it.
        rungs: what the first, second, ... alert of a call says; the last one repeats. A
            playbook without a ladder has one.
        cooldown_ms: least time between two of its alerts in a call, 1000 or more.
        at_most: alerts per call.
        sensitive: the kind of sensitive customer that its alerts speak of; ``None``: of none.
        content_hash: of everything that decides when it fires and what it says; a version has one.
        priority: among alerts of one level at one event, the higher comes first.
        supersedes: playbooks that stay quiet at the event where this one fires, and until
            its cooldown is over.
        cases: its own tests.
        location: where it was read; ``None``: it was made otherwise.
    """

    playbook_id: str
    version: int
    owner: str
    title: Mapping[Language, str]
    why: Mapping[Language, str]
    when: Condition
    rungs: tuple[Rung, ...]
    cooldown_ms: int = 60_000
    at_most: int = 3
    priority: int = 0
    sensitive: SensitivityKind | None = None
    content_hash: str = ""
    supersedes: frozenset[str] = frozenset()
    cases: tuple[PlaybookTestCase, ...] = field(default=(), repr=False)
    location: PlaybookLocation | None = field(default=None, repr=False, compare=False)
    leaves_by_kind: Mapping[EventKind, tuple[Leaf, ...]] = field(
        init=False, repr=False, compare=False
    )
    """The kinds of event it looks at, and what looks."""

    def __post_init__(self) -> None:
        leaves_by_kind: dict[EventKind, tuple[Leaf, ...]] = {}
        for leaf in self.when.leaves:
            for kind in leaf.kinds:
                leaves_by_kind[kind] = (*leaves_by_kind.get(kind, ()), leaf)
        object.__setattr__(self, "leaves_by_kind", leaves_by_kind)

    @property
    def level(self) -> AlertLevel:
        """The level of its first alert."""
        return self.rungs[0].level

    @property
    def suggestion(self) -> Mapping[Language, tuple[str, ...]]:
        """What its first alert suggests."""
        return self.rungs[0].suggestion

    def rung(self, number: int) -> Rung:
        """What the ``number``-th alert of a call (from 1) says."""
        return self.rungs[min(number, len(self.rungs)) - 1]
