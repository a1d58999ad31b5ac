"""The speech encoder that the voice model listens with: the front of a pretrained Whisper-tiny.

Smart Turn v3.2 (Daily, BSD-2-Clause) is the encoder of Whisper-tiny (Radford et al., 2022,
"Robust Speech Recognition via Large-Scale Weak Supervision"), taught to hear in 23 languages
whether somebody has finished speaking. Its file lies in the wheel of `pipecat-ai`. What is said
*how* stands in its first layers; the deeper ones tell words apart (measured, see the decision
page), so only the first is kept: it hears more about tone than all four, for a third of the time.

The published weights are 8-bit integers; here they become floats again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

from detectors.corpora.corpora import CorpusError
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WIDTH = 384
HEADS = 6
POSITIONS = 400
"""Positions of 20 ms the encoder was trained with: 8 s, speech at their end."""
LAYERS = 1

MELS = 80
WINDOW, HOP = SAMPLE_RATE // 40, SAMPLE_RATE // 100
"""Samples of a frame (25 ms) and between frames (10 ms), as Whisper has them."""
STEP = 2 * HOP
"""Samples a position stands for: the second convolution takes every other frame."""
WIDEBAND_RATE = 2 * SAMPLE_RATE
"""Rate the encoder was trained at; its upper 4 kHz are silent on a telephone (Hz)."""

EMBEDDING_SIZE = 2 * WIDTH
"""Mean and deviation over time of the last kept layer."""

_MODEL_FILE = Path("audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx")
_PREFIX = "inner.encoder."


class LogMel(nn.Module):
    """Whisper's log-mel spectrogram, computed at the telephone's rate: ``[1, T] -> [1, 80, F]``.

    The same numbers as resampling to 16 kHz gives, for half the work: a frame of 200 samples at
    8 kHz has the same bins below 4 kHz as one of 400 at 16 kHz, each a quarter of its power.
    """

    basis: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        bins = WINDOW // 2 + 1
        phase = torch.outer(torch.arange(bins), torch.arange(WINDOW)).double()
        phase = phase * (2 * torch.pi / WINDOW)
        basis = torch.cat([phase.cos(), phase.sin()]) * torch.hann_window(WINDOW).double()
        self.register_buffer("basis", 2 * basis.float().unsqueeze(1))
        filters = melscale_fbanks(
            WINDOW + 1,
            0.0,
            WIDEBAND_RATE / 2,
            MELS,
            WIDEBAND_RATE,
            norm="slaney",
            mel_scale="slaney",
        )
        self.register_buffer("filters", filters[:bins].T.contiguous())

    def forward(self, samples: Tensor) -> Tensor:
        """Hear ``samples [1, T]``; T is a multiple of `STEP`."""
        centred = samples - samples.mean(1, keepdim=True)
        level = (centred.square().mean(1, keepdim=True) + 1e-7).sqrt()
        padded = nn.functional.pad(centred / level, (WINDOW // 2, WINDOW // 2), mode="reflect")
        parts = nn.functional.conv1d(padded.unsqueeze(1), self.basis, stride=HOP)[:, :, :-1]
        real, imaginary = torch.chunk(parts, 2, dim=1)
        power = self.filters @ (real.square() + imaginary.square())
        log = power.clamp(min=1e-10).log10()
        return (torch.maximum(log, log.amax((1, 2), keepdim=True) - 8.0) + 4.0) / 4.0


class _Convolution(nn.Module):
    """A convolution of width 3 written as a matrix product, which 8-bit kernels are made for."""

    def __init__(self, inputs: int, *, stride: int) -> None:
        super().__init__()
        self.product = nn.Linear(3 * inputs, WIDTH)
        self.stride = stride

    def forward(self, frames: Tensor) -> Tensor:
        """Hear ``[1, F, inputs]``, zeros at both ends; gives ``[1, F / stride, WIDTH]``."""
        padded = nn.functional.pad(frames, (0, 0, 1, 1))
        windows = torch.cat([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], dim=2)
        return nn.functional.gelu(torch.as_tensor(self.product(windows[:, :: self.stride])))


class _Layer(nn.Module):
    """A pre-norm transformer layer, named as in Whisper."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, WIDTH)
        self.k_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.v_proj = nn.Linear(WIDTH, WIDTH)
        self.out_proj = nn.Linear(WIDTH, WIDTH)
        self.self_attn_layer_norm = nn.LayerNorm(WIDTH)
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)
        self.final_layer_norm = nn.LayerNorm(WIDTH)

    def forward(self, frames: Tensor) -> Tensor:
        normed = self.self_attn_layer_norm(frames)
        query, key, value = (
            part(normed).unflatten(2, (HEADS, WIDTH // HEADS)).transpose(1, 2)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        mixed = (scores.softmax(3) @ value).transpose(1, 2).flatten(2)
        frames = frames + self.out_proj(mixed)
        inner = nn.functional.gelu(self.fc1(self.final_layer_norm(frames)))
        return frames + torch.as_tensor(self.fc2(inner))


class Encoder(nn.Module):
    """Samples to one vector an utterance: ``[1, T] -> [1, FEATURES]``."""

    positions: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.conv1 = _Convolution(MELS, stride=1)
        self.conv2 = _Convolution(WIDTH, stride=2)
        self.register_buffer("positions", torch.zeros(POSITIONS, WIDTH))
        self.layers = nn.ModuleList(_Layer() for _ in range(LAYERS))

    def forward(self, samples: Tensor) -> Tensor:
        """Hear ``samples [1, T]`` in -1..1; T is a multiple of `STEP`, at most 8 s."""
        frames = self.conv2(self.conv1(self.log_mel(samples).transpose(1, 2)))
        frames = frames + self.positions[POSITIONS - frames.shape[1] :]
        for layer in self.layers:
            frames = layer(frames)
        mean = frames.mean(1)
        spread = ((frames - mean.unsqueeze(1)).square().mean(1) + 1e-9).sqrt()
        return torch.cat([mean, spread], dim=1)


@dataclass(frozen=True, slots=True)
class PretrainedEncoder:
    """The encoder, and a short hash of the file it was read from."""

    encoder: Encoder
    digest: str


def load_pretrained(path: Path | None = None) -> PretrainedEncoder:
    """Read the encoder from Smart Turn's file, by default the one of the installed wheel.

    Raises:
        CorpusError: the wheel is not installed, or the file is another model.
    """
    model_path = path or _find_installed_model()
    try:
        weights = _load_weights(onnx.load(model_path).graph)
    except (OSError, ValueError, KeyError, StopIteration, DecodeError) as error:
        message = f"{model_path}: not the Smart Turn v3.2 model: {error!r}"
        raise CorpusError(message) from error
    encoder = Encoder()
    encoder.load_state_dict(
        {name: torch.from_numpy(weights[name]) for name in _weight_names(encoder)}, strict=False
    )
    digest = hashlib.sha256(model_path.read_bytes()).hexdigest()[:12]
    return PretrainedEncoder(encoder.eval(), digest)


def _find_installed_model() -> Path:
    spec = find_spec("pipecat")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / _MODEL_FILE).is_file():
            return path
    message = (
        "the speech encoder is not installed; `make .venv/.all` installs it "
        "(requirements/pretrained.txt)"
    )
    raise CorpusError(message)


def _weight_names(encoder: Encoder) -> list[str]:
    return [name for name in encoder.state_dict() if not name.startswith("log_mel.")]


def _load_weights(graph: onnx.GraphProto) -> dict[str, NDArray[np.float32]]:
    """Give the weights by our names, as floats: ``(integer - zero point) * scale``."""
    initialisers = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values = {name: array.astype(np.float32) for name, array in initialisers.items()}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in initialisers:
            values[node.output[0]] = _dequantise(node, initialisers)
    weights = {name.removeprefix(_PREFIX): value for name, value in _iter_matrices(graph, values)}
    for name, value in values.items():
        if name.startswith(_PREFIX) and "layer_norm" in name:
            weights[name.removeprefix(_PREFIX)] = value
    weights = {name.replace("self_attn.", ""): value for name, value in weights.items()}
    weights["positions"] = values[f"{_PREFIX}embed_positions.weight"]
    return weights


def _dequantise(
    node: onnx.NodeProto, initialisers: dict[str, NDArray[np.generic]]
) -> NDArray[np.float32]:
    integers, scale, zero_point = (initialisers[name].astype(np.float32) for name in node.input)
    if scale.size > 1:
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        shape = [-1 if dim == axis % integers.ndim else 1 for dim in range(integers.ndim)]
        scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    return np.asarray((integers - zero_point) * scale, dtype=np.float32)


def _iter_matrices(
    graph: onnx.GraphProto, values: dict[str, NDArray[np.float32]]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Find every matrix by the bias that is added to what it gives; keys have no bias."""
    producers = {output: node for node in graph.node for output in node.output}
    products: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            name = node.input[2].removesuffix(".bias").replace(_PREFIX, "")
            matrix = values[node.input[1]].transpose(0, 2, 1)
            yield f"{name}.product.weight", matrix.reshape(len(matrix), -1)
            yield f"{name}.product.bias", values[node.input[2]]
        bias = next((i for i in node.input if i.endswith(".bias") and i in values), None)
        if node.op_type != "Add" or bias is None or not bias.startswith(_PREFIX):
            continue
        addend = next(name for name in node.input if name != bias)
        product = producers[addend]
        while product.op_type in {"QuantizeLinear", "DequantizeLinear"}:
            product = producers[product.input[0]]
        products[bias] = product
        yield f"{bias.removesuffix('.bias')}.weight", values[product.input[1]].T.copy()
        yield bias, values[bias]
    yield from _iter_key_matrices(graph, values, products)


def _iter_key_matrices(
    graph: onnx.GraphProto,
    values: dict[str, NDArray[np.float32]],
    products: dict[str, onnx.NodeProto],
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    biased_product_ids = {id(node) for node in products.values()}
    for bias, query in products.items():
        if bias.endswith("q_proj.bias"):
            key = next(
                node
                for node in graph.node
                if node.op_type == "MatMul"
                and node.input[0] == query.input[0]
                and id(node) not in biased_product_ids
            )
            yield bias.replace("q_proj.bias", "k_proj.weight"), values[key.input[1]].T.copy()
