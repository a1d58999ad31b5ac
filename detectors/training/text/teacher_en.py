"""The teacher of the English text model: n-grams and a sentence encoder's view, together.

Too large to be served; its out-of-fold opinions are what the small model learns from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.text.ngrams import ROWS
from detectors.training.text.student import Recipe, batches_of, strung, thinned

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.text.examples import Lines

FOLDS = 3
RECIPE = Recipe(width=32, epochs=3, rate=0.01, dropped=0.5)
HIDDEN = 256
RATE = 1e-3
"""Of the encoder's side; the embeddings of n-grams learn at the recipe's."""
SIZE = 256


class Blend(nn.Module):
    """Logits of labels: a sum of what n-grams say and what the encoder's numbers say."""

    def __init__(self, inputs: int, share: NDArray[np.float64]) -> None:
        """Begin with each label as frequent as it is: ``share [labels]``."""
        super().__init__()
        self.bag = nn.EmbeddingBag(ROWS, RECIPE.width, mode="sum")
        nn.init.normal_(self.bag.weight, 0.0, RECIPE.spread)
        self.heads = nn.Linear(RECIPE.width, share.size)
        self.encoder = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(inputs, HIDDEN),
            nn.GELU(),
            nn.Dropout(0.4),
            nn.Linear(HIDDEN, share.size),
        )
        with torch.no_grad():
            self.heads.bias.copy_(torch.from_numpy(np.log(share / (1 - share))))

    def forward(self, grams: tuple[Tensor, Tensor, Tensor], encoded: Tensor) -> Tensor:
        """Score lines, ``[lines, labels]``."""
        buckets, offsets, weights = grams
        said = self.heads(self.bag(buckets, offsets, per_sample_weights=weights))
        return torch.as_tensor(said + self.encoder(encoded))


def out_of_fold(
    lines: Lines,
    encoded: NDArray[np.float32],
    *,
    seed: int,
    begin: Callable[[int], Callable[[], None]],
) -> NDArray[np.float32]:
    """Score lines with teachers that did not learn from them, ``float32[lines, labels]``."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, FOLDS, len(lines.texts))
    logits = np.zeros(lines.truth.shape, dtype=np.float32)
    learnt = [np.flatnonzero(fold != held) for held in range(FOLDS)]
    step = begin(sum(RECIPE.epochs * (rows.size // RECIPE.batch) for rows in learnt))
    for held, rows in enumerate(learnt):
        blend = _fitted(lines, encoded, rows, rng, step)
        asked = np.flatnonzero(fold == held)
        logits[asked] = _scored(blend, lines, encoded, asked)
    return logits


def _fitted(
    lines: Lines,
    encoded: NDArray[np.float32],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    step: Callable[[], None],
) -> Blend:
    truth = torch.from_numpy(lines.truth.astype(np.float32))
    blend = Blend(encoded.shape[1], lines.truth[rows].mean(0).clip(1e-5, 1 - 1e-5))
    rates = [RECIPE.rate, RATE]
    grams_side = [*blend.bag.parameters(), *blend.heads.parameters()]
    sides = zip((grams_side, list(blend.encoder.parameters())), rates, strict=True)
    optimiser = torch.optim.Adam([{"params": side, "lr": rate} for side, rate in sides])
    batches = batches_of(rows.size, RECIPE, rng)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=len(batches), pct_start=0.1
    )
    for batch in batches:
        some = rows[batch]
        grams = strung([thinned(lines.grams[row], RECIPE.dropped, rng) for row in some])
        outputs = blend(grams, torch.from_numpy(encoded[some]))
        loss = nn.functional.binary_cross_entropy_with_logits(outputs, truth[some])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        step()
    return blend.eval()


def _scored(
    blend: Blend, lines: Lines, encoded: NDArray[np.float32], asked: NDArray[np.int64]
) -> NDArray[np.float32]:
    parts = []
    with torch.no_grad():
        for first in range(0, asked.size, SIZE):
            some = asked[first : first + SIZE]
            grams = strung([lines.grams[row] for row in some])
            parts.append(blend(grams, torch.from_numpy(encoded[some])).numpy())
    return np.concatenate(parts).astype(np.float32)
