"""The same figures for everybody and for each group: who is read worse than others?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.evaluation.model_card import MarkdownTable, format_ratio_with_interval
from detectors.evaluation.summary import METRIC_NAMES, EvaluationSummary, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.evaluation.scored_item import ScoredItem

DIMENSIONS = ("language", "sex", "age")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the items, and what is said of them.

    Attributes:
        dimension: one of `DIMENSIONS`; empty for all items together.
        name: which group, e.g. ``ko``, ``F``, ``50+``; `UNKNOWN` where the manifest tells none.
        items: all that were read and count, with or without a label.
        answered_ratio: share of those on which the detector did not abstain, 0-1.
        summary: of the labelled ones; ``None`` if there are none.
    """

    dimension: str
    name: str
    items: int
    answered_ratio: float
    summary: EvaluationSummary | None

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file."""
        summary = self.summary.as_json() if self.summary else {}
        return {
            "by": self.dimension, "name": self.name, "read": self.items,
            "read_answered_ratio": self.answered_ratio, **summary,
        }  # fmt: skip


def measure_groups(
    items: Sequence[ScoredItem], labels: Sequence[str], *, multi_label: bool
) -> list[Group]:
    """Measure all items, then those of each language, sex and age group.

    A dimension of which the manifest tells nothing is left out.
    """
    measured_items = [item for item in items if item.is_readable and item.is_measured]
    result = [
        _measure_group(
            "", "all", measured_items, summarise(measured_items, labels, multi_label=multi_label)
        )
    ]
    for dimension in DIMENSIONS:
        values = {getattr(item.speaker, dimension) for item in measured_items}
        for value in sorted(values, key=lambda value: (not value, value)) if any(values) else ():
            members = [item for item in measured_items if getattr(item.speaker, dimension) == value]
            covers_all = len(members) == len(measured_items)  # measured already
            summary = (
                result[0].summary
                if covers_all
                else summarise(members, labels, multi_label=multi_label)
            )
            result.append(_measure_group(dimension, value or UNKNOWN, members, summary))
    return result


def _measure_group(
    dimension: str, name: str, items: Sequence[ScoredItem], summary: EvaluationSummary | None
) -> Group:
    answered = sum(not item.abstained for item in items)
    return Group(dimension, name, len(items), answered / max(1, len(items)), summary)


def build_group_table(groups: Sequence[Group]) -> MarkdownTable:
    """One row a group, each figure with its interval, as the model cards have it."""
    summaries = [group.summary for group in groups if group.summary]
    columns = [
        name for name in METRIC_NAMES if any(name in summary.values for summary in summaries)
    ]
    header = ("group", "items", "speakers", *(METRIC_NAMES[name] for name in columns))
    return MarkdownTable(header, [_table_row(group, columns) for group in groups])


def _table_row(group: Group, columns: Sequence[str]) -> tuple[str, ...]:
    name = f"{group.dimension} {group.name}" if group.dimension else group.name
    if group.summary is None:
        blank = [f"{group.answered_ratio:.2f}" if c == "answered_ratio" else "-" for c in columns]
        return name, f"{group.items} without a label", "-", *blank
    summary = group.summary
    cells = [
        format_ratio_with_interval(summary.values[c], summary.intervals[c])
        if c in summary.values
        else "-"
        for c in columns
    ]
    return name, str(summary.metrics.items), str(summary.speakers or "-"), *cells
