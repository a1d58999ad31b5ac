"""The voice-tone network: what was heard, and how it differs from the customer's earlier speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from detectors.labels import EMOTIONS
from detectors.training.hearing import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from detectors.training.fitting_voice import Recipe

SHRINKAGE = 0.5
"""A baseline of n utterances counts n / (n + this)."""

INNER = 64
OUTPUTS = len(EMOTIONS) + 1
"""Logits of the emotions, then of arousal."""


class Member(nn.Module):
    """One perceptron of the ensemble: a body for all languages, an own last layer for each."""

    def __init__(self, features: int, languages: int, recipe: Recipe) -> None:
        super().__init__()
        self.spared = nn.Dropout(recipe.input_dropout)
        self.body = nn.Sequential(
            nn.Linear(2 * features + 1, recipe.hidden),
            nn.GELU(),
            nn.Dropout(recipe.dropout),
            nn.Linear(recipe.hidden, INNER),
            nn.GELU(),
            nn.Dropout(recipe.dropout),
        )
        self.all = nn.Linear(INNER, OUTPUTS)
        self.own = nn.Linear(INNER, languages * OUTPUTS)

    def forward(self, absolute: Tensor, change: Tensor, share: Tensor, spoken: Tensor) -> Tensor:
        """Give ``[N, OUTPUTS]``; ``spoken [N, languages]`` is 1 for the language, 0 for others."""
        joined = torch.cat([self.spared(absolute), self.spared(change), share.unsqueeze(1)], dim=1)
        body = self.body(joined)
        own = self.own(body).unflatten(1, (spoken.shape[1], OUTPUTS))
        return torch.as_tensor(self.all(body) + (own * spoken.unsqueeze(2)).sum(1))


class ToneHead(nn.Module):
    """From features and baseline to logits.

    The absolute level is never looked at (lines differ by 30 dB), only its change. In a language
    that the model was not taught, nothing absolute is: voices differ more between languages than
    between emotions, and only the change from a customer's own earlier speech carries over.
    """

    mean: Tensor
    scale: Tensor
    absolute: Tensor

    def __init__(
        self, features: NDArray[np.float32], languages: Sequence[str], recipe: Recipe
    ) -> None:
        """Standardise by ``features [n, D]``."""
        super().__init__()
        values = torch.from_numpy(features)
        self.register_buffer("mean", values.mean(0))
        self.register_buffer("scale", values.std(0) + 1e-3)
        absolute = torch.ones(values.shape[1])
        absolute[LEVEL] = 0.0
        self.register_buffer("absolute", absolute)
        self.languages = tuple(languages)
        self.members = nn.ModuleList(
            Member(values.shape[1], len(languages), recipe) for _ in range(recipe.members)
        )

    def standardised(self, features: Tensor) -> Tensor:
        """Bring ``features [N, D]`` to about -1..1, outliers cut off."""
        return ((features - self.mean) / self.scale).clamp(-5.0, 5.0)

    def outputs(
        self, member: nn.Module, seen: Tensor, past: Tensor, count: Tensor, language: Tensor
    ) -> Tensor:
        """Ask one member; ``seen`` and ``past`` are standardised ``[N, D]``.

        ``language [N]`` is a position in `languages`, or anything else for a strange one.
        """
        spoken = (language.unsqueeze(1) == torch.arange(len(self.languages))).to(seen.dtype)
        taught = spoken.sum(1, keepdim=True)
        share = count / (count + SHRINKAGE)
        known = (count > 0).to(seen.dtype).unsqueeze(1)
        # Without a baseline the change of level is unknown, not equal to the level itself.
        told = self.absolute + (1 - self.absolute) * known
        change = (seen - share.unsqueeze(1) * past * known) * told
        return torch.as_tensor(member(seen * self.absolute * taught, change, share, spoken))

    def forward(
        self, features: Tensor, baseline: Tensor, count: Tensor, language: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Give log-probabilities ``[N, 8]`` and arousal ``[N]``; arguments as measured."""
        seen, past = self.standardised(features), self.standardised(baseline)
        every = torch.stack(
            [self.outputs(member, seen, past, count, language) for member in self.members]
        )
        chances = torch.softmax(every[:, :, : len(EMOTIONS)], dim=2).mean(0)
        return chances.clamp(min=1e-6).log(), torch.sigmoid(every[:, :, -1]).mean(0)


class Calibrated(nn.Module):
    """What is exported behind the ear: features and baseline in, calibrated scores out."""

    temperatures: Tensor

    def __init__(self, head: ToneHead, temperatures: Sequence[float]) -> None:
        """One temperature for each of the head's languages, then one for strange ones."""
        super().__init__()
        self.head = head
        self.register_buffer("temperatures", torch.tensor(temperatures))

    def forward(
        self, features: Tensor, baseline: Tensor, count: Tensor, language: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Read ``features [1, D]`` heard in the ``language [1]`` of that number.

        ``baseline [1, D]`` is the mean of earlier feature vectors, ``count [1]`` how many.
        Gives scores ``[1, 8]`` (sum 1) and arousal ``[1]``.
        """
        logits, arousal = self.head(features, baseline, count, language)
        temperature = self.temperatures[language].unsqueeze(1)
        return torch.softmax(logits / temperature, dim=1), arousal
