"""Small voice models of a site's own, made with onnx.helper: good ones, and ones with a fault."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.artifact import DESCRIPTION_KEY

if TYPE_CHECKING:
    from pathlib import Path

onnx = pytest.importorskip("onnx", reason="needs the train extra")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

LABELS = ("neutral", "joy", "anger", "sadness")
ENDLESS = 2**40


@dataclass(frozen=True)
class OwnModel:
    """What to build. ``fault`` names one way in which the graph is wrong."""

    rate: int = 8_000
    scores: str = "logits"
    batch: int | str = "batch"
    samples: int | str = "samples"
    labels: tuple[str, ...] = LABELS
    arousal: bool = False
    fault: str = ""
    seed: int = 1
    more: dict[str, Any] = field(default_factory=dict)
    less: tuple[str, ...] = ()

    def but(self, **changes: Any) -> OwnModel:
        return replace(self, **changes)

    @property
    def description(self) -> dict[str, Any]:
        whole = {
            "kind": "own-voice",
            "licence": "our own recordings, all rights ours",
            "sample_rate": self.rate,
            "labels": list(self.labels),
            "scores": self.scores,
            "abstain_below": 0.3,
            **({"arousal_output": "arousal"} if self.arousal else {}),
            **self.more,
        }
        return {key: value for key, value in whole.items() if key not in self.less}

    def save(self, path: Path, *, described: bool = True) -> Path:
        model = _model(self)
        if described:
            helper.set_model_props(model, {DESCRIPTION_KEY: json.dumps(self.description)})
        onnx.save(model, path)
        return path


def _model(own: OwnModel) -> Any:
    rng = np.random.default_rng(own.seed)
    columns = len(own.labels) + (own.fault == "columns")
    constants = {
        "filters": rng.normal(size=(12, 1, 64)).astype(np.float32),
        "weights": rng.normal(size=(12, columns)).astype(np.float32) * 3,
        "one": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
        "first": np.array([0], dtype=np.int64),
        "long": np.array(30_000, dtype=np.float32),
        "many": np.array(ENDLESS, dtype=np.int64),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["samples", "one"], ["channel"]),
        helper.make_node("Conv", ["channel", "filters"], ["bands"], strides=[32]),
        helper.make_node("Abs", ["bands"], ["levels"]),
        helper.make_node("ReduceMean", ["levels", "last"], ["energy"], keepdims=0),
        helper.make_node("MatMul", ["energy", "weights"], ["plain"]),
        *_faults(own.fault),
    ]
    nodes.append(
        helper.make_node("Softmax", ["faulty"], ["scores"], axis=1)
        if own.scores == "probabilities" and own.fault != "no-sum"
        else helper.make_node("Identity", ["faulty"], ["scores"])
    )
    outputs = [_value("scores", None)]
    if own.arousal:
        nodes += [
            helper.make_node("ReduceMean", ["energy", "one"], ["loudness"], keepdims=1),
            helper.make_node("Sigmoid", ["loudness"], ["arousal"]),
        ]
        outputs.append(_value("arousal", None))
    return helper.make_model(
        helper.make_graph(
            nodes,
            "own",
            [_value("samples", [own.batch, own.samples])],
            outputs,
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        ir_version=9,
        opset_imports=[helper.make_opsetid("", 18)],
    )


def _value(name: str, shape: list[int | str] | None) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _faults(fault: str) -> list[Any]:
    """Nodes from ``plain`` scores to ``faulty`` ones."""
    node = helper.make_node
    spoiled: dict[str, list[Any]] = {
        "nan": [
            node("Sub", ["plain", "plain"], ["zero"]),
            node("Div", ["zero", "zero"], ["faulty"]),
        ],
        "nan-when-long": [
            node("Shape", ["samples"], ["size"], start=1),
            node("Cast", ["size"], ["length"], to=TensorProto.FLOAT),
            node("Sub", ["long", "length"], ["left"]),
            node("Sqrt", ["left"], ["root"]),
            node("Mul", ["plain", "root"], ["faulty"]),
        ],
        "flat": [node("ReduceMean", ["plain", "first"], ["faulty"], keepdims=0)],
        "random": [
            node("RandomNormalLike", ["plain"], ["dice"]),
            node("Add", ["plain", "dice"], ["faulty"]),
        ],
        "hardly-random": [
            node("RandomUniformLike", ["plain"], ["dice"], low=-0.002, high=0.002),
            node("Add", ["plain", "dice"], ["faulty"]),
        ],
        "deaf": [node("Sub", ["plain", "plain"], ["faulty"])],
        "mixes-the-batch": [
            node("ReduceMean", ["plain", "first"], ["middle"], keepdims=1),
            node("Sub", ["plain", "middle"], ["apart"]),
            node("Add", ["apart", "plain"], ["faulty"]),
        ],
        "endless": [_loop(), node("Add", ["plain", "turned"], ["faulty"])],
    }  # fmt: skip
    return spoiled.get(fault, [node("Identity", ["plain"], ["faulty"])])


def _loop() -> Any:
    """A Loop that goes on for hours."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Identity", ["value"], ["next"]),
        ],
        "turn",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            _value("value", None),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), _value("next", None)],
        [],
    )
    return helper.make_node("Loop", ["many", "", "plain"], ["turned"], body=body)
