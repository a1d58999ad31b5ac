"""The voice-tone head: two linear discriminants for each language.

One hears an utterance by itself, one hears what changed since the customer's earlier ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from detectors.labels import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.training.voice.lda import LdaModel

SHRINKAGE = 0.5
"""A baseline of n utterances counts n / (n + this), and so does what changed against it."""

OUTPUTS = len(EMOTIONS) + 1
"""Logits of the emotions, then arousal."""
MIN_SCORE = 1e-6
"""Score of a label that a language's speech never carried."""


class ToneHead(nn.Module):
    """From features and baseline to scores; linear but for the softmax.

    In a language that the model was not taught, it hears with the mean of those it was.
    """

    mean: Tensor
    scale: Tensor
    changed: Tensor
    changed_bias: Tensor
    plain: Tensor
    plain_bias: Tensor
    temperatures: Tensor

    def __init__(
        self, discriminant: LdaModel, temperatures: Sequence[tuple[float, float]] = ()
    ) -> None:
        """Take the fitted matrices; the last language of both arguments is everybody else's.

        ``temperatures``: of what changed and of plain speech, for each language; 1 without any.
        """
        super().__init__()
        self.languages = discriminant.languages
        buffers = {
            "mean": discriminant.mean,
            "scale": discriminant.scale,
            "changed": discriminant.relative.matrix,
            "changed_bias": discriminant.relative.bias,
            "plain": discriminant.absolute.matrix,
            "plain_bias": discriminant.absolute.bias,
        }
        for name, values in buffers.items():
            self.register_buffer(name, torch.from_numpy(values))
        ones = [(1.0, 1.0)] * (len(discriminant.languages) + 1)
        self.register_buffer("temperatures", torch.tensor(list(temperatures) or ones))

    def set_temperatures(
        self, temperatures: Mapping[str, tuple[float, float]], fallback: str
    ) -> ToneHead:
        """The same head with temperatures by language, ``fallback`` standing for all others."""
        pairs = [
            temperatures.get(name, temperatures[fallback]) for name in (*self.languages, fallback)
        ]
        self.temperatures = torch.tensor(pairs)
        return self

    def compute_logits(
        self, features: Tensor, baseline: Tensor, count: Tensor, language: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What changed, and how it sounds by itself: ``[N, OUTPUTS]`` each.

        ``features`` and ``baseline [N, D]`` as measured, ``count [N]`` earlier utterances,
        ``language [N]`` a position in `languages`, or their number for a strange one.
        """
        current, reference = self._standardise(features), self._standardise(baseline)
        difference = current - self._history_share(count) * reference
        changed = (difference.unsqueeze(1) @ self.changed[language]).squeeze(1)
        plain = (current.unsqueeze(1) @ self.plain[language]).squeeze(1)
        return changed + self.changed_bias[language], plain + self.plain_bias[language]

    def forward(
        self, features: Tensor, baseline: Tensor, count: Tensor, language: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Give scores ``[N, 8]``, which sum to 1, and arousal ``[N]``, 0-1."""
        changed, plain = self.compute_logits(features, baseline, count, language)
        share = self._history_share(count)
        temperatures = self.temperatures[language]
        emotions = len(EMOTIONS)
        logits = share * changed[:, :emotions] / temperatures[:, :1]
        logits = logits + (1 - share) * plain[:, :emotions] / temperatures[:, 1:]
        scores = torch.softmax(logits, dim=1).clamp(min=MIN_SCORE)
        arousal = (share * changed[:, emotions:] + (1 - share) * plain[:, emotions:]).clamp(0, 1)
        return scores / scores.sum(1, keepdim=True), arousal.squeeze(1)

    def _standardise(self, features: Tensor) -> Tensor:
        """Bring ``features [N, D]`` to about -1..1, outliers cut off."""
        return ((features - self.mean) / self.scale).clamp(-5.0, 5.0)

    def _history_share(self, count: Tensor) -> Tensor:
        return (count / (count + SHRINKAGE)).unsqueeze(1)
