"""The topic model as an ONNX graph: pieces and n-grams of a line in, logits of the topics out.

Outputs: ``features float32[1, 2560]`` (what the last layers are fitted to), ``logits float32[1,
topics]``, and ``without float32[pieces, topics]``: the logits if one piece after the other had not
been said, for reasons. Only what is asked for is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from detectors.training.onnx_export import OPSET, set_description
from detectors.training.text.multilingual_encoder import ORDERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.text.multilingual_encoder import MultilingualEncoder
    from detectors.training.topics.ngram_fit import NgramWeights

CHANNELS = 256
"""Of each convolution."""

MAX_INT8 = 127


@dataclass(slots=True)
class GraphBuilder:
    """Nodes and weights of a graph, in the order in which they are computed."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, NDArray[Any]] = field(default_factory=dict)
    _quantised: set[str] = field(default_factory=set)

    def add(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node and give the name of its output."""
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def weight(self, name: str, value: NDArray[Any]) -> str:
        """Add a weight as it is."""
        self.weights[name] = value
        return name

    def multiply(self, value: str, name: str, matrix: NDArray[np.float32]) -> str:
        """Multiply by a matrix of 8 bits: a third of the time, a quarter of the size.

        Each column has its own scale; the value's scale is found while it runs. The nodes are in
        the order in which the runtime joins them into one.
        """
        output = f"{value}@{name}"
        if f"{name}.scale" not in self.weights:
            scale = np.maximum(np.abs(matrix).max(0), np.finfo(np.float32).tiny) / MAX_INT8
            self.weight(f"{name}.int8", np.rint(matrix / scale).astype(np.int8))
            self.weight(f"{name}.scale", scale.astype(np.float32))
        if value not in self._quantised:
            self._quantised.add(value)
            parts = [f"{value}.uint8", f"{value}.scale", f"{value}.zero"]
            self.nodes.append(helper.make_node("DynamicQuantizeLinear", [value], parts))
        self.weight("zero", np.zeros((), np.int8))
        self.add("Mul", [f"{value}.scale", f"{name}.scale"], f"{output}.factor")
        integers = [f"{value}.uint8", f"{name}.int8", f"{value}.zero", "zero"]
        self.add("MatMulInteger", integers, f"{output}.int32")
        self.add("Cast", [f"{output}.int32"], f"{output}.float", to=TensorProto.FLOAT)
        return self.add("Mul", [f"{output}.float", f"{output}.factor"], output)


def build_graph(
    encoder: MultilingualEncoder,
    head: Mapping[str, NDArray[np.float32]],
    ngrams: NgramWeights,
) -> onnx.ModelProto:
    """Build the graph.

    Args:
        encoder: the sentence encoder's weights.
        head: the fitted last layers, see `TopicHead.export_weights`.
        ngrams: what n-grams say; logits are the sum of both.
    """
    builder = GraphBuilder()
    _add_features(builder, encoder)
    _add_ngrams(builder, ngrams)
    _add_head(builder, head)
    outputs = {
        "features": ["one", "numbers"],
        "logits": ["one", "topics"],
        "without": ["pieces", "topics"],
        "ngrams": ["one", "topics"],
    }
    inputs = {
        "pieces": (TensorProto.INT64, ["pieces"]),
        "buckets": (TensorProto.INT64, ["bag"]),
        "weights": (TensorProto.FLOAT, ["bag"]),
    }
    graph = helper.make_graph(
        builder.nodes,
        "text-topics",
        [helper.make_tensor_value_info(name, *form) for name, form in inputs.items()],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in builder.weights.items()],
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
        producer_name="callmood",
    )


def write_graph_file(
    encoder: MultilingualEncoder,
    head: Mapping[str, NDArray[np.float32]],
    ngrams: NgramWeights,
    description: Mapping[str, Any],
    path: Path,
) -> None:
    """Write the topic model."""
    model = build_graph(encoder, head, ngrams)
    set_description(model, description)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _add_features(builder: GraphBuilder, encoder: MultilingualEncoder) -> None:
    """The sum over the pieces by the square root of their number, and their maximum."""
    _add_convolutions(builder, encoder, _add_embedding(builder, encoder))
    builder.add("ReduceSum", ["inner", "axis0"], "sum", keepdims=1)
    builder.add("Cast", [builder.add("Shape", ["pieces"], "shape")], "count", to=TensorProto.FLOAT)
    builder.add("Div", ["sum", builder.add("Sqrt", ["count"], "root")], "mean")
    builder.add("ReduceMax", ["inner", "axis0"], "highest", keepdims=1)
    builder.add("Concat", ["mean", "highest"], "features", axis=1)


def _add_embedding(builder: GraphBuilder, encoder: MultilingualEncoder) -> str:
    builder.weight("axis0", np.array([0]))
    builder.weight("axis1", np.array([1]))
    builder.add("Gather", [builder.weight("table", encoder.table), "pieces"], "rows8")
    builder.add("Cast", ["rows8"], "rows", to=TensorProto.FLOAT)
    for name, values in {"scale": encoder.scale, "lowest": encoder.lowest}.items():
        builder.add("Gather", [builder.weight(name, values), "pieces"], f"{name}.row")
        builder.add("Unsqueeze", [f"{name}.row", "axis1"], f"{name}.column")
    builder.add("Mul", ["rows", "scale.column"], "scaled")
    return builder.add("Add", ["scaled", "lowest.column"], "embedding")


def _add_convolutions(builder: GraphBuilder, encoder: MultilingualEncoder, embedding: str) -> None:
    epsilon = float(encoder.layers["eps"])
    projected = builder.multiply(embedding, "project", encoder.join("proj"))
    bias = builder.weight("project.bias", encoder.join("proj_b"))
    builder.add("Add", [projected, bias], "projected.biased")
    norm = [builder.weight(name, encoder.join(name)) for name in ("ln_g", "ln_b")]
    builder.add(
        "LayerNormalization", ["projected.biased", *norm], "normed", axis=-1, epsilon=epsilon
    )
    builder.weight("sizes", np.array([CHANNELS] * len(ORDERS)))
    inputs = [f"branch{width}" for width, _ in ORDERS]
    builder.nodes.append(helper.make_node("Split", ["normed", "sizes"], inputs, axis=1))
    branches = [_add_branch(builder, encoder, width, before) for width, before in ORDERS]
    builder.add("Concat", [embedding, *branches], "joined", axis=1)
    norm = [builder.weight(f"inner.{name}", encoder.layers[name]) for name in ("ln_g", "ln_b")]
    builder.add("LayerNormalization", ["joined", *norm], "inner", axis=-1, epsilon=epsilon)


def _add_branch(
    builder: GraphBuilder, encoder: MultilingualEncoder, width: int, before: int
) -> str:
    """Two convolutions of one width, each added to what it was given."""
    current = f"branch{width}"
    padding = builder.weight(f"padding{width}", np.array([before, 0, width - 1 - before, 0]))
    for step in (1, 2):
        name = f"conv{step}.{width}"
        around = builder.add("Pad", [current, padding], f"{name}.around")
        windows = builder.add(
            "Concat",
            [_add_shift(builder, around, place, width) for place in range(width)],
            f"{name}.windows",
            axis=1,
        )
        raw = builder.multiply(windows, name, encoder.layers[f"w{step}_{width}"])
        bias = builder.weight(f"{name}.bias", encoder.layers[f"b{step}_{width}"])
        builder.add("Relu", [builder.add("Add", [raw, bias], f"{name}.raw")], f"{name}.positive")
        current = builder.add("Add", [f"{name}.positive", current], f"{name}.out")
    return current


def _add_shift(builder: GraphBuilder, around: str, place: int, width: int) -> str:
    """What stands at one place of each piece's window."""
    end = place - width + 1 or np.iinfo(np.int64).max
    bounds = [
        builder.weight(f"start{place}", np.array([place])),
        builder.weight(f"end{end}", np.array([end])),
    ]
    return builder.add("Slice", [around, *bounds, "axis0"], f"{around}.{place}")


def _add_ngrams(builder: GraphBuilder, ngrams: NgramWeights) -> None:
    """The sum of the n-grams' rows by their weights; rows are of 8 bits, scaled by topic."""
    scale = np.maximum(np.abs(ngrams.table).max(0), np.finfo(np.float32).tiny) / MAX_INT8
    rows = builder.weight("ngrams.table", np.rint(ngrams.table / scale).astype(np.int8))
    builder.add("Gather", [rows, "buckets"], "ngrams.int8")
    builder.add("Cast", ["ngrams.int8"], "ngrams.rows", to=TensorProto.FLOAT)
    builder.add("Unsqueeze", ["weights", "axis0"], "ngrams.weights")
    builder.add("MatMul", ["ngrams.weights", "ngrams.rows"], "ngrams.sum")
    builder.weight("ngrams.scale", scale.astype(np.float32))
    builder.add("Mul", ["ngrams.sum", "ngrams.scale"], "ngrams.scaled")
    builder.add("Add", ["ngrams.scaled", builder.weight("ngrams.bias", ngrams.bias)], "ngrams")


def _add_head(builder: GraphBuilder, head: Mapping[str, NDArray[np.float32]]) -> None:
    for name, value in head.items():
        if value.ndim == 1:
            builder.weight(name, value)
    builder.weight("least", np.array([1.0], np.float32))
    hidden = builder.add(
        "Add", [builder.multiply("highest", "peak", head["peak"]), "peak.bias"], "peaks"
    )
    builder.multiply(builder.add("Relu", [hidden], "peaks+"), "peak.topics", head["peak.topics"])
    _add_layers(builder, head, "mean", "logits")
    builder.add("Sub", ["sum", "inner"], "sums")
    builder.add("Sub", ["count", "least"], "others")
    builder.add("Max", ["others", "least"], "rest")
    builder.add("Div", ["sums", builder.add("Sqrt", ["rest"], "rest.root")], "means")
    _add_layers(builder, head, "means", "without")


def _add_layers(
    builder: GraphBuilder, head: Mapping[str, NDArray[np.float32]], mean: str, output: str
) -> None:
    """As `TopicHead.forward`."""

    def multiply(value: str, name: str) -> str:
        return builder.multiply(value, name, head[name])

    def rectified(value: str) -> str:
        return builder.add("Relu", [value], f"{value}+")

    line = multiply(mean, "pool")
    first = rectified(multiply(line, "d0"))
    second = builder.add("Add", [multiply(line, "p1"), multiply(first, "d1")], f"{output}.second")
    second = rectified(second)
    third = rectified(multiply(second, "d2"))
    last = builder.add("Add", [multiply(second, "p3"), multiply(third, "d3")], f"{output}.last")
    builder.add("Tanh", [last], f"{output}.tanh")
    builder.add("LpNormalization", [f"{output}.tanh"], f"{output}.unit", axis=1, p=2)
    deep = multiply(f"{output}.unit", "topics")
    builder.add("Add", [deep, "peaks+@peak.topics"], f"{output}.both")
    builder.add("Add", [f"{output}.both", "topics.bias"], f"{output}.encoder")
    builder.add("Add", [f"{output}.encoder", "ngrams"], output)
