"""What an evaluation leaves to read: a Markdown page, and the pictures of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from detectors.evaluation.model_card import (
    MarkdownTable,
    ModelCard,
    format_ratio,
    format_ratio_with_interval,
)
from detectors.evaluation.plots import draw_confusion_matrix, draw_reliability_diagram
from detectors.evaluation.subgroups import build_group_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.evaluation.calibration import Bin
    from detectors.evaluation.subgroups import Group
    from detectors.evaluation.summary import EvaluationSummary

INTERVAL_NOTE = """\
In brackets: 95% intervals from 1,000 draws of whole speakers (of rows where no speaker is known);
with fewer than five speakers little more than the range between them. ECE and the gain in accuracy
at 80% coverage are of the reading as a call gets it, with all labels competing; the other figures
are of the labels that the group carries. A draw has fewer different rows, which adds to ECE: its
interval may lie above it."""


def build_report(
    title: str, licence: str, groups: Sequence[Group], *, command: str, plot_links: Sequence[str]
) -> ModelCard:
    """Put the page together; ``plot_links`` are links relative to it."""
    overall = groups[0].summary
    parts = [("Figures", f"{INTERVAL_NOTE}\n\n{build_group_table(groups)}")]
    if overall:
        parts.append(("Labels", str(build_label_table(overall))))
    if plot_links:
        images = "\n\n".join(f"![{link.rpartition('/')[2]}]({link})" for link in plot_links)
        parts.append(("Pictures", images))
    parts.append(("Made by", f"`{command}`"))
    summary = "What `callmood evaluate` measured on one manifest, written by that command."
    return ModelCard(title=title, summary=summary, licence=licence, sections=parts)


def build_label_table(summary: EvaluationSummary) -> MarkdownTable:
    """One row a label of the taxonomy that occurs."""
    metrics = summary.metrics
    rows = [
        (
            label,
            str(metrics.support[label]),
            format_ratio(metrics.recall[label]),
            format_ratio(metrics.f1[label]),
            format_ratio(metrics.auc[label]) if label in metrics.auc else "-",
        )
        for label in metrics.labels
    ]
    return MarkdownTable(("label", "items", "recall", "F1", "AUC"), rows)


def write_plots(folder: Path, name: str, groups: Sequence[Group]) -> list[Path]:
    """Write the pictures that these figures allow; where items carry several labels, none.

    Files are called ``<name>-confusion.svg`` and ``<name>-reliability.svg``.
    """
    overall = groups[0].summary
    svg_by_kind = {}
    if overall and overall.metrics.confusion:
        title = f"{name}: what is taken for what"
        metrics = overall.metrics
        svg_by_kind["confusion"] = draw_confusion_matrix(title, metrics.labels, metrics.confusion)
    if overall and overall.bins:
        diagram_groups = [
            group for group in groups if group.dimension in {"", "language"} and group.summary
        ]
        diagram_groups = diagram_groups[1:] if len(diagram_groups) == 2 else diagram_groups  # noqa: PLR2004 - one language: it is all
        title = f"{name}: is confidence what it says?"
        series = {
            group.name: _reliability_series(group.summary)
            for group in diagram_groups
            if group.summary
        }
        svg_by_kind["reliability"] = draw_reliability_diagram(title, series)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{name}-{kind}.svg": svg for kind, svg in svg_by_kind.items()}
    for path, svg in paths.items():
        path.write_text(svg, encoding="utf-8")
    return list(paths)


def _reliability_series(summary: EvaluationSummary) -> tuple[Sequence[Bin], str]:
    return (
        summary.bins,
        f"ECE {format_ratio_with_interval(summary.values['ece'], summary.intervals['ece'])}",
    )


def relative_links(paths: Sequence[Path], page_path: Path) -> list[str]:
    """Pictures as a page at ``page_path`` links them."""
    start = page_path.resolve().parent
    return [os.path.relpath(path.resolve(), start).replace(os.sep, "/") for path in paths]
