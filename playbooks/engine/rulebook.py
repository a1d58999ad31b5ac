"""A library of playbooks made ready for calls: who has to look at which event, and the budget.

Most events concern few playbooks. A line of transcript is looked through once for the phrases of
all of them, which names the playbooks that have to search it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from detectors.utterance import TranscriptLine
from playbooks.conditions.phrase_condition import PhraseCondition
from playbooks.events import EventKind
from playbooks.text.line_pieces import join_pieces
from playbooks.text.phrase_index import PhraseIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbooks.alert import AlertLevel
    from playbooks.conditions.condition import Leaf
    from playbooks.engine.state import PlaybookState
    from playbooks.events import Event
    from playbooks.playbook import Playbook
    from playbooks.text.phrases import Phrases

INSTANT_EVENT_KINDS = frozenset({EventKind.LINE, EventKind.READING, EventKind.TURN})
"""Events that are over when they are told: who notices nothing in them learns nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class LeafRef:
    """A condition that looks at events itself, and the place in the book of its playbook."""

    index: int
    leaf: Leaf


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook(Sequence["Playbook"]):
    """Playbooks in id order, and the most alerts a call may have of a level.

    Attributes:
        budget: alerts per call and level; a level that is not in it has no limit.
    """

    playbooks: tuple[Playbook, ...]
    budget: Mapping[AlertLevel, int] = field(default_factory=dict)
    _leaves_by_kind: Mapping[EventKind, tuple[LeafRef, ...]] = field(init=False, repr=False)
    _phrase_index: PhraseIndex[LeafRef] = field(init=False, repr=False)
    _index_by_id: Mapping[str, int] = field(init=False, repr=False)
    _event_kinds: tuple[frozenset[EventKind], ...] = field(init=False, repr=False)
    _revisit_after_ms: tuple[int, ...] = field(init=False, repr=False)
    _superseded_by: Mapping[str, tuple[Playbook, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        playbooks = tuple(sorted(self.playbooks, key=lambda playbook: playbook.playbook_id))
        leaves_by_kind: defaultdict[EventKind, list[LeafRef]] = defaultdict(list)
        phrase_leaves: list[tuple[Phrases, LeafRef]] = []
        superseded_by: defaultdict[str, list[Playbook]] = defaultdict(list)
        for index, playbook in enumerate(playbooks):
            for kind, leaves in playbook.leaves_by_kind.items():
                for leaf in leaves:
                    if kind is EventKind.LINE and isinstance(leaf, PhraseCondition):
                        phrase_leaves.append((leaf.phrases, LeafRef(index, leaf)))
                    else:
                        leaves_by_kind[kind].append(LeafRef(index, leaf))
            for name in playbook.supersedes:
                superseded_by[name].append(playbook)
        derived_fields = {
            "playbooks": playbooks,
            "_leaves_by_kind": {kind: tuple(entries) for kind, entries in leaves_by_kind.items()},
            "_phrase_index": PhraseIndex(tuple(phrase_leaves)),
            "_index_by_id": {
                playbook.playbook_id: index for index, playbook in enumerate(playbooks)
            },
            "_event_kinds": tuple(frozenset(playbook.leaves_by_kind) for playbook in playbooks),
            "_revisit_after_ms": tuple(map(_compute_revisit_ms, playbooks)),
            "_superseded_by": {name: tuple(entries) for name, entries in superseded_by.items()},
        }
        for name, value in derived_fields.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.playbooks)

    def __iter__(self) -> Iterator[Playbook]:
        return iter(self.playbooks)

    @overload
    def __getitem__(self, place: int) -> Playbook: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Playbook, ...]: ...

    def __getitem__(self, place: int | slice) -> Playbook | tuple[Playbook, ...]:
        return self.playbooks[place]

    def has_playbook(self, playbook_id: str) -> bool:
        """Whether a playbook of this name is in it."""
        return playbook_id in self._index_by_id

    def superseded_by(self, playbook_id: str) -> tuple[Playbook, ...]:
        """The playbooks that supersede this one."""
        return self._superseded_by.get(playbook_id, ())

    def find_affected(
        self, event: Event, kind: EventKind, *, now: int, states: Mapping[str, PlaybookState]
    ) -> list[Playbook]:
        """The playbooks whose mind this event may change, in id order.

        Those in which something notices the event, and of those that remember something: the
        ones that time alone can change, that follow a mood, or that may forget by now.

        Args:
            event: what happened.
            kind: of it.
            now: when, ms since the call's start.
            states: of the call, by playbook id.
        """
        indexes = set()
        for name, state in states.items():
            index = self._index_by_id.get(name) if state.memories else None
            if index is None or kind not in self._event_kinds[index]:
                continue
            revisit_after_ms = self._revisit_after_ms[index]
            if (
                kind not in INSTANT_EVENT_KINDS
                or revisit_after_ms < 0
                or now - state.clock > revisit_after_ms
            ):
                indexes.add(index)
        for leaf_ref in self._find_leaves(event, kind):
            if leaf_ref.index not in indexes and leaf_ref.leaf.may_match(event):
                indexes.add(leaf_ref.index)
        return [self.playbooks[index] for index in sorted(indexes)]

    def _find_leaves(self, event: Event, kind: EventKind) -> Iterable[LeafRef]:
        leaf_refs = self._leaves_by_kind.get(kind, ())
        if not isinstance(event, TranscriptLine):
            return leaf_refs
        texts = (event.text, *join_pieces(event))
        return (
            *leaf_refs,
            *(ref for text in texts for ref in self._phrase_index.find_owners(text)),
        )


def _compute_revisit_ms(playbook: Playbook) -> int:
    """For how long it need not look at what nothing in it notices; -1: not at all."""
    return -1 if playbook.when.is_time_driven else playbook.when.retention_ms
