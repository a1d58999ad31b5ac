"""What an evaluation leaves to read: a Markdown page, and the pictures of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from detectors.evaluation.model_card import Card, Table, ratio, ratio_within
from detectors.evaluation.plots import confusion, reliability_diagram
from detectors.evaluation.subgroups import table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.evaluation.calibration import Bin
    from detectors.evaluation.subgroups import Group
    from detectors.evaluation.summary import Figures

READING = """\
In brackets: 95% intervals from 1,000 draws of whole speakers (of rows where no speaker is known);
with fewer than five speakers little more than the range between them. ECE and the gain in accuracy
at 80% coverage are of the reading as a call gets it, with all labels competing; the other figures
are of the labels that the group carries. A draw has fewer different rows, which adds to ECE: its
interval may lie above it."""


def page(
    title: str, licence: str, found: Sequence[Group], *, command: str, pictures: Sequence[str]
) -> Card:
    """Put the page together; ``pictures`` are links relative to it."""
    whole = found[0].figures
    parts = [("Figures", f"{READING}\n\n{table(found)}")]
    if whole:
        parts.append(("Labels", str(label_table(whole))))
    if pictures:
        drawn = "\n\n".join(f"![{link.rpartition('/')[2]}]({link})" for link in pictures)
        parts.append(("Pictures", drawn))
    parts.append(("Made by", f"`{command}`"))
    summary = "What `callmood evaluate` measured on one manifest, written by that command."
    return Card(title=title, summary=summary, licence=licence, parts=parts)


def label_table(found: Figures) -> Table:
    """One row a label of the taxonomy that occurs."""
    measured = found.measured
    rows = [
        (
            label,
            str(measured.support[label]),
            ratio(measured.recall[label]),
            ratio(measured.f1[label]),
            ratio(measured.auc[label]) if label in measured.auc else "-",
        )
        for label in measured.labels
    ]
    return Table(("label", "items", "recall", "F1", "AUC"), rows)


def draw(folder: Path, name: str, found: Sequence[Group]) -> list[Path]:
    """Write the pictures that these figures allow; where items carry several labels, none.

    Files are called ``<name>-confusion.svg`` and ``<name>-reliability.svg``.
    """
    whole = found[0].figures
    texts = {}
    if whole and whole.measured.confusion:
        title = f"{name}: what is taken for what"
        measured = whole.measured
        texts["confusion"] = confusion(title, measured.labels, measured.confusion)
    if whole and whole.bins:
        shown = [group for group in found if group.by in {"", "language"} and group.figures]
        shown = shown[1:] if len(shown) == 2 else shown  # noqa: PLR2004 - one language: it is all
        title = f"{name}: is confidence what it says?"
        series = {group.name: _line(group.figures) for group in shown if group.figures}
        texts["reliability"] = reliability_diagram(title, series)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{name}-{kind}.svg": text for kind, text in texts.items()}
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return list(paths)


def _line(found: Figures) -> tuple[Sequence[Bin], str]:
    return found.bins, f"ECE {ratio_within(found.values['ece'], found.intervals['ece'])}"


def links(paths: Sequence[Path], page_path: Path) -> list[str]:
    """Pictures as a page at ``page_path`` links them."""
    start = page_path.resolve().parent
    return [os.path.relpath(path.resolve(), start).replace(os.sep, "/") for path in paths]
