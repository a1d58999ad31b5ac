"""Fitting the voice-tone model's head: examples in, an ensemble out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from detectors.labels import EMOTIONS
from detectors.training.running import in_drawn_order, together
from detectors.training.voice_model import ToneHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.running import Moments
    from detectors.training.voice_examples import Examples

WEIGHTS = {"emodb": 0.8, "baved": 0.25}
"""How often a corpus's classes are drawn, 1 for others: BAVED only teaches arousal, EmoDB is cut
short."""

STRANGE = -1
"""Number of a language that the model is not taught."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was found to work by cross-validation; see the model card.

    Attributes:
        orders: how many orders of each speaker's clips are drawn for each view.
        unmasked: weight of the loss in which labels that a corpus lacks compete as well.
        forgotten: share of utterances that are shown without their speaker's past.
        strange: share that are shown as of a language the model does not know.
    """

    hidden: int = 128
    dropout: float = 0.4
    input_dropout: float = 0.2
    members: int = 3
    epochs: int = 30
    batch: int = 64
    rate: float = 1e-3
    decay: float = 1e-2
    orders: int = 3
    unmasked: float = 0.3
    smoothing: float = 0.05
    arousal: float = 2.0
    jitter: float = 0.1
    forgotten: float = 0.15
    strange: float = 0.3


@dataclass(frozen=True, slots=True)
class _Batch:
    """Drawn utterances; ``N`` rows each."""

    seen: Tensor
    past: Tensor
    count: Tensor
    language: Tensor
    target: Tensor
    known: Tensor
    arousal: Tensor


class _Draws:
    """Random batches of the chosen clips, each after a drawn past of the same speaker."""

    def __init__(
        self, examples: Examples, chosen: NDArray[np.int64], head: ToneHead, recipe: Recipe
    ) -> None:
        self._recipe = recipe
        moments = _moments(examples, chosen, recipe)
        self._odds = _odds(examples, moments.clip)
        features = torch.from_numpy(examples.features[moments.clip, moments.view])
        self._seen = head.standardised(features)
        self._past = head.standardised(torch.from_numpy(moments.mean))
        self._count = torch.from_numpy(moments.count)
        self._language = languages_of(examples, moments.clip, head)
        self._target = torch.from_numpy(examples.target[moments.clip])
        self._known = torch.from_numpy(examples.known[moments.clip])
        self._arousal = torch.from_numpy(examples.arousal[moments.clip])

    def batch(self, rng: np.random.Generator) -> _Batch:
        recipe = self._recipe
        rows = torch.from_numpy(rng.choice(self._odds.size, recipe.batch, p=self._odds))
        forgotten = torch.from_numpy(rng.random(recipe.batch) < recipe.forgotten)
        strange = torch.from_numpy(rng.random(recipe.batch) < recipe.strange)
        noise = torch.from_numpy(
            rng.standard_normal((recipe.batch, self._seen.shape[1]), dtype=np.float32)
        )
        return _Batch(
            seen=self._seen[rows] + recipe.jitter * noise,
            past=self._past[rows],
            count=self._count[rows].masked_fill(forgotten, 0.0),
            language=self._language[rows].masked_fill(strange, STRANGE),
            target=self._target[rows],
            known=self._known[rows],
            arousal=self._arousal[rows],
        )


def languages_of(examples: Examples, clips: NDArray[np.int64], head: ToneHead) -> Tensor:
    """Number each clip's language as the head does, ``int64[clips]``."""
    number = {language: index for index, language in enumerate(head.languages)}
    return torch.tensor([number.get(examples.clips[i].language, STRANGE) for i in clips])


def _moments(examples: Examples, chosen: NDArray[np.int64], recipe: Recipe) -> Moments:
    return together(
        in_drawn_order(examples, chosen, view, np.random.default_rng([view, order]))
        for view in range(examples.features.shape[1])
        for order in range(recipe.orders)
    )


def _odds(examples: Examples, clips: NDArray[np.int64]) -> NDArray[np.float64]:
    """Every class of a corpus is drawn equally often."""
    keys = [(examples.clips[i].corpus, int(examples.target[i])) for i in clips]
    counts: dict[tuple[str, int], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
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
    head = ToneHead(every_view, _taught(examples, chosen), recipe)
    draws = _Draws(examples, chosen, head, recipe)
    total = steps(chosen.size, recipe) // recipe.members
    for number, member in enumerate(head.members):
        _fit(head, member.train(), draws, total, np.random.default_rng([seed, number]), step)
    return head.eval()


def _taught(examples: Examples, chosen: NDArray[np.int64]) -> list[str]:
    """The languages in which emotions are heard; arousal alone teaches none."""
    return sorted(
        {
            examples.clips[i].language
            for i in chosen
            if examples.target[i] >= 0 and examples.clips[i].language
        }
    )


def steps(clips: int, recipe: Recipe) -> int:
    """How many batches a fit takes, of all members together."""
    return recipe.members * max(4, recipe.epochs * clips // recipe.batch)


def _fit(  # noqa: PLR0913 - what a loop of gradient steps is made of
    head: ToneHead,
    member: nn.Module,
    draws: _Draws,
    total: int,
    rng: np.random.Generator,
    step: Callable[[], None],
) -> None:
    recipe = draws._recipe  # noqa: SLF001 - one room
    optimiser = torch.optim.AdamW(member.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2 * recipe.rate, total_steps=total)
    for _ in range(total):
        loss = _loss(head, member, draws.batch(rng), recipe)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        step()


def _loss(head: ToneHead, member: nn.Module, batch: _Batch, recipe: Recipe) -> Tensor:
    outputs = head.outputs(member, batch.seen, batch.past, batch.count, batch.language)
    felt = batch.target >= 0
    logits, target = outputs[:, : len(EMOTIONS)], batch.target.clamp(min=0)
    masked = _mean(
        nn.functional.cross_entropy(
            logits.masked_fill(~batch.known, -1e4), target, reduction="none"
        ),
        felt,
    )
    full = _mean(
        nn.functional.cross_entropy(
            logits, target, reduction="none", label_smoothing=recipe.smoothing
        ),
        felt,
    )
    arousal = torch.sigmoid(outputs[:, -1]) - batch.arousal
    return masked + recipe.unmasked * full + recipe.arousal * arousal.square().mean()


def _mean(losses: Tensor, counted: Tensor) -> Tensor:
    return (losses * counted).sum() / counted.sum().clamp(min=1)


def scored(
    head: ToneHead, examples: Examples, moments: Moments, *, strange: bool = False
) -> NDArray[np.float64]:
    """Log-probabilities ``[moments, 8]``; ``strange``: as if the language were not known."""
    language = languages_of(examples, moments.clip, head)
    with torch.no_grad():
        logits, _ = head(
            torch.from_numpy(examples.features[moments.clip, moments.view]),
            torch.from_numpy(moments.mean),
            torch.from_numpy(moments.count),
            torch.full_like(language, STRANGE) if strange else language,
        )
    return np.asarray(logits.numpy(), dtype=np.float64)
