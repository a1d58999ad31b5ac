"""Fitting the voice-tone model: examples in, a calibrated, measured model out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.labels import EMOTIONS
from detectors.training.calibration import abstention_threshold, fitted_temperature, softened
from detectors.training.voice_model import ToneHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.voice_examples import Examples

WEIGHTS = {"ravdess": 1.0, "emodb": 0.8, "korean_emotional": 1.0, "baved": 0.25}
"""How often a corpus's classes are drawn: BAVED only teaches arousal, EmoDB is cut short."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was found to work by cross-validation; see the model card.

    Attributes:
        unmasked: weight of the loss in which labels that a corpus lacks compete as well.
        most_before: baselines of 0 to this many other clips of the speaker are drawn.
    """

    hidden: int = 128
    dropout: float = 0.4
    members: int = 3
    epochs: int = 30
    batch: int = 64
    rate: float = 1e-3
    decay: float = 1e-2
    unmasked: float = 0.3
    smoothing: float = 0.05
    arousal: float = 2.0
    jitter: float = 0.1
    most_before: int = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on speakers the model was not fitted on."""

    temperature: float
    abstain_below: float


class _Draws:
    """Random batches of chosen clips, each with a random past of the same speaker."""

    def __init__(
        self, examples: Examples, chosen: NDArray[np.int64], recipe: Recipe, seed: int
    ) -> None:
        self._examples, self._chosen, self._recipe = examples, chosen, recipe
        self._rng = np.random.default_rng(seed)
        people = examples.person[chosen]
        self._own = {person: chosen[people == person] for person in np.unique(people)}
        self._odds = _odds(examples, chosen)

    def batch(self) -> tuple[NDArray[np.int64], Tensor, Tensor, Tensor]:
        """Draw clip indices, their features, baselines and baseline counts."""
        size = self._recipe.batch
        picked = self._rng.choice(self._chosen, size, p=self._odds)
        views = self._rng.integers(0, self._examples.features.shape[1], size)
        baseline = np.zeros((size, self._examples.features.shape[2]), dtype=np.float32)
        count = np.zeros(size, dtype=np.float32)
        for row, (clip, view) in enumerate(zip(picked, views, strict=True)):
            past = self._past(clip)
            count[row] = past.size
            if past.size:
                baseline[row] = self._examples.features[past, view].mean(0)
        features = torch.from_numpy(self._examples.features[picked, views])
        return picked, features, torch.from_numpy(baseline), torch.from_numpy(count)

    def _past(self, clip: np.int64) -> NDArray[np.int64]:
        own = self._own[self._examples.person[clip]]
        past = self._rng.choice(own, self._rng.integers(0, self._recipe.most_before + 1))
        return np.asarray(past[past != clip])


def _odds(examples: Examples, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Every class of a corpus is drawn equally often."""
    keys = [(examples.clips[i].corpus, int(examples.target[i])) for i in chosen]
    counts = {key: keys.count(key) for key in set(keys)}
    odds = np.array([WEIGHTS.get(key[0], 1.0) / counts[key] for key in keys])
    return np.asarray(odds / odds.sum())


def fitted(
    examples: Examples,
    chosen: NDArray[np.int64],
    *,
    recipe: Recipe,
    seed: int,
    step: Callable[[], None],
) -> ToneHead:
    """Fit a head on the chosen clips; ``step`` is called `steps` times."""
    torch.manual_seed(seed)
    every_view = examples.features[chosen].reshape(-1, examples.features.shape[2])
    head = ToneHead(
        every_view, hidden=recipe.hidden, dropout=recipe.dropout, members=recipe.members
    )
    draws = [_Draws(examples, chosen, recipe, seed * 100 + m) for m in range(recipe.members)]
    head.train()
    optimiser = torch.optim.AdamW(head.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    total = steps(chosen.size, recipe)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2 * recipe.rate, total_steps=total)
    for _ in range(total):
        losses = [
            _loss(head, member, draw, examples, recipe)
            for member, draw in zip(head.members, draws, strict=True)
        ]
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        step()
    return head.eval()


def steps(clips: int, recipe: Recipe) -> int:
    """How many batches a fit takes."""
    return max(4, recipe.epochs * clips // recipe.batch)


def _loss(
    head: ToneHead, member: nn.Module, draws: _Draws, examples: Examples, recipe: Recipe
) -> Tensor:
    picked, features, baseline, count = draws.batch()
    seen = head.standardised(features)
    seen = seen + recipe.jitter * torch.randn_like(seen)
    outputs = member(head.inputs(seen, head.standardised(baseline), count))
    target = torch.from_numpy(examples.target[picked])
    known = torch.from_numpy(examples.known[picked])
    felt = target >= 0
    logits, target = outputs[:, : len(EMOTIONS)], target.clamp(min=0)
    masked = _mean(
        nn.functional.cross_entropy(logits.masked_fill(~known, -1e4), target, reduction="none"),
        felt,
    )
    full = _mean(
        nn.functional.cross_entropy(
            logits, target, reduction="none", label_smoothing=recipe.smoothing
        ),
        felt,
    )
    arousal = torch.sigmoid(outputs[:, -1]) - torch.from_numpy(examples.arousal[picked])
    return masked + recipe.unmasked * full + recipe.arousal * arousal.square().mean()


def _mean(losses: Tensor, counted: Tensor) -> Tensor:
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@dataclass(frozen=True, slots=True)
class Past:
    """Over which line clips are measured, and after how many others of the speaker."""

    view: int
    before: int
    seed: int


def scored(
    head: ToneHead, examples: Examples, chosen: NDArray[np.int64], past: Past
) -> NDArray[np.float64]:
    """Log-probabilities ``[chosen, 8]``, each clip after ``past.before`` drawn others."""
    rng = np.random.default_rng(past.seed)
    baseline = np.zeros((chosen.size, examples.features.shape[2]), dtype=np.float32)
    count = np.zeros(chosen.size, dtype=np.float32)
    for row, clip in enumerate(chosen):
        others = np.flatnonzero(examples.person == examples.person[clip])
        others = others[others != clip]
        count[row] = min(past.before, others.size)
        if count[row]:
            earlier = rng.choice(others, int(count[row]), replace=False)
            baseline[row] = examples.features[earlier, past.view].mean(0)
    with torch.no_grad():
        logits, _ = head(
            torch.from_numpy(examples.features[chosen, past.view]),
            torch.from_numpy(baseline),
            torch.from_numpy(count),
        )
    return np.asarray(logits.numpy(), dtype=np.float64)


def calibrated(
    head: ToneHead, examples: Examples, chosen: NDArray[np.int64], *, seed: int
) -> Calibration:
    """Fit temperature and threshold on the chosen clips, with and without a past.

    Every corpus counts equally, over all labels: a call does not say which labels it carries.
    """
    views = range(examples.features.shape[1])
    parts = [
        scored(head, examples, chosen, Past(view, before, seed))
        for view in views
        for before in (0, 3)
    ]
    logits = np.concatenate(parts)
    target = np.tile(examples.target[chosen], len(parts))
    names = [examples.clips[i].corpus for i in chosen]
    weights = np.tile(np.array([1 / names.count(name) for name in names]), len(parts))
    temperature = fitted_temperature(logits, target, weights / weights.sum())
    confidence = softened(logits, temperature).max(1)
    return Calibration(temperature, abstention_threshold(confidence))
