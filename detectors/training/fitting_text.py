"""Fitting the text model: an embedding of hashed n-grams, summed, under one linear layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.text.ngrams import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.text_examples import Grams, Lines


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was found to work on the validation rows.

    Attributes:
        dropped: share of n-grams left out at random in training: no word may decide alone.
        per_label: weight of the labels' loss beside the reviews'.
    """

    width: int = 24
    epochs: int = 4
    batch: int = 64
    rate: float = 0.01
    spread: float = 0.02
    dropped: float = 0.5
    per_label: float = 4.0


class Bag(nn.Module):
    """Weighted sum of embeddings, then a linear layer: ``[lines, outputs]`` logits."""

    def __init__(self, recipe: Recipe, start: NDArray[np.float64]) -> None:
        """Begin with the logits ``start [outputs]`` whatever the line."""
        super().__init__()
        self.table = nn.EmbeddingBag(ROWS, recipe.width, mode="sum")
        nn.init.normal_(self.table.weight, 0.0, recipe.spread)
        self.heads = nn.Linear(recipe.width, start.size)
        with torch.no_grad():
            self.heads.bias.copy_(torch.from_numpy(start))

    def forward(self, buckets: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        """Score lines given one after the other; line i starts at ``offsets[i]``."""
        return torch.as_tensor(self.heads(self.table(buckets, offsets, per_sample_weights=weights)))


def fitted(
    lines: Lines,
    reviews: Lines | None,
    *,
    recipe: Recipe,
    seed: int,
    begin: Callable[[int], Callable[[], None]],
) -> Bag:
    """Fit labels and, as a last output, the polarity of reviews (0 without any)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    labels = lines.truth.shape[1]
    share = lines.truth.mean(0).clip(1e-4, 1 - 1e-4)
    bag = Bag(recipe, np.append(np.log(share / (1 - share)), 0.0))
    grams = [*lines.grams, *(reviews.grams if reviews else ())]
    truth, counted = _targets(lines, reviews, recipe)
    total = recipe.epochs * (len(grams) // recipe.batch)
    optimiser = torch.optim.Adam(bag.parameters(), lr=recipe.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=total, pct_start=0.1
    )
    step = begin(total)
    for rows in _batches(len(grams), recipe, rng):
        outputs = bag(*_joined([_thinned(grams[row], recipe.dropped, rng) for row in rows]))
        losses = nn.functional.binary_cross_entropy_with_logits(
            outputs, truth[rows], weight=counted[rows], reduction="sum"
        )
        optimiser.zero_grad()
        (losses / (labels * recipe.batch)).backward()
        optimiser.step()
        schedule.step()
        step()
    return bag.eval()


def scored(bag: Bag, grams: Sequence[Grams]) -> NDArray[np.float32]:
    """Give the logits of lines, ``float32[lines, outputs]``."""
    size = 256
    with torch.no_grad():
        parts = [bag(*_joined(grams[i : i + size])) for i in range(0, len(grams), size)]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _targets(lines: Lines, reviews: Lines | None, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """Labels beside polarity, and how much each cell counts (0: not known of this row)."""
    labels = lines.truth.shape[1]
    more = len(reviews.grams) if reviews else 0
    truth = np.zeros((len(lines.grams) + more, labels + 1), dtype=np.float32)
    counted = np.zeros_like(truth)
    truth[: len(lines.grams), :labels] = lines.truth
    counted[: len(lines.grams), :labels] = recipe.per_label
    if reviews:
        truth[len(lines.grams) :, labels:] = reviews.truth
        counted[len(lines.grams) :, labels] = labels
    return torch.from_numpy(truth), torch.from_numpy(counted)


def _batches(rows: int, recipe: Recipe, rng: np.random.Generator) -> Sequence[NDArray[np.int64]]:
    batches = rows // recipe.batch
    return [
        part
        for _ in range(recipe.epochs)
        for part in rng.permutation(rows)[: batches * recipe.batch].reshape(batches, -1)
    ]


def _thinned(grams: Grams, share: float, rng: np.random.Generator) -> Grams:
    buckets, weights = grams
    kept = rng.random(buckets.size) >= share
    return buckets[kept], weights[kept] / np.float32(1 - share)


def _joined(grams: Sequence[Grams]) -> tuple[Tensor, Tensor, Tensor]:
    sizes = [buckets.size for buckets, _ in grams]
    return (
        torch.from_numpy(np.concatenate([buckets for buckets, _ in grams])),
        torch.from_numpy(np.cumsum([0, *sizes[:-1]])),
        torch.from_numpy(np.concatenate([weights for _, weights in grams])),
    )
