"""What differs between the rules in force and those that are to follow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook
    from playbooks.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Changes:
    """From one library to the next.

    Attributes:
        changed: before and after, where the content or the version is another.
        budget: how many alerts a call may have is another.
        untested: new ones, and those of which anything at all, also a test, is another.
    """

    new: tuple[Playbook, ...] = ()
    changed: tuple[tuple[Playbook, Playbook], ...] = ()
    gone: tuple[Playbook, ...] = ()
    budget: bool = False
    untested: tuple[Playbook, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.budget)

    def __str__(self) -> str:
        parts = [_step(before, after) for before, after in self.changed]
        for what, playbooks in (("new", self.new), ("gone", self.gone)):
            if playbooks:
                parts.append(f"{what}: " + ", ".join(one.playbook_id for one in playbooks))
        parts += ["another budget"] if self.budget else []
        return "; ".join(parts) or "nothing changed"

    @property
    def same_version(self) -> tuple[Playbook, ...]:
        """Changed, but with the version of the rule in force.

        What a call remembers is kept under a version: two contents of one version would take
        each other's memories for their own, and nobody could say later which of them fired.
        """
        return tuple(new for old, new in self.changed if old.version == new.version)


def changes(before: Rulebook, after: Rulebook) -> Changes:
    """What is new, changed and gone in ``after``, in id order."""
    old = {one.playbook_id: one for one in before}
    new = {one.playbook_id: one for one in after}
    both = [(old[name], new[name]) for name in sorted(old.keys() & new.keys())]
    added = tuple(new[name] for name in sorted(new.keys() - old.keys()))
    return Changes(
        new=added,
        changed=tuple((was, now) for was, now in both if _differs(was, now)),
        gone=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        budget=before.budget != after.budget,
        untested=(*added, *(now for was, now in both if was != now)),
    )


def _differs(was: Playbook, now: Playbook) -> bool:
    if was.version != now.version:
        return True
    if was.content_hash and now.content_hash:
        return was.content_hash != now.content_hash
    return _content(was) != _content(now)


def _content(playbook: Playbook) -> Playbook:
    """Without what may change under one version: its tests."""
    return replace(playbook, cases=(), content_hash="")


def _step(before: Playbook, after: Playbook) -> str:
    return f"{after.playbook_id} {before.version} -> {after.version}"
