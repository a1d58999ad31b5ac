"""What the voice model hears of an utterance, as one ONNX graph: prosody and the encoder's vector.

The graph is built once and 8-bit from then on. Training measures its clips by running it, and the
shipped model is this very graph with the fitted head behind it, so that training is serving.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from detectors.artifact import loaded
from detectors.training.onnx_export import graph_of
from detectors.training.voice.encoder import FEATURES, STEP, Encoder, pretrained
from detectors.training.voice.prosody import PROSODY, Prosody
from detectors.utterance import SAMPLE_RATE
from detectors.voice.preprocessing import framed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort
    from numpy.typing import NDArray

SIZE = PROSODY + FEATURES
"""Numbers an utterance is described by; the first `PROSODY` can be told to a person."""

LONGEST_BLOCKS = 400
"""Blocks of `STEP` samples the encoder has positions for: 8 s."""


class Ear(nn.Module):
    """Samples to one vector an utterance: ``[1, T] -> [1, SIZE]``."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.prosody = Prosody()
        self.encoder = encoder

    def forward(self, samples: Tensor) -> Tensor:
        """Hear ``samples [1, T]`` in -1..1; T is a multiple of `STEP`, at most 8 s."""
        return torch.cat([self.prosody(samples), self.encoder(samples)], dim=1)


@dataclass(frozen=True, slots=True)
class Listening:
    """The graph, ready to run.

    Attributes:
        digest: changes with anything that changes a feature.
    """

    model: onnx.ModelProto
    session: ort.InferenceSession
    digest: str

    def hear(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Describe ``samples [T]`` in -1..1 as the detector would: ``float32[SIZE]``."""
        features = self.session.run(None, {"samples": framed(samples)[None]})[0]
        return np.asarray(features[0], dtype=np.float32)


def listening() -> Listening:
    """Build the graph from the pretrained encoder.

    Raises:
        CorpusError: the encoder is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        onnx.save(_graph(Ear(pretrained().encoder)), plain)
        with _quiet():
            # Seven bits: eight overflow on processors without VNNI, which then hear otherwise.
            quantize_dynamic(
                plain,
                small,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
        model = onnx.load(small)
        return Listening(model, loaded(small), _digest(model))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser from advising a preparation that changes nothing here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _graph(ear: Ear) -> onnx.ModelProto:
    blocks = torch.export.Dim("blocks", min=10, max=LONGEST_BLOCKS)
    return graph_of(
        ear,
        inputs={"samples": torch.zeros(1, 3 * SAMPLE_RATE)},
        outputs=("features",),
        shapes=({1: STEP * blocks},),
    )


def _digest(model: onnx.ModelProto) -> str:
    content = hashlib.sha256()
    for weight in model.graph.initializer:
        content.update(onnx.numpy_helper.to_array(weight).tobytes())
    for node in model.graph.node:
        content.update(node.op_type.encode())
    return content.hexdigest()[:12]
