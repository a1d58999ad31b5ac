"""Fitting the topic model's last layers: they begin as the sentence encoder's own.

What is fitted reads features that never change (sum and maximum over the pieces of a line), so
that they are computed once. Lines of public corpora are taken for lines without any topic; those
that look most like one are shown more often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, dropout, relu

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from detectors.training.text.multilingual_encoder import MultilingualEncoder

FEATURES = 1_280
"""Of the sum, and as many of the maximum."""

PEAK_UNITS = 256
ENCODER_LAYERS = ("d0", "d1", "d2", "d3", "p1", "p3")
UNIT_LENGTH = 22.6
"""Square root of 512: the encoder's numbers have about deviation 1 then."""


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """What was found to work on lines of writers that were held out.

    Attributes:
        corpus_lines: lines without a topic shown in an epoch, a third of them the likeliest ones.
        corpus_abuse_weight: how much such a line counts for abuse: some comments do swear.
    """

    epochs: int = 8
    batch_size: int = 128
    encoder_rate: float = 0.0003
    head_rate: float = 0.002
    weight_decay: float = 0.02
    corpus_lines: int = 20_000
    corpus_abuse_weight: float = 0.3
    mining_epochs: tuple[int, ...] = (2, 4, 6)


@dataclass(frozen=True, slots=True)
class TopicTargets:
    """Lines and their topics.

    Attributes:
        features: ``float32[lines, 2 * FEATURES]``.
        truth: ``float32[lines, topics]``, 0 or 1.
        weights: how much each counts, ``float32[lines, topics]``.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.float32]
    weights: NDArray[np.float32]

    def select(self, rows: NDArray[np.bool_]) -> TopicTargets:
        """Some of the lines."""
        return TopicTargets(self.features[rows], self.truth[rows], self.weights[rows])


class TopicHead(nn.Module):
    """The encoder's last layers and a layer over the maximum: logits ``[lines, topics]``."""

    def __init__(self, encoder: MultilingualEncoder, topics: int) -> None:
        """Begin with the encoder's weights, and with rare topics."""
        super().__init__()
        self.pool = nn.Parameter(torch.from_numpy(np.array(encoder.layers["cnn_W"], np.float32)))
        self.layers = nn.ParameterDict(
            {
                name: nn.Parameter(torch.from_numpy(np.array(encoder.layers[name], np.float32)))
                for name in ENCODER_LAYERS
            }
        )
        self.topics = nn.Linear(512, topics)
        nn.init.normal_(self.topics.weight, 0.0, 0.02)
        nn.init.constant_(self.topics.bias, -3.0)
        self.peak = nn.Linear(FEATURES, PEAK_UNITS)
        self.peak_topics = nn.Linear(PEAK_UNITS, topics, bias=False)
        nn.init.zeros_(self.peak_topics.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Logits of features ``[lines, 2 * FEATURES]``."""
        layers, training = self.layers, self.training
        line = dropout(features[:, :FEATURES], 0.1, training) @ self.pool
        second = relu(line @ layers["p1"] + relu(line @ layers["d0"]) @ layers["d1"])
        second = dropout(second, 0.1, training)
        last = torch.tanh(second @ layers["p3"] + relu(second @ layers["d2"]) @ layers["d3"])
        last = last * UNIT_LENGTH / last.norm(dim=1, keepdim=True).clamp_min(1e-3)
        peak = relu(self.peak(dropout(features[:, FEATURES:], 0.2, training)))
        logits = self.topics(dropout(last, 0.3, training))
        return torch.as_tensor(logits + self.peak_topics(dropout(peak, 0.3, training)))

    def export_weights(self) -> dict[str, NDArray[np.float32]]:
        """The weights by their name in the graph."""
        tensors = {
            "pool": self.pool,
            **dict(self.layers.items()),
            "topics": self.topics.weight.T * UNIT_LENGTH,
            "topics.bias": self.topics.bias,
            "peak": self.peak.weight.T,
            "peak.bias": self.peak.bias,
            "peak.topics": self.peak_topics.weight.T,
        }
        return {
            name: np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)
            for name, tensor in tensors.items()
        }


def fit_head(  # noqa: PLR0913 - what is fitted, to what, and how
    encoder: MultilingualEncoder,
    targets: TopicTargets,
    corpus: NDArray[np.float32],
    *,
    seed: int,
    step: Callable[[], None],
    config: HeadConfig | None = None,
) -> TopicHead:
    """Fit the last layers.

    Args:
        encoder: where they begin.
        targets: lines with a topic, and look-alikes.
        corpus: features of lines without a topic, ``float32[lines, 2 * FEATURES]``.
        seed: same seed, same model.
        step: called after each epoch.
        config: size and rates.
    """
    config = config or HeadConfig()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    head = TopicHead(encoder, targets.truth.shape[1])
    fresh = [*head.topics.parameters(), *head.peak.parameters(), *head.peak_topics.parameters()]
    rates = [config.encoder_rate, config.head_rate]
    optimiser = torch.optim.AdamW(
        [{"params": [head.pool, *head.layers.values()]}, {"params": fresh}],
        weight_decay=config.weight_decay,
    )
    batches = (len(targets.truth) + min(config.corpus_lines, len(corpus))) // config.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=config.epochs * max(batches, 1) + 1, pct_start=0.15
    )
    likeliest = np.zeros(0, dtype=np.int64)
    for epoch in range(config.epochs):
        if epoch in config.mining_epochs:
            scores = predict_topics(head, corpus).max(1)
            likeliest = np.argsort(-scores)[: config.corpus_lines // 3]
        rows = _draw_corpus(len(corpus), likeliest, config, rng)
        epoch_targets = _join(targets, corpus[rows], config)
        _run_epoch(head, epoch_targets, optimiser, schedule, config=config, rng=rng)
        step()
    return head.eval()


def predict_topics(head: TopicHead, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits of lines, ``float32[lines, topics]``."""
    head.eval()
    with torch.no_grad():
        parts = [
            head(torch.from_numpy(features[start : start + 2_048]))
            for start in range(0, len(features), 2_048)
        ]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _draw_corpus(
    lines: int, likeliest: NDArray[np.int64], config: HeadConfig, rng: np.random.Generator
) -> NDArray[np.int64]:
    count = min(config.corpus_lines, lines) - len(likeliest)
    return np.concatenate([likeliest, rng.choice(lines, max(count, 0), replace=False)])


def _join(targets: TopicTargets, corpus: NDArray[np.float32], config: HeadConfig) -> TopicTargets:
    truth = np.zeros((len(corpus), targets.truth.shape[1]), np.float32)
    weights = np.ones_like(truth)
    weights[:, 0] = config.corpus_abuse_weight
    return TopicTargets(
        np.concatenate([targets.features, corpus]),
        np.concatenate([targets.truth, truth]),
        np.concatenate([targets.weights, weights]),
    )


def _run_epoch(  # noqa: PLR0913 - one step of training
    head: TopicHead,
    targets: TopicTargets,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    *,
    config: HeadConfig,
    rng: np.random.Generator,
) -> None:
    head.train()
    batches = len(targets.truth) // config.batch_size
    order = rng.permutation(len(targets.truth))[: batches * config.batch_size]
    for rows in order.reshape(batches, -1):
        features, truth, weights = (
            torch.from_numpy(part[rows])
            for part in (targets.features, targets.truth, targets.weights)
        )
        losses = binary_cross_entropy_with_logits(head(features), truth, reduction="none")
        optimiser.zero_grad()
        (losses * weights).sum(1).mean().backward()  # type: ignore[no-untyped-call]  # torch's
        optimiser.step()
        schedule.step()
