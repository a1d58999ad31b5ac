"""A library of playbooks made ready for calls: who has to look at which event, and the budget.

Most events concern few playbooks. A line of transcript is taken apart once, and an index of the
pieces without which no phrase can be in it names the playbooks that have to search it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from detectors.utterance import TranscriptLine
from playbooks.conditions.event_based import Said
from playbooks.conditions.feasibility import moves_by_itself, remembered_ms
from playbooks.events import EventKind
from playbooks.text.phrases import heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbooks.conditions.base import Leaf
    from playbooks.engine.state import PlaybookState
    from playbooks.events import Event
    from playbooks.playbook import AlertLevel, Playbook

HAPPENING = frozenset({EventKind.LINE, EventKind.READING, EventKind.TURN})
"""Events that are over when they are told: who notices nothing in them learns nothing."""

Watcher = tuple[int, "Leaf"]
"""A playbook's place in the book, and what in it looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook(Sequence["Playbook"]):
    """Playbooks in id order, and the most alerts a call may have of a level.

    Attributes:
        budget: alerts per call and level; a level that is not in it has no limit.
    """

    playbooks: tuple[Playbook, ...]
    budget: Mapping[AlertLevel, int] = field(default_factory=dict)
    _watching: Mapping[EventKind, tuple[Watcher, ...]] = field(init=False, repr=False)
    _anchored: Mapping[str, tuple[Watcher, ...]] = field(init=False, repr=False)
    _places: Mapping[str, int] = field(init=False, repr=False)
    _kinds: tuple[frozenset[EventKind], ...] = field(init=False, repr=False)
    _restless: tuple[int, ...] = field(init=False, repr=False)
    _silencers: Mapping[str, tuple[Playbook, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        books = tuple(sorted(self.playbooks, key=lambda playbook: playbook.playbook_id))
        watching: defaultdict[EventKind, list[Watcher]] = defaultdict(list)
        anchored: defaultdict[str, list[Watcher]] = defaultdict(list)
        silencers: defaultdict[str, list[Playbook]] = defaultdict(list)
        for place, playbook in enumerate(books):
            for kind, leaves in playbook.watching.items():
                for leaf in leaves:
                    _index(leaf, kind, (place, leaf), watching, anchored)
            for name in playbook.supersedes:
                silencers[name].append(playbook)
        ready = {
            "playbooks": books,
            "_watching": {kind: tuple(found) for kind, found in watching.items()},
            "_anchored": {gram: tuple(found) for gram, found in anchored.items()},
            "_places": {playbook.playbook_id: place for place, playbook in enumerate(books)},
            "_kinds": tuple(frozenset(playbook.watching) for playbook in books),
            "_restless": tuple(map(_patience_ms, books)),
            "_silencers": {name: tuple(found) for name, found in silencers.items()},
        }
        for name, value in ready.items():
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

    def knows(self, playbook_id: str) -> bool:
        """Whether a playbook of this name is in it."""
        return playbook_id in self._places

    def silencers(self, playbook_id: str) -> tuple[Playbook, ...]:
        """The playbooks that supersede this one."""
        return self._silencers.get(playbook_id, ())

    def concerned(
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
        places = set()
        for name, state in states.items():
            place = self._places.get(name) if state.memories else None
            if place is None or kind not in self._kinds[place]:
                continue
            patience = self._restless[place]
            if kind not in HAPPENING or patience < 0 or now - state.clock > patience:
                places.add(place)
        for place, leaf in self._watchers(event, kind):
            if place not in places and leaf.notices(event):
                places.add(place)
        return [self.playbooks[place] for place in sorted(places)]

    def _watchers(self, event: Event, kind: EventKind) -> Iterable[Watcher]:
        watchers = self._watching.get(kind, ())
        if not isinstance(event, TranscriptLine):
            return watchers
        pieces = heard(event.text).grams & self._anchored.keys()
        return (*watchers, *(found for piece in sorted(pieces) for found in self._anchored[piece]))


def _patience_ms(playbook: Playbook) -> int:
    """For how long it need not look at what nothing in it notices; -1: not at all."""
    return -1 if moves_by_itself(playbook.when) else remembered_ms(playbook.when)


def _index(
    leaf: Leaf,
    kind: EventKind,
    watcher: Watcher,
    watching: defaultdict[EventKind, list[Watcher]],
    anchored: defaultdict[str, list[Watcher]],
) -> None:
    """Under the pieces of its phrases where it has only those, else under the kind of event."""
    if kind is EventKind.LINE and isinstance(leaf, Said) and leaf.phrases.anchors is not None:
        for anchor in leaf.phrases.anchors:
            anchored[anchor].append(watcher)
    else:
        watching[kind].append(watcher)
