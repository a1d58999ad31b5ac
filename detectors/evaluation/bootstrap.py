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

    WeightedMetric = Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """``weights [draws, rows]`` -> the figure of each draw ``[draws]``, NaN where undefined."""

DRAWS = 1_000
CONFIDENCE_LEVEL = 0.95
MIN_UNITS = 2
"""One speaker drawn with replacement is that speaker: nothing would be learnt."""

_DRAWS_PER_BATCH = 100
"""Draws whose weights are held at once: 100 x 2,500 rows are 2 MB, about a core's cache."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the figure lies in `CONFIDENCE_LEVEL` of the draws.

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
    def is_defined(self) -> bool:
        """Whether there is an interval: false with too few speakers."""
        return not np.isnan(self.low)


UNDEFINED = Interval(float("nan"), float("nan"), 1.0)


def bootstrap_interval(
    units: Sequence[str | None], metric: WeightedMetric, *, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Draw ``units`` with replacement and tell where ``metric`` falls.

    For the difference of two models on the same rows, let ``metric`` be the difference: both then
    see the same draws.

    Args:
        units: for each row its speaker; rows with ``None`` or an empty name stand for themselves.
        metric: see `WeightedMetric`; the ready ones are in `detectors.evaluation.weighted_metrics`.
        draws: how many resamples.
        seed: same seed, same interval; the order of rows with a named speaker does not matter.
    """
    unit_index, unit_count = _number_units(units)
    if unit_count < MIN_UNITS:
        return UNDEFINED
    rng = np.random.default_rng(seed)
    parts = [metric(weights[:, unit_index]) for weights in _draw_weights(unit_count, draws, rng)]
    values = np.concatenate(parts)
    usable = values[~np.isnan(values)]
    if not usable.size:
        return UNDEFINED
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    return Interval(float(low), float(high), 1 - usable.size / draws)


def point_estimate(rows: int, metric: WeightedMetric) -> float:
    """The metric of all rows, each counted once; ``rows`` is their number."""
    return float(metric(np.ones((1, rows)))[0])


def _number_units(units: Sequence[str | None]) -> tuple[NDArray[np.int64], int]:
    """Number the units, named ones by their order in the alphabet: ``int64[rows]``, how many."""
    names = {name: number for number, name in enumerate(sorted({u for u in units if u}))}
    spare_numbers = iter(range(len(names), len(names) + len(units)))
    unit_index = np.array(
        [names[unit] if unit else next(spare_numbers) for unit in units], dtype=np.int64
    )
    return unit_index, len(names) + sum(not unit for unit in units)


def _draw_weights(
    units: int, draws: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """How often each unit was drawn, ``float64[draws, units]`` in parts."""
    for start in range(0, draws, _DRAWS_PER_BATCH):
        size = min(_DRAWS_PER_BATCH, draws - start)
        yield rng.multinomial(units, np.full(units, 1 / units), size=size).astype(np.float64)
