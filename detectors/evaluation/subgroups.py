"""The same figures for everybody and for each group: who is read worse than others?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.evaluation.model_card import Table, ratio_within
from detectors.evaluation.summary import NAMES, Figures, figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.evaluation.scored_item import Judged

DIMENSIONS = ("language", "sex", "age")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the items, and what is said of them.

    Attributes:
        by: one of `DIMENSIONS`; empty for all items together.
        name: which group, e.g. ``ko``, ``F``, ``50+``; `UNKNOWN` where the manifest tells none.
        items: all that were read and count, with or without a label.
        answered_ratio: share of those on which the detector did not abstain, 0-1.
        figures: of the labelled ones; ``None`` if there are none.
    """

    by: str
    name: str
    items: int
    answered_ratio: float
    figures: Figures | None

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file."""
        found = self.figures.as_json() if self.figures else {}
        return {
            "by": self.by, "name": self.name, "read": self.items,
            "read_answered_ratio": self.answered_ratio, **found,
        }  # fmt: skip


def groups(judged: Sequence[Judged], labels: Sequence[str], *, several: bool) -> list[Group]:
    """Measure all items, then those of each language, sex and age group.

    A dimension of which the manifest tells nothing is left out.
    """
    kept = [item for item in judged if item.read and item.counted]
    result = [_group("", "all", kept, figures(kept, labels, several=several))]
    for by in DIMENSIONS:
        told = {getattr(item.voice, by) for item in kept}
        for value in sorted(told, key=lambda value: (not value, value)) if any(told) else ():
            some = [item for item in kept if getattr(item.voice, by) == value]
            same = len(some) == len(kept)  # measured already
            found = result[0].figures if same else figures(some, labels, several=several)
            result.append(_group(by, value or UNKNOWN, some, found))
    return result


def _group(by: str, name: str, items: Sequence[Judged], found: Figures | None) -> Group:
    answered = sum(not item.abstained for item in items)
    return Group(by, name, len(items), answered / max(1, len(items)), found)


def table(found: Sequence[Group]) -> Table:
    """One row a group, each figure with its interval, as the model cards have it."""
    known = [group.figures for group in found if group.figures]
    columns = [name for name in NAMES if any(name in each.values for each in known)]
    header = ("group", "items", "speakers", *(NAMES[name] for name in columns))
    return Table(header, [_row(group, columns) for group in found])


def _row(group: Group, columns: Sequence[str]) -> tuple[str, ...]:
    name = f"{group.by} {group.name}" if group.by else group.name
    if group.figures is None:
        blank = [f"{group.answered_ratio:.2f}" if c == "answered_ratio" else "-" for c in columns]
        return name, f"{group.items} without a label", "-", *blank
    found = group.figures
    cells = [
        ratio_within(found.values[c], found.intervals[c]) if c in found.values else "-"
        for c in columns
    ]
    return name, str(found.measured.items), str(found.speakers or "-"), *cells
