"""Fitting the served text model: an embedding of hashed n-grams, summed, under two layers.

It learns what its teachers say of many lines, labelled or not, by least squares: their scores of
every label are brought to mean 0 and deviation 1 first, so that rare labels count like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.text.ngrams import TABLE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.training.text.examples import Grams


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """What was found to work on rows that were held out of the training parts.

    Attributes:
        ngram_dropout: share of n-grams left out at random in training: no word may decide alone.
    """

    width: int = 48
    hidden: int = 256
    epochs: int = 2
    batch_size: int = 128
    learning_rate: float = 0.005
    init_std: float = 0.02
    ngram_dropout: float = 0.4


@dataclass(frozen=True, slots=True)
class DistillationTargets:
    """What the teachers say of lines.

    Attributes:
        targets: logits, ``float32[lines, outputs]``.
        weights: how much each counts, ``float32[lines, outputs]``; 0 where nothing is said.
    """

    grams: Sequence[Grams]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


class StudentModel(nn.Module):
    """Weighted sum of embeddings, a hidden layer, then logits: ``[lines, outputs]``."""

    def __init__(self, recipe: StudentConfig, outputs: int) -> None:
        """Begin with small random embeddings."""
        super().__init__()
        self.table = nn.EmbeddingBag(TABLE_ROWS, recipe.width, mode="sum")
        nn.init.normal_(self.table.weight, 0.0, recipe.init_std)
        self.hidden = nn.Linear(recipe.width, recipe.hidden)
        self.heads = nn.Linear(recipe.hidden, outputs)
        self.wide: nn.EmbeddingBag | None = None

    def forward(self, buckets: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        """Score lines given one after the other; line i starts at ``offsets[i]``."""
        summed = self.table(buckets, offsets, per_sample_weights=weights)
        logits = torch.as_tensor(self.heads(nn.functional.gelu(self.hidden(summed))))
        if self.wide is None:
            return logits
        return logits + torch.as_tensor(self.wide(buckets, offsets, per_sample_weights=weights))

    def mix_linear(
        self, matrix: NDArray[np.float32], bias: NDArray[np.float32], share: float
    ) -> None:
        """Let a linear model ``[ROWS, outputs]`` have this share of the logits."""
        with torch.no_grad():
            self.heads.weight.mul_(1 - share)
            self.heads.bias.mul_(1 - share).add_(share * torch.from_numpy(bias))
            self.wide = nn.EmbeddingBag.from_pretrained(
                share * torch.from_numpy(matrix), mode="sum"
            )

    def rescale(self, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> None:
        """Scale the outputs from mean 0 and deviation 1 to these, ``float64[outputs]`` each."""
        with torch.no_grad():
            self.heads.weight.mul_(torch.from_numpy(deviation)[:, None])
            self.heads.bias.mul_(torch.from_numpy(deviation)).add_(torch.from_numpy(mean))
            if self.wide is not None:
                self.wide.weight.mul_(torch.from_numpy(deviation).to(self.wide.weight.dtype))


def train_student(
    teacher_targets: DistillationTargets,
    *,
    recipe: StudentConfig,
    seed: int,
    begin: Callable[[int], Callable[[], None]],
) -> StudentModel:
    """Distil teachers' logits into a student model.

    Args:
        teacher_targets: lines, and the teachers' logits for them.
        recipe: size and training settings.
        seed: same seed, same model.
        begin: starts a progress bar of so many steps, and gives the function that advances it.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    mean, deviation = _target_mean_and_deviation(teacher_targets)
    targets = torch.from_numpy(((teacher_targets.targets - mean) / deviation).astype(np.float32))
    weights = torch.from_numpy(teacher_targets.weights)
    student = StudentModel(recipe, targets.shape[1])
    batches = len(teacher_targets.grams) // recipe.batch_size
    optimiser = torch.optim.Adam(student.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * batches, pct_start=0.1
    )
    step = begin(recipe.epochs * batches)
    for rows in epoch_batches(len(teacher_targets.grams), recipe, rng):
        outputs = student(
            *pack_lines(
                [drop_ngrams(teacher_targets.grams[row], recipe.ngram_dropout, rng) for row in rows]
            )
        )
        losses = (outputs - targets[rows]) ** 2 * weights[rows]
        optimiser.zero_grad()
        losses.mean().backward()
        optimiser.step()
        schedule.step()
        step()
    student.rescale(mean, deviation)
    return student.eval()


def predict_logits(student: StudentModel, grams: Sequence[Grams]) -> NDArray[np.float32]:
    """Compute the logits of hashed lines, ``float32[lines, outputs]``."""
    size = 256
    with torch.no_grad():
        parts = [student(*pack_lines(grams[i : i + size])) for i in range(0, len(grams), size)]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _target_mean_and_deviation(
    teacher_targets: DistillationTargets,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each output's targets, where anything is said of it."""
    total = np.maximum(teacher_targets.weights.sum(0, dtype=np.float64), 1e-6)
    mean = (teacher_targets.targets * teacher_targets.weights).sum(0, dtype=np.float64) / total
    variance = ((teacher_targets.targets - mean) ** 2 * teacher_targets.weights).sum(
        0, dtype=np.float64
    ) / total
    return mean, np.maximum(np.sqrt(variance), 1e-3)


def epoch_batches(
    rows: int, recipe: StudentConfig, rng: np.random.Generator
) -> Sequence[NDArray[np.int64]]:
    """Split the rows into batches for every step, in another order each epoch."""
    batches = rows // recipe.batch_size
    return [
        part
        for _ in range(recipe.epochs)
        for part in rng.permutation(rows)[: batches * recipe.batch_size].reshape(batches, -1)
    ]


def drop_ngrams(grams: Grams, share: float, rng: np.random.Generator) -> Grams:
    """Drop a random share (0-1) of a line's n-grams and scale up the weights of the others."""
    buckets, weights = grams
    mask = rng.random(buckets.size) >= share
    return buckets[mask], weights[mask] / np.float32(1 - share)


def pack_lines(grams: Sequence[Grams]) -> tuple[Tensor, Tensor, Tensor]:
    """Pack hashed lines into the three tensors that `StudentModel.forward` takes."""
    sizes = [buckets.size for buckets, _ in grams]
    return (
        torch.from_numpy(np.concatenate([buckets for buckets, _ in grams])),
        torch.from_numpy(np.cumsum([0, *sizes[:-1]])),
        torch.from_numpy(np.concatenate([weights for _, weights in grams])),
    )
