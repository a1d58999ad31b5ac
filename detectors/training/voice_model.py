"""The voice-tone network: standardised statistics, less the baseline, into a small ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from detectors.labels import EMOTIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.training.hearing import Statistics

LEVEL, PITCH, VOICING, PACE = range(4)
"""Positions in the feature vector that a person can be told about."""

SHRINKAGE = 2.0
"""A baseline of n utterances counts n / (n + this): two utterances are half a voice."""


class ToneHead(nn.Module):
    """From statistics and baseline to logits.

    The absolute level is never looked at (lines differ by 30 dB), only its change.
    """

    mean: Tensor
    scale: Tensor
    absolute: Tensor

    def __init__(
        self, features: NDArray[np.float32], *, hidden: int, dropout: float, members: int
    ) -> None:
        """Standardise by ``features [n, D]``; build ``members`` networks."""
        super().__init__()
        values = torch.from_numpy(features)
        self.register_buffer("mean", values.mean(0))
        self.register_buffer("scale", values.std(0) + 1e-4)
        absolute = torch.ones(values.shape[1])
        absolute[LEVEL] = 0.0
        self.register_buffer("absolute", absolute)
        wide = 2 * values.shape[1] + 1
        self.members = nn.ModuleList(_network(wide, hidden, dropout) for _ in range(members))

    def standardised(self, features: Tensor) -> Tensor:
        """Bring ``features [N, D]`` to about -1..1, outliers cut off."""
        return ((features - self.mean) / self.scale).clamp(-5.0, 5.0)

    def inputs(self, features: Tensor, baseline: Tensor, count: Tensor) -> Tensor:
        """Join what is and what changed; both arguments standardised ``[N, D]``, count [N]."""
        share = (count / (count + SHRINKAGE)).unsqueeze(1)
        known = (count > 0).to(features.dtype).unsqueeze(1)
        # Without a baseline the change of level is unknown, not equal to the level itself.
        seen = self.absolute + (1 - self.absolute) * known
        change = (features - share * baseline * known) * seen
        return torch.cat([features * self.absolute, change, share], dim=1)

    def forward(self, features: Tensor, baseline: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
        """Give log-probabilities ``[N, 8]`` and arousal ``[N]``; arguments as measured."""
        joined = self.inputs(self.standardised(features), self.standardised(baseline), count)
        outputs = torch.stack([member(joined) for member in self.members])
        chances = torch.softmax(outputs[:, :, : len(EMOTIONS)], dim=2).mean(0)
        return chances.clamp(min=1e-6).log(), torch.sigmoid(outputs[:, :, -1]).mean(0)


def _network(wide: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(wide, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, 64),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(64, len(EMOTIONS) + 1),
    )


class ToneModel(nn.Module):
    """What is exported: samples and baseline in, calibrated scores out."""

    def __init__(self, statistics: Statistics, head: ToneHead, temperature: float) -> None:
        super().__init__()
        self.statistics = statistics
        self.head = head
        self.temperature = temperature

    def forward(
        self, samples: Tensor, lengths: Tensor, baseline: Tensor, count: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read ``samples [N, T]`` in -1..1, the first ``lengths [N]`` of which count.

        ``baseline [N, D]`` is the mean of earlier feature vectors, ``count [N]`` how many.
        Gives scores ``[N, 8]`` (sum 1), arousal ``[N]`` and the feature vectors ``[N, D]``.
        """
        features = self.statistics(samples, lengths)
        logits, arousal = self.head(features, baseline, count)
        return torch.softmax(logits / self.temperature, dim=1), arousal, features
