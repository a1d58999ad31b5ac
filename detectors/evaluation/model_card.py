"""Model cards: what a model is, what it was made from, what it can and cannot do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.evaluation.bootstrap import Interval


@dataclass(frozen=True, slots=True)
class MarkdownTable:
    """Figures with their header row."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __str__(self) -> str:
        """Write it as Markdown."""
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The parts of a model card; every part is Markdown."""

    title: str
    summary: str
    licence: str
    sections: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        """Write it as Markdown."""
        text = [f"# {self.title}", self.summary, f"**Licence.** {self.licence}"]
        for heading, body in self.sections:
            text += [f"## {heading}", body]
        return "\n\n".join(text)

    def write(self, path: Path) -> None:
        """Write the card as one Markdown file."""
        path.write_text(f"{self}\n", encoding="utf-8")


def format_ratio(value: float) -> str:
    """Format a proportion with three decimals."""
    return f"{value:.3f}".removeprefix("0")


def format_ratio_with_interval(value: float, interval: Interval) -> str:
    """Format a proportion with its interval: ``.83 [.78, .88]``; a dash if undefined."""
    if math.isnan(value):
        return "-"
    if not interval.is_defined:
        return _format_short_ratio(value)
    low, high = _format_short_ratio(interval.low), _format_short_ratio(interval.high)
    return f"{_format_short_ratio(value)} [{low}, {high}]"


def _format_short_ratio(value: float) -> str:
    text = f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"
    return ".00" if text == "-.00" else text
