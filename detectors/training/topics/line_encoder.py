"""The sentence encoder for many lines at once: the features that the topics' layers are fitted to.

It computes what `detectors.training.text.topic_graph` writes into the model's file, without its
8 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, layer_norm, pad, relu

from detectors.training.text.multilingual_encoder import ORDERS
from detectors.training.text.topic_graph import CHANNELS
from detectors.training.text.topic_head import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.training.text.multilingual_encoder import MultilingualEncoder

STEPS = (1, 2)
"""The two convolutions of each width."""

PROJECTION = ("proj", "proj_b", "ln_g", "ln_b")
"""Names of the weights before the convolutions."""

BATCH_SIZE = 256
"""Lines that are computed at once."""

_LOWEST = -1e4


class LineEncoder(nn.Module):
    """From the pieces of lines to the features that `TopicHead` reads."""

    def __init__(self, encoder: MultilingualEncoder) -> None:
        """Begin with the encoder's weights."""
        super().__init__()
        table = encoder.table * encoder.scale[:, None] + encoder.lowest[:, None]
        self.register_buffer("table", torch.from_numpy(table.astype(np.float32)), persistent=False)
        self.epsilon = float(encoder.layers["eps"])
        names = [
            *(f"{name}{width}" for name in PROJECTION for width, _ in ORDERS),
            *(f"{name}{step}_{width}" for name in "wb" for step in STEPS for width, _ in ORDERS),
            "ln_g",
            "ln_b",
        ]  # fmt: skip
        self.weights = nn.ParameterDict(
            {name: nn.Parameter(torch.from_numpy(np.array(encoder.layers[name]))) for name in names}
        )

    def forward(self, pieces: Tensor, counts: Tensor) -> Tensor:
        """Features ``float32[lines, 2560]``.

        Args:
            pieces: ``int64[lines, longest]``; what is behind a line's end does not matter.
            counts: pieces of each line, ``int64[lines]``.
        """
        mask = (torch.arange(pieces.shape[1]) < counts[:, None])[:, :, None]
        embedding = self.get_buffer("table")[pieces]
        projected = embedding @ self._join("proj") + self._join("proj_b")
        normed = layer_norm(
            projected, projected.shape[-1:], self._join("ln_g"), self._join("ln_b"), self.epsilon
        )
        inside = mask.transpose(1, 2)
        channels = (normed * mask).transpose(1, 2)
        branches = [
            self._branch(part, inside, width, before)
            for part, (width, before) in zip(
                torch.split(channels, CHANNELS, 1), ORDERS, strict=True
            )
        ]
        joined = torch.cat([embedding, torch.cat(branches, 1).transpose(1, 2)], 2)
        inner = layer_norm(
            joined, joined.shape[-1:], self.weights["ln_g"], self.weights["ln_b"], self.epsilon
        )
        mean = (inner * mask).sum(1) / counts[:, None].sqrt()
        return torch.cat([mean, inner.masked_fill(~mask, _LOWEST).amax(1)], 1)

    def _join(self, name: str) -> Tensor:
        return torch.cat([self.weights[f"{name}{width}"] for width, _ in ORDERS], -1)

    def _branch(self, channels: Tensor, inside: Tensor, width: int, before: int) -> Tensor:
        for step in STEPS:
            matrix = self.weights[f"w{step}_{width}"].reshape(width, CHANNELS, CHANNELS)
            around = pad(channels, (before, width - 1 - before))
            bias = self.weights[f"b{step}_{width}"]
            channels = (relu(conv1d(around, matrix.permute(2, 1, 0), bias)) + channels) * inside
        return channels


def encode(encoder: LineEncoder, lines: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """Features of lines given as the numbers of their pieces, ``float32[lines, 2560]``.

    Lines of about one length go together.
    """
    order = np.argsort([len(line) for line in lines], kind="stable")
    features = np.empty((len(lines), 2 * FEATURES), np.float32)
    with torch.no_grad():
        for start in range(0, len(order), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            features[rows] = encoder(*stack_lines([lines[row] for row in rows])).numpy()
    return features


def stack_lines(lines: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
    """Lines of different lengths in one block.

    Returns:
        Their pieces, ``int64[lines, longest]``, and how many each has.
    """
    counts = np.array([len(line) for line in lines])
    block = np.zeros((len(lines), counts.max()), np.int64)
    for row, line in enumerate(lines):
        block[row, : len(line)] = line
    return torch.from_numpy(block), torch.from_numpy(counts)
