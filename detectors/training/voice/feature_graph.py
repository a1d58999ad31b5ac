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

from detectors.artifact import load_session
from detectors.training.onnx_export import export_graph
from detectors.training.voice.encoder import EMBEDDING_SIZE, STEP, Encoder, load_pretrained
from detectors.training.voice.prosody import PROSODY_SIZE, Prosody
from detectors.utterance import SAMPLE_RATE
from detectors.voice.preprocessing import pad_to_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort
    from numpy.typing import NDArray

FEATURE_SIZE = PROSODY_SIZE + EMBEDDING_SIZE
"""Length of an utterance's feature vector; the first `PROSODY_SIZE` can be explained to people."""

MAX_BLOCKS = 400
"""Blocks of `STEP` samples the encoder has positions for: 8 s."""


class FeatureExtractor(nn.Module):
    """Samples to one vector an utterance: ``[1, T] -> [1, SIZE]``."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.prosody = Prosody()
        self.encoder = encoder

    def forward(self, samples: Tensor) -> Tensor:
        """Hear ``samples [1, T]`` in -1..1; T is a multiple of `STEP`, at most 8 s."""
        return torch.cat([self.prosody(samples), self.encoder(samples)], dim=1)


@dataclass(frozen=True, slots=True)
class FeatureGraph:
    """The graph, ready to run.

    Attributes:
        digest: changes with anything that changes a feature.
    """

    model: onnx.ModelProto
    session: ort.InferenceSession
    digest: str

    def extract(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Describe ``samples [T]`` in -1..1 as the detector would: ``float32[SIZE]``."""
        features = self.session.run(None, {"samples": pad_to_blocks(samples)[None]})[0]
        return np.asarray(features[0], dtype=np.float32)


def build_feature_graph() -> FeatureGraph:
    """Build the graph from the pretrained encoder.

    Raises:
        CorpusError: the encoder is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        float_path, quantised_path = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        onnx.save(_export_extractor(FeatureExtractor(load_pretrained().encoder)), float_path)
        with _suppress_warnings():
            # Seven bits: eight overflow on processors without VNNI, which then hear otherwise.
            quantize_dynamic(
                float_path,
                quantised_path,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
        model = onnx.load(quantised_path)
        return FeatureGraph(model, load_session(quantised_path), _graph_digest(model))


@contextmanager
def _suppress_warnings() -> Iterator[None]:
    """Keep the quantiser from advising a preparation that changes nothing here."""
    previous_level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(previous_level)


def _export_extractor(extractor: FeatureExtractor) -> onnx.ModelProto:
    blocks = torch.export.Dim("blocks", min=10, max=MAX_BLOCKS)
    return export_graph(
        extractor,
        inputs={"samples": torch.zeros(1, 3 * SAMPLE_RATE)},
        outputs=("features",),
        shapes=({1: STEP * blocks},),
    )


def _graph_digest(model: onnx.ModelProto) -> str:
    content = hashlib.sha256()
    for weight in model.graph.initializer:
        content.update(onnx.numpy_helper.to_array(weight).tobytes())
    for node in model.graph.node:
        content.update(node.op_type.encode())
    return content.hexdigest()[:12]
