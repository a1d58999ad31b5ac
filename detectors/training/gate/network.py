"""The gate's network in torch, fitted here and run in numpy (`SpeechGate`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from detectors.training.gate.scenes import UNLABELLED
from detectors.voice.sound_features import FEATURES
from detectors.voice.speech_gate import DILATIONS, KINDS, TAPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

HIDDEN = 48
EPOCHS = 14
BATCH = 32
LEARNING_RATE = 4e-3
DROPOUT = 0.1
SMOOTHED_SHARE = 0.02
MIN_BLOCKS = 6
"""Shortest stretch of a scene that is learnt from: segments are often shorter than scenes."""

_MIN_DEVIATION = 1e-2


class GateNetwork(nn.Module):
    """A vector for each block, three layers that look at neighbours, four logits."""

    def __init__(self, mean: torch.Tensor, deviation: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.entry = nn.Linear(FEATURES, HIDDEN)
        self.layers = nn.ModuleList(nn.Linear(TAPS * HIDDEN, HIDDEN) for _ in DILATIONS)
        self.exit = nn.Linear(HIDDEN, len(KINDS))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``float32[scenes, blocks, FEATURES]`` to logits ``float32[scenes, blocks, 4]``."""
        scaled = (features - self.get_buffer("mean")) / self.get_buffer("deviation")
        hidden = self.dropout(torch.relu(self.entry(scaled)))
        for layer, dilation in zip(self.layers, DILATIONS, strict=True):
            reach = TAPS // 2 * dilation
            padded = nn.functional.pad(hidden, (0, 0, reach, reach))
            blocks = hidden.shape[1]
            around = [padded[:, at : at + blocks] for at in range(0, 2 * reach + 1, dilation)]
            hidden = hidden + self.dropout(torch.relu(layer(torch.cat(around, 2))))
        return torch.as_tensor(self.exit(hidden))


def fit_network(
    features: torch.Tensor, labels: torch.Tensor, *, seed: int, step: Callable[[], None]
) -> GateNetwork:
    """Fit on scenes; each is cut at random, as segments are.

    Args:
        features: ``float32[scenes, blocks, FEATURES]``.
        labels: ``int64[scenes, blocks]``, `UNLABELLED` where nothing is taught.
        seed: same seed, same network.
        step: called after each of `EPOCHS`.
    """
    torch.manual_seed(seed)
    rows = features.reshape(-1, FEATURES)
    network = GateNetwork(rows.mean(0), rows.std(0) + _MIN_DEVIATION)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    batches = len(features) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=EPOCHS * batches
    )
    loss = nn.CrossEntropyLoss(ignore_index=UNLABELLED, label_smoothing=SMOOTHED_SHARE)
    network.train()
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(features))[: batches * BATCH].reshape(batches, BATCH):
            cut = _draw_cut(features.shape[1])
            logits = network(features[chosen, cut])
            optimizer.zero_grad()
            loss(logits.reshape(-1, len(KINDS)), labels[chosen, cut].reshape(-1)).backward()
            optimizer.step()
            schedule.step()
        step()
    return network.eval()


def _draw_cut(blocks: int) -> slice:
    length = int(torch.randint(MIN_BLOCKS, blocks + 1, ()))
    start = int(torch.randint(0, blocks - length + 1, ()))
    return slice(start, start + length)


def export_weights(network: GateNetwork) -> dict[str, NDArray[np.float32]]:
    """Give the arrays that `SpeechGate` takes; the scaling is folded into the first layer."""
    mean, deviation = _numpy(network.get_buffer("mean")), _numpy(network.get_buffer("deviation"))
    entry = _numpy(network.entry.weight).T / deviation[:, None]
    weights = {"in_w": entry, "in_b": _numpy(network.entry.bias) - mean @ entry}
    for number, layer in enumerate(network.layers):
        weights[f"conv{number}_w"] = _numpy(layer.get_parameter("weight")).T
        weights[f"conv{number}_b"] = _numpy(layer.get_parameter("bias"))
    weights["out_w"] = _numpy(network.exit.weight).T
    weights["out_b"] = _numpy(network.exit.bias)
    return {name: np.ascontiguousarray(value) for name, value in weights.items()}


def _numpy(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), dtype=np.float32)
