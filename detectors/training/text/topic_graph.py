"""The topic model as an ONNX graph: pieces in, logits of the topics out.

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

CHANNELS = 256
"""Of each convolution."""


@dataclass(slots=True)
class GraphBuilder:
    """Nodes and weights of a graph, in the order in which they are computed."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node and give the name of its output."""
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def weight(self, name: str, value: NDArray[Any]) -> str:
        """Add a weight as it is."""
        self.weights[name] = value
        return name

    def half(self, name: str, value: NDArray[np.float32]) -> str:
        """Add a weight in half precision: half the size, and no measurable change."""
        self.weight(f"{name}.half", value.astype(np.float16))
        return self.add("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)


def build_graph(
    encoder: MultilingualEncoder, head: Mapping[str, NDArray[np.float32]] | None
) -> onnx.ModelProto:
    """Build the graph.

    Args:
        encoder: the sentence encoder's weights.
        head: the fitted last layers, see `TopicHead.export_weights`; ``None``: features alone.
    """
    builder = GraphBuilder()
    _add_features(builder, encoder)
    outputs = {"features": ["one", "numbers"]}
    if head is not None:
        _add_head(builder, head)
        outputs |= {"logits": ["one", "topics"], "without": ["pieces", "topics"]}
    graph = helper.make_graph(
        builder.nodes,
        "text-topics",
        [helper.make_tensor_value_info("pieces", TensorProto.INT64, ["pieces"])],
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
    description: Mapping[str, Any],
    path: Path,
) -> None:
    """Write the topic model."""
    model = build_graph(encoder, head)
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
    builder.half("project", encoder.join("proj"))
    builder.add("MatMul", [embedding, "project"], "projected")
    bias = builder.weight("project.bias", encoder.join("proj_b"))
    builder.add("Add", ["projected", bias], "projected.biased")
    norm = [builder.weight(name, encoder.join(name)) for name in ("ln_g", "ln_b")]
    builder.add(
        "LayerNormalization", ["projected.biased", *norm], "normed", axis=-1, epsilon=epsilon
    )
    builder.add("Transpose", ["normed"], "turned", perm=[1, 0])
    builder.add("Unsqueeze", ["turned", "axis0"], "channels")
    builder.weight("sizes", np.array([CHANNELS] * len(ORDERS)))
    inputs = [f"branch{width}" for width, _ in ORDERS]
    builder.nodes.append(helper.make_node("Split", ["channels", "sizes"], inputs, axis=1))
    branches = [_add_branch(builder, encoder, width, before) for width, before in ORDERS]
    builder.add("Concat", [embedding, *branches], "joined", axis=1)
    norm = [builder.weight(f"inner.{name}", encoder.layers[name]) for name in ("ln_g", "ln_b")]
    builder.add("LayerNormalization", ["joined", *norm], "inner", axis=-1, epsilon=epsilon)


def _add_branch(
    builder: GraphBuilder, encoder: MultilingualEncoder, width: int, before: int
) -> str:
    """Two convolutions of one width, each added to what it was given."""
    current = f"branch{width}"
    for step in (1, 2):
        name = f"conv{step}.{width}"
        matrix = encoder.layers[f"w{step}_{width}"].reshape(width, CHANNELS, CHANNELS)
        builder.half(name, np.ascontiguousarray(matrix.transpose(2, 1, 0)))
        bias = builder.weight(f"{name}.bias", encoder.layers[f"b{step}_{width}"])
        padding = [before, width - 1 - before]
        builder.add(
            "Conv", [current, name, bias], f"{name}.raw", kernel_shape=[width], pads=padding
        )
        builder.add("Relu", [f"{name}.raw"], f"{name}.positive")
        current = builder.add("Add", [f"{name}.positive", current], f"{name}.out")
    builder.add("Squeeze", [current, "axis0"], f"{current}.flat")
    return builder.add("Transpose", [f"{current}.flat"], f"{current}.back", perm=[1, 0])


def _add_head(builder: GraphBuilder, head: Mapping[str, NDArray[np.float32]]) -> None:
    for name, value in head.items():
        if value.ndim > 1:
            builder.half(name, value)
        else:
            builder.weight(name, value)
    builder.weight("least", np.array([1.0], np.float32))
    _add_layers(builder, "mean", "highest", "logits")
    builder.add("Sub", ["sum", "inner"], "sums")
    builder.add("Sub", ["count", "least"], "others")
    builder.add("Max", ["others", "least"], "rest")
    builder.add("Div", ["sums", builder.add("Sqrt", ["rest"], "rest.root")], "means")
    _add_layers(builder, "means", "highest", "without")


def _add_layers(builder: GraphBuilder, mean: str, highest: str, output: str) -> None:
    """As `TopicHead.forward`."""

    def multiply(value: str, matrix: str) -> str:
        return builder.add("MatMul", [value, matrix], f"{output}.{value}@{matrix}")

    def rectified(value: str) -> str:
        return builder.add("Relu", [value], f"{value}+")

    line = multiply(mean, "pool")
    first = rectified(multiply(line, "d0"))
    second = builder.add("Add", [multiply(line, "p1"), multiply(first, "d1")], f"{output}.y1")
    second = rectified(second)
    third = rectified(multiply(second, "d2"))
    last = builder.add("Add", [multiply(second, "p3"), multiply(third, "d3")], f"{output}.z")
    builder.add("Tanh", [last], f"{output}.tanh")
    builder.add("LpNormalization", [f"{output}.tanh"], f"{output}.unit", axis=1, p=2)
    deep = multiply(f"{output}.unit", "topics")
    hidden = builder.add("Add", [multiply(highest, "peak"), "peak.bias"], f"{output}.peak")
    peaks = multiply(rectified(hidden), "peak.topics")
    builder.add("Add", [deep, peaks], f"{output}.both")
    builder.add("Add", [f"{output}.both", "topics.bias"], output)
