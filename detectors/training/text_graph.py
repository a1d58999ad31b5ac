"""The text model as an ONNX graph: one int8 table for both languages, and their heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from detectors.text.emotion import POLARITY
from detectors.text.ngrams import BUCKETS, OFFSETS, ROWS
from detectors.text.scoring import Taxonomy
from detectors.training.export import OPSET, describe
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.fitting_text import Bag

LANGUAGES = {
    str(Taxonomy.KOTE): Language.KOREAN,
    str(Taxonomy.GOEMOTIONS): Language.ENGLISH,
    POLARITY: Language.KOREAN,
}
"""Which language's hidden layer each output is made from."""


def written(bags: Mapping[Language, Bag], description: Mapping[str, Any], path: Path) -> None:
    """Write the graph: ``buckets int64[n, k]``, ``weights float32[n, k]`` -> logits."""
    table, scale = _table(bags)
    # The last row is the padding.
    weights = {
        "table": np.vstack([table, np.zeros_like(table[:1])]),
        "scale": np.append(scale, np.float16(0)).astype(np.float16),
    }
    heads = _heads(bags)
    for name, (matrix, bias) in {**_hidden(bags), **heads}.items():
        weights |= {f"{name}.matrix": matrix, f"{name}.bias": bias}
    weights |= {
        "root": np.array([np.sqrt(2)], dtype=np.float32),
        "half": np.array([0.5], dtype=np.float32),
        "one": np.array([1], dtype=np.float32),
    }
    graph = helper.make_graph(
        [*_summing(), *(node for each in bags for node in _gelu(each)), *map(_head, heads)],
        "text-emotion",
        [
            helper.make_tensor_value_info("buckets", TensorProto.INT64, ["lines", "grams"]),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["lines", "grams"]),
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["lines", bias.size])
            for name, (_, bias) in heads.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
        producer_name="callmood",
    )
    describe(model, description)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _summing() -> list[onnx.NodeProto]:
    """Dequantise the rows of a line and sum them by weight: ``[n, 1, width]``."""
    return [
        helper.make_node("Gather", ["table", "buckets"], ["rows8"]),
        helper.make_node("Cast", ["rows8"], ["rows"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["scale", "buckets"], ["scale16"]),
        helper.make_node("Cast", ["scale16"], ["scales"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["weights", "scales"], ["scaled"]),
        helper.make_node("Constant", [], ["axis"], value_ints=[1]),
        helper.make_node("Unsqueeze", ["scaled", "axis"], ["row"]),
        helper.make_node("MatMul", ["row", "rows"], ["summed"]),
        helper.make_node("Squeeze", ["summed", "axis"], ["line"]),
    ]


def _gelu(language: Language) -> list[onnx.NodeProto]:
    """The hidden layer of one language: x / 2 (1 + erf(x / sqrt 2)) of a linear layer."""
    name = f"hidden.{language}"
    return [
        helper.make_node("Gemm", ["line", f"{name}.matrix", f"{name}.bias"], [name], transB=1),
        helper.make_node("Div", [name, "root"], [f"{name}.scaled"]),
        helper.make_node("Erf", [f"{name}.scaled"], [f"{name}.erf"]),
        helper.make_node("Add", [f"{name}.erf", "one"], [f"{name}.gate"]),
        helper.make_node("Mul", [name, f"{name}.gate"], [f"{name}.gated"]),
        helper.make_node("Mul", [f"{name}.gated", "half"], [f"{name}.out"]),
    ]


def _head(name: str) -> onnx.NodeProto:
    inputs = [f"hidden.{LANGUAGES[name]}.out", f"{name}.matrix", f"{name}.bias"]
    return helper.make_node("Gemm", inputs, [name], transB=1)


def _hidden(
    bags: Mapping[Language, Bag],
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    return {
        f"hidden.{language}": (
            bag.hidden.weight.detach().numpy(),
            bag.hidden.bias.detach().numpy(),
        )
        for language, bag in bags.items()
    }


def _table(bags: Mapping[Language, Bag]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Round every row to -127..127 with its own scale."""
    values = np.zeros((ROWS, next(iter(bags.values())).table.embedding_dim), dtype=np.float32)
    for language, bag in bags.items():
        own = slice(OFFSETS[language], OFFSETS[language] + BUCKETS[language])
        values[own] = bag.table.weight.detach().numpy()[own]
    scale = (np.abs(values).max(axis=1) / 127).clip(1e-6).astype(np.float16)
    return np.rint(values / scale[:, None].astype(np.float32)).clip(-127, 127).astype(
        np.int8
    ), scale


def _heads(
    bags: Mapping[Language, Bag],
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    found = {}
    for language, taxonomy in (
        (Language.KOREAN, Taxonomy.KOTE),
        (Language.ENGLISH, Taxonomy.GOEMOTIONS),
    ):
        matrix = bags[language].heads.weight.detach().numpy()
        bias = bags[language].heads.bias.detach().numpy()
        found[str(taxonomy)] = matrix[:-1], bias[:-1]
        if language is Language.KOREAN:
            found[POLARITY] = matrix[-1:], bias[-1:]
    return found
