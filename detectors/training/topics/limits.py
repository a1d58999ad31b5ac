"""Where topics are named, and where words of a list do not make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.theme_lines import THEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.corpora.theme_lines import ThemeLine

DANGERS = ("self_harm", "threat", "sexual_harassment")
"""Here a missed line is dearer than a false alarm."""

ALLOWED_LOOK_ALIKE_RATIO = 0.02
ALLOWED_DANGER_RATIO = 0.05
"""Share of a topic's look-alikes that may lie above its threshold."""

ALLOWED_CORPUS_RATIO = 1e-4
ALLOWED_DANGER_CORPUS_RATIO = 2e-4
ALLOWED_ABUSE_CORPUS_RATIO = 2e-3
"""Share of lines without a topic that may: all must hold. Some comments do insult somebody."""

ALLOWED_ORDINARY_RATIO = 0.0
"""Share of lines of ordinary calls that may: none of those that are there."""

VETO_RATIO = 0.01
"""Share of a topic's lines that may lie below its veto."""


@dataclass(frozen=True, slots=True)
class TopicLimits:
    """Where topics are named, settled on lines that a model was not fitted to.

    Attributes:
        thresholds: logits from which a topic is named.
        vetoes: logits below which words of a list do not make a line one of the topic.
    """

    thresholds: list[float]
    vetoes: list[float]


def find_limits(
    lines: Sequence[ThemeLine],
    logits: NDArray[np.float32],
    topicless: NDArray[np.float32],
    ordinary: NDArray[np.float32],
) -> TopicLimits:
    """Find thresholds and vetoes.

    Args:
        lines: written for a theme.
        logits: ``float32[lines, topics]`` of a model that was not fitted to the line; NaN for a
            line that settles nothing.
        topicless: likewise of lines of corpora without a topic.
        ordinary: likewise of lines of ordinary calls.
    """
    is_expected = np.array([line.is_expected for line in lines])
    themes = np.array([line.theme for line in lines])
    thresholds, vetoes = [], []
    for column, theme in enumerate(THEMES):
        rows = (themes == theme) & ~np.isnan(logits[:, column])
        look_alikes = logits[rows & ~is_expected, column]
        expected = logits[rows & is_expected, column]
        threshold = max(
            _upper_quantile(topicless[:, column], _allowed_corpus_ratio(theme)),
            _upper_quantile(ordinary[:, column], ALLOWED_ORDINARY_RATIO),
            _upper_quantile(
                look_alikes, ALLOWED_DANGER_RATIO if theme in DANGERS else ALLOWED_LOOK_ALIKE_RATIO
            ),
        )
        thresholds.append(round(threshold, 3))
        veto = float(np.quantile(expected, VETO_RATIO)) if expected.size else threshold
        vetoes.append(round(min(veto, threshold), 3))
    return TopicLimits(thresholds, vetoes)


def _allowed_corpus_ratio(theme: str) -> float:
    if theme == "abuse":
        return ALLOWED_ABUSE_CORPUS_RATIO
    return ALLOWED_DANGER_CORPUS_RATIO if theme in DANGERS else ALLOWED_CORPUS_RATIO


def _upper_quantile(values: NDArray[np.float32], ratio: float) -> float:
    if not values.size:
        return 0.0
    allowed = int(values.size * ratio)
    return float(np.sort(values)[::-1][allowed]) + 1e-3
