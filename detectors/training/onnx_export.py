"""Writing a torch module as an ONNX graph that describes itself."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from typing import TYPE_CHECKING, Any

import onnx
import torch

from detectors.artifact import DESCRIPTION_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

OPSET = 18
FORMAT = 1
"""First part of every version: inputs and outputs of the graph are the same within it."""
HALF_PRECISION_PREFIXES = ("head.",)
"""Weights under these names are kept as float16: half the size, and no measurable change."""


def export_graph(
    module: nn.Module,
    *,
    inputs: Mapping[str, Tensor],
    outputs: tuple[str, ...],
    shapes: tuple[Mapping[int, Any], ...] | None = None,
) -> onnx.ModelProto:
    """Trace ``module`` into a graph; ``shapes`` names the dimensions that may differ, if any."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        message = f"torch exported nothing of {type(module).__name__}"
        raise RuntimeError(message)
    return program.model_proto


def join_graphs(
    first: onnx.ModelProto, second: onnx.ModelProto, *, tensor: str, outputs: tuple[str, ...]
) -> onnx.ModelProto:
    """Put ``second`` behind ``first``: the tensor ``tensor`` is given by one, taken by the other.

    ``outputs`` names the outputs of the whole; one of them may be ``tensor`` itself.
    """
    head = onnx.compose.add_prefix(second, "head.", rename_inputs=False, rename_outputs=False)
    head.ir_version = first.ir_version
    opsets = {(each.domain, each.version) for each in first.opset_import}
    del head.opset_import[:]
    head.opset_import.extend(onnx.helper.make_opsetid(*each) for each in sorted(opsets))
    merged = onnx.compose.merge_models(
        first, head, io_map=[(tensor, tensor)], outputs=[n for n in outputs if n != tensor]
    )
    merged.graph.output.extend(each for each in first.graph.output if each.name in outputs)
    return merged


def save_graph(model: onnx.ModelProto, path: Path, description: Mapping[str, Any]) -> None:
    """Write a graph with its description, learnt matrices of a head as float16."""
    _store_as_float16(model)
    set_description(model, description)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def add_version(description: Mapping[str, Any], weights: Iterable[NDArray[Any]]) -> dict[str, Any]:
    """Add a version that changes with the weights and with whatever else decides a reading."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for weight in weights:
        digest.update(weight.tobytes())
    return {**description, "version": f"{FORMAT}.{digest.hexdigest()[:8]}"}


def set_description(model: onnx.ModelProto, description: Mapping[str, Any]) -> None:
    """Put the description, and nothing about the machine it was made on, into the metadata."""
    onnx.helper.set_model_props(
        model, {DESCRIPTION_KEY: json.dumps(description, ensure_ascii=False, sort_keys=True)}
    )
    for node in model.graph.node:
        # The exporter writes stack traces with file paths into every node.
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]


def _store_as_float16(model: onnx.ModelProto) -> None:
    """Store learnt matrices as float16 with a cast, which the runtime folds when it loads."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or len(weight.dims) < len(("in", "out")):
            continue
        if not weight.name.startswith(HALF_PRECISION_PREFIXES):
            continue
        name = weight.name
        values = onnx.numpy_helper.to_array(weight).astype("float16")
        weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}.half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
        )
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
