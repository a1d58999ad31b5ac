"""The text model as an ONNX graph: one int8 table for both languages, and their heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from detectors.text.model import POLARITY
from detectors.text.ngrams import BUCKETS, OFFSETS, TABLE_ROWS
from detectors.text.scoring import Taxonomy
from detectors.training.onnx_export import OPSET, set_description
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.text.student import StudentModel

LANGUAGE_OF_OUTPUT = {
    str(Taxonomy.KOTE): Language.KOREAN,
    str(Taxonomy.GOEMOTIONS): Language.ENGLISH,
    POLARITY: Language.KOREAN,
}
"""Which language's hidden layer each output is made from."""

LINEAR_ROW_OFFSET = OFFSETS[Language.ENGLISH] - 1
"""Taken off a bucket's number to find its row in the plain linear model's table, English only."""


def write_graph(
    bags: Mapping[Language, StudentModel], description: Mapping[str, Any], path: Path
) -> None:
    """Write the graph: ``buckets int64[n, k]``, ``weights float32[n, k]`` -> logits."""
    table, scale = _quantise_table(bags)
    # The last row is the padding.
    weights = {
        "table": np.vstack([table, np.zeros_like(table[:1])]),
        "scale": np.append(scale, np.float16(0)).astype(np.float16),
    }
    heads = _head_weights(bags)
    for name, (matrix, bias) in {**_hidden_weights(bags), **heads}.items():
        weights |= {f"{name}.matrix": matrix, f"{name}.bias": bias}
    weights |= {
        "root": np.array([np.sqrt(2)], dtype=np.float32),
        "half": np.array([0.5], dtype=np.float32),
        "one": np.array([1], dtype=np.float32),
    }
    linear_tables = _quantise_linear_tables(bags)
    for name, (rows, scales) in linear_tables.items():
        weights |= {f"{name}.wide": rows, f"{name}.wide.scale": scales}
    weights |= {"before": np.array([LINEAR_ROW_OFFSET]), "none": np.array([0])}
    graph = helper.make_graph(
        [
            *_embedding_nodes(),
            *(node for language in bags for node in _hidden_nodes(language)),
            *(
                node
                for name in heads
                for node in _head_nodes(name, has_linear=name in linear_tables)
            ),
            *(node for name in linear_tables for node in _linear_nodes(name)),
        ],
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
    set_description(model, description)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _embedding_nodes() -> list[onnx.NodeProto]:
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


def _hidden_nodes(language: Language) -> list[onnx.NodeProto]:
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


def _head_nodes(name: str, *, has_linear: bool) -> list[onnx.NodeProto]:
    inputs = [f"hidden.{LANGUAGE_OF_OUTPUT[name]}.out", f"{name}.matrix", f"{name}.bias"]
    return [helper.make_node("Gemm", inputs, [f"{name}.deep" if has_linear else name], transB=1)]


def _linear_nodes(name: str) -> list[onnx.NodeProto]:
    """What the plain linear model says of the n-grams, added to what the network says.

    Row 0 of its table is for n-grams of the other language, the last one for the padding.
    """
    return [
        helper.make_node("Sub", ["buckets", "before"], [f"{name}.shifted"]),
        helper.make_node("Max", [f"{name}.shifted", "none"], [f"{name}.rows"]),
        helper.make_node("Gather", [f"{name}.wide", f"{name}.rows"], [f"{name}.wide8"]),
        helper.make_node("Cast", [f"{name}.wide8"], [f"{name}.wide32"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{name}.wide.scale", f"{name}.rows"], [f"{name}.scale16"]),
        helper.make_node("Cast", [f"{name}.scale16"], [f"{name}.scales"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["weights", f"{name}.scales"], [f"{name}.scaled"]),
        helper.make_node("Unsqueeze", [f"{name}.scaled", "axis"], [f"{name}.row"]),
        helper.make_node("MatMul", [f"{name}.row", f"{name}.wide32"], [f"{name}.summed"]),
        helper.make_node("Squeeze", [f"{name}.summed", "axis"], [f"{name}.plain"]),
        helper.make_node("Add", [f"{name}.deep", f"{name}.plain"], [name]),
    ]


def _hidden_weights(
    bags: Mapping[Language, StudentModel],
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    return {
        f"hidden.{language}": (
            bag.hidden.weight.detach().numpy(),
            bag.hidden.bias.detach().numpy(),
        )
        for language, bag in bags.items()
    }


def _quantise_table(
    bags: Mapping[Language, StudentModel],
) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Round every row to -127..127 with its own scale."""
    values = np.zeros((TABLE_ROWS, next(iter(bags.values())).table.embedding_dim), dtype=np.float32)
    for language, bag in bags.items():
        language_rows = slice(OFFSETS[language], OFFSETS[language] + BUCKETS[language])
        values[language_rows] = bag.table.weight.detach().numpy()[language_rows]
    return _quantise(values)


def _quantise_linear_tables(
    bags: Mapping[Language, StudentModel],
) -> dict[str, tuple[NDArray[np.int8], NDArray[np.float16]]]:
    """The plain linear models' tables, of the languages that have one."""
    tables = {}
    for name, language in LANGUAGE_OF_OUTPUT.items():
        table = bags[language].wide
        if table is None or name == POLARITY:
            continue
        language_rows = slice(OFFSETS[language], OFFSETS[language] + BUCKETS[language])
        rows, scale = _quantise(table.weight.detach().numpy()[language_rows, :-1])
        tables[name] = np.pad(rows, ((1, 1), (0, 0))), np.pad(scale, 1)
    return tables


def _quantise(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    scale = (np.abs(values).max(axis=1) / 127).clip(1e-6).astype(np.float16)
    rows = np.rint(values / scale[:, None].astype(np.float32)).clip(-127, 127)
    return rows.astype(np.int8), scale


def _head_weights(
    bags: Mapping[Language, StudentModel],
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    heads = {}
    for language, taxonomy in (
        (Language.KOREAN, Taxonomy.KOTE),
        (Language.ENGLISH, Taxonomy.GOEMOTIONS),
    ):
        matrix = bags[language].heads.weight.detach().numpy()
        bias = bags[language].heads.bias.detach().numpy()
        heads[str(taxonomy)] = matrix[:-1], bias[:-1]
        if language is Language.KOREAN:
            heads[POLARITY] = matrix[-1:], bias[-1:]
    return heads
