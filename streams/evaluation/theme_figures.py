"""Recall and false alarms, per theme and language, with intervals over the writers' lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.evaluation.bootstrap import Interval, bootstrap_interval
from detectors.evaluation.weighted_metrics import accuracy
from streams.evaluation.themes import PLAYBOOKS_BY_THEME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from detectors.corpora.theme_lines import ThemeLine
    from streams.evaluation.line_playback import LineOutcome

ALL = "all"
"""Stands for every theme, or both languages."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many lines, and where the share lies in 95% of the draws.

    Attributes:
        interval: of the share, 0-1; the draws are of lines.
    """

    hits: int
    lines: int
    interval: Interval

    @property
    def ratio(self) -> float:
        """0-1; NaN where there is no line."""
        return self.hits / self.lines if self.lines else float("nan")

    def as_json(self) -> dict[str, Any]:
        """A dict of JSON types."""
        low, high = self.interval.low, self.interval.high
        limits = [low, high] if self.interval.is_defined else None
        return {"hits": self.hits, "lines": self.lines, "interval": limits}


@dataclass(frozen=True, slots=True)
class ThemeFigures:
    """What a theme's playbooks found in one language.

    Attributes:
        recall: lines of the theme on which one of its playbooks fired.
        false_alarms: look-alikes on which one did.
        safety_alarms: look-alikes on which any alert of `SAFETY_KINDS` came.
    """

    theme: str
    language: str
    recall: Share
    false_alarms: Share
    safety_alarms: Share

    def as_json(self) -> dict[str, Any]:
        """A dict of JSON types."""
        shares = {
            "recall": self.recall,
            "false_alarms": self.false_alarms,
            "safety_alarms": self.safety_alarms,
        }
        figures = {name: share.as_json() for name, share in shares.items()}
        return {"theme": self.theme, "language": self.language, **figures}


def is_theme_found(line: ThemeLine, outcome: LineOutcome) -> bool:
    """Whether one of the playbooks of the line's theme fired."""
    return not outcome.playbook_ids.isdisjoint(PLAYBOOKS_BY_THEME[line.theme])


def is_wrong(line: ThemeLine, outcome: LineOutcome) -> bool:
    """A line of the theme that was not found, or a look-alike that was."""
    return is_theme_found(line, outcome) != line.is_expected


def measure_themes(
    lines: Sequence[ThemeLine], outcomes: Sequence[LineOutcome]
) -> list[ThemeFigures]:
    """Measure every theme and all of them, in each language and in both.

    Args:
        lines: of the themes.
        outcomes: what each brought, in the same order.
    """
    pairs = list(zip(lines, outcomes, strict=True))
    themes = [theme for theme in PLAYBOOKS_BY_THEME if any(line.theme == theme for line in lines)]
    languages = sorted({str(line.language) for line in lines})
    return [
        _measure(theme, language, list(_select(pairs, theme, language)))
        for theme in (*themes, ALL)
        for language in (*languages, ALL)
    ]


def _select(
    pairs: Iterable[tuple[ThemeLine, LineOutcome]], theme: str, language: str
) -> Iterator[tuple[ThemeLine, LineOutcome]]:
    return (
        (line, outcome)
        for line, outcome in pairs
        if theme in (ALL, line.theme) and language in (ALL, line.language)
    )


def _measure(
    theme: str, language: str, pairs: Sequence[tuple[ThemeLine, LineOutcome]]
) -> ThemeFigures:
    positives = [(line, outcome) for line, outcome in pairs if line.is_expected]
    look_alikes = [(line, outcome) for line, outcome in pairs if not line.is_expected]
    return ThemeFigures(
        theme,
        language,
        recall=_share([(line.unit, is_theme_found(line, o)) for line, o in positives]),
        false_alarms=_share([(line.unit, is_theme_found(line, o)) for line, o in look_alikes]),
        safety_alarms=_share([(line.unit, o.has_safety_alert) for line, o in look_alikes]),
    )


def _share(rows: Sequence[tuple[str, bool]]) -> Share:
    units, hits = [unit for unit, _ in rows], np.array([hit for _, hit in rows], dtype=bool)
    return Share(int(hits.sum()), len(rows), bootstrap_interval(units, accuracy(hits)))
