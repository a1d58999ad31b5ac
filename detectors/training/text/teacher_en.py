"""The teacher of the English text model: n-grams and a sentence encoder's view, together.

Too large to be served; its out-of-fold opinions are what the small model learns from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.text.ngrams import TABLE_ROWS
from detectors.training.text.student import StudentConfig, drop_ngrams, epoch_batches, pack_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.text.examples import LabelledLines

FOLDS = 3
RECIPE = StudentConfig(width=32, epochs=3, learning_rate=0.01, ngram_dropout=0.5)
HIDDEN_UNITS = 256
ENCODER_RATE = 1e-3
"""Of the encoder's side; the embeddings of n-grams learn at the recipe's."""
BATCH_SIZE = 256


class EnsembleTeacher(nn.Module):
    """Logits of labels: a sum of what n-grams say and what the encoder's numbers say."""

    def __init__(self, inputs: int, label_frequency: NDArray[np.float64]) -> None:
        """Begin with each label as frequent as it is: ``share [labels]``."""
        super().__init__()
        self.bag = nn.EmbeddingBag(TABLE_ROWS, RECIPE.width, mode="sum")
        nn.init.normal_(self.bag.weight, 0.0, RECIPE.init_std)
        self.heads = nn.Linear(RECIPE.width, label_frequency.size)
        self.encoder = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(inputs, HIDDEN_UNITS),
            nn.GELU(),
            nn.Dropout(0.4),
            nn.Linear(HIDDEN_UNITS, label_frequency.size),
        )
        with torch.no_grad():
            self.heads.bias.copy_(torch.from_numpy(np.log(label_frequency / (1 - label_frequency))))

    def forward(self, grams: tuple[Tensor, Tensor, Tensor], encoded: Tensor) -> Tensor:
        """Score lines, ``[lines, labels]``."""
        buckets, offsets, weights = grams
        ngram_logits = self.heads(self.bag(buckets, offsets, per_sample_weights=weights))
        return torch.as_tensor(ngram_logits + self.encoder(encoded))


def score_out_of_fold(
    lines: LabelledLines,
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
    train_folds = [np.flatnonzero(fold != held_fold) for held_fold in range(FOLDS)]
    step = begin(sum(RECIPE.epochs * (rows.size // RECIPE.batch_size) for rows in train_folds))
    for held_fold, rows in enumerate(train_folds):
        teacher = _fit(lines, encoded, rows, rng, step)
        test_rows = np.flatnonzero(fold == held_fold)
        logits[test_rows] = _score(teacher, lines, encoded, test_rows)
    return logits


def _fit(
    lines: LabelledLines,
    encoded: NDArray[np.float32],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    step: Callable[[], None],
) -> EnsembleTeacher:
    truth = torch.from_numpy(lines.truth.astype(np.float32))
    teacher = EnsembleTeacher(encoded.shape[1], lines.truth[rows].mean(0).clip(1e-5, 1 - 1e-5))
    rates = [RECIPE.learning_rate, ENCODER_RATE]
    ngram_parameters = [*teacher.bag.parameters(), *teacher.heads.parameters()]
    parameter_groups = zip(
        (ngram_parameters, list(teacher.encoder.parameters())), rates, strict=True
    )
    optimiser = torch.optim.Adam(
        [{"params": parameters, "lr": rate} for parameters, rate in parameter_groups]
    )
    batches = epoch_batches(rows.size, RECIPE, rng)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=len(batches), pct_start=0.1
    )
    for batch in batches:
        batch_rows = rows[batch]
        grams = pack_lines(
            [drop_ngrams(lines.grams[row], RECIPE.ngram_dropout, rng) for row in batch_rows]
        )
        outputs = teacher(grams, torch.from_numpy(encoded[batch_rows]))
        loss = nn.functional.binary_cross_entropy_with_logits(outputs, truth[batch_rows])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        step()
    return teacher.eval()


def _score(
    teacher: EnsembleTeacher,
    lines: LabelledLines,
    encoded: NDArray[np.float32],
    test_rows: NDArray[np.int64],
) -> NDArray[np.float32]:
    parts = []
    with torch.no_grad():
        for start in range(0, test_rows.size, BATCH_SIZE):
            batch_rows = test_rows[start : start + BATCH_SIZE]
            grams = pack_lines([lines.grams[row] for row in batch_rows])
            parts.append(teacher(grams, torch.from_numpy(encoded[batch_rows])).numpy())
    return np.concatenate(parts).astype(np.float32)
