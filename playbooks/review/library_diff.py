"""What differs between the rules in force and those that are to follow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook
    from playbooks.playbook import Playbook


@dataclass(frozen=True, slots=True)
class RulebookDiff:
    """From one library to the next.

    Attributes:
        changed: before and after, where the content or the version is another.
        is_budget_changed: how many alerts a call may have is another.
        untested: new ones, and those of which anything at all, also a test, is another.
    """

    added: tuple[Playbook, ...] = ()
    changed: tuple[tuple[Playbook, Playbook], ...] = ()
    removed: tuple[Playbook, ...] = ()
    is_budget_changed: bool = False
    untested: tuple[Playbook, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.is_budget_changed)

    def __str__(self) -> str:
        parts = [_format_version_change(before, after) for before, after in self.changed]
        for label, playbooks in (("new", self.added), ("gone", self.removed)):
            if playbooks:
                parts.append(
                    f"{label}: " + ", ".join(playbook.playbook_id for playbook in playbooks)
                )
        parts += ["another budget"] if self.is_budget_changed else []
        return "; ".join(parts) or "nothing changed"

    @property
    def same_version(self) -> tuple[Playbook, ...]:
        """Changed, but with the version of the rule in force.

        What a call remembers is kept under a version: two contents of one version would take
        each other's memories for their own, and nobody could say later which of them fired.
        """
        return tuple(new for old, new in self.changed if old.version == new.version)


def diff_rulebooks(before: Rulebook, after: Rulebook) -> RulebookDiff:
    """What is new, changed and gone in ``after``, in id order."""
    old = {playbook.playbook_id: playbook for playbook in before}
    new = {playbook.playbook_id: playbook for playbook in after}
    common = [(old[name], new[name]) for name in sorted(old.keys() & new.keys())]
    added = tuple(new[name] for name in sorted(new.keys() - old.keys()))
    return RulebookDiff(
        added=added,
        changed=tuple((was, now) for was, now in common if _has_changed(was, now)),
        removed=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        is_budget_changed=before.budget != after.budget,
        untested=(*added, *(now for was, now in common if was != now)),
    )


def _has_changed(was: Playbook, now: Playbook) -> bool:
    if was.version != now.version:
        return True
    if was.content_hash and now.content_hash:
        return was.content_hash != now.content_hash
    return _strip_tests(was) != _strip_tests(now)


def _strip_tests(playbook: Playbook) -> Playbook:
    """Without what may change under one version: its tests."""
    return replace(playbook, cases=(), content_hash="")


def _format_version_change(before: Playbook, after: Playbook) -> str:
    return f"{after.playbook_id} {before.version} -> {after.version}"
