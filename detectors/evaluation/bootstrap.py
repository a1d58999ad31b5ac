"""How sure is a figure? Percentile intervals from resampled speakers. Pure numpy.

Clips of one speaker are alike, so they are not independent evidence: whole speakers are drawn
with replacement (the cluster bootstrap; Davison and Hinkley, Bootstrap Methods, 1997, 3.8), and
the figure is taken anew of each draw. A draw is a weight for every row: how often it was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Figure = Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """``weights [draws, rows]`` -> the figure of each draw ``[draws]``, NaN where undefined."""

DRAWS = 1_000
LEVEL = 0.95
FEWEST_UNITS = 2
"""One speaker drawn with replacement is that speaker: nothing would be learnt."""

_AT_ONCE = 100
"""Draws whose weights are held at once: 100 x 2,500 rows are 2 MB, about a core's cache."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the figure lies in `LEVEL` of the draws.

    Attributes:
        low, high: in the figure's unit; NaN where there is one unit only, or no draw was usable.
        skipped_ratio: share of draws in which the figure was undefined, 0-1: a draw without
            the speakers of a label has no recall of it. Above a few percent the interval
            speaks of the luckier draws only.
    """

    low: float
    high: float
    skipped_ratio: float = 0.0

    @property
    def known(self) -> bool:
        """Whether there is an interval at all."""
        return not np.isnan(self.low)


UNKNOWN = Interval(float("nan"), float("nan"), 1.0)


def interval(
    units: Sequence[str | None], figure: Figure, *, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Draw ``units`` with replacement and tell where ``figure`` falls.

    For the difference of two models on the same rows, let ``figure`` be the difference: both then
    see the same draws.

    Args:
        units: for each row its speaker; rows with ``None`` or an empty name stand for themselves.
        figure: see `Figure`; the ready ones are in `detectors.evaluation.weighted_metrics`.
        draws: how many resamples.
        seed: same seed, same interval; the order of rows with a named speaker does not matter.
    """
    which, count = _numbered(units)
    if count < FEWEST_UNITS:
        return UNKNOWN
    rng = np.random.default_rng(seed)
    parts = [figure(times[:, which]) for times in _drawn(count, draws, rng)]
    values = np.concatenate(parts)
    usable = values[~np.isnan(values)]
    if not usable.size:
        return UNKNOWN
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    return Interval(float(low), float(high), 1 - usable.size / draws)


def point(rows: int, figure: Figure) -> float:
    """The figure of all rows as they are, each once."""
    return float(figure(np.ones((1, rows)))[0])


def _numbered(units: Sequence[str | None]) -> tuple[NDArray[np.int64], int]:
    """Number the units, named ones by their order in the alphabet: ``int64[rows]``, how many."""
    names = {name: number for number, name in enumerate(sorted({u for u in units if u}))}
    nameless = iter(range(len(names), len(names) + len(units)))
    which = np.array([names[unit] if unit else next(nameless) for unit in units], dtype=np.int64)
    return which, len(names) + sum(not unit for unit in units)


def _drawn(units: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """How often each unit was drawn, ``float64[draws, units]`` in parts."""
    for start in range(0, draws, _AT_ONCE):
        size = min(_AT_ONCE, draws - start)
        yield rng.multinomial(units, np.full(units, 1 / units), size=size).astype(np.float64)
