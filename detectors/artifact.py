"""An exported model on disk: an ONNX graph that carries its own description."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import onnxruntime as ort

from detectors.detector import DetectorUnavailableError
from detectors.errors import summarize_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

MODELS = Path(__file__).parent / "models"
"""Where the shipped artifacts lie, each beside its model card."""

DESCRIPTION_KEY = "callmood"
"""Key in the graph's ``metadata_props`` under which the JSON description is kept."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A graph ready to run on one core, and what it says about itself.

    Attributes:
        description: ``kind``, ``name``, ``version``, ``licence`` and what its detector needs.
    """

    path: Path
    session: ort.InferenceSession
    description: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Give one part of the description.

        Raises:
            DetectorUnavailableError: the description lacks it.
        """
        try:
            return self.description[key]
        except KeyError:
            message = f"{self.path}: its description lacks {key!r}; export the model again"
            raise DetectorUnavailableError(message) from None

    def run(self, *outputs: str, **inputs: NDArray[np.generic]) -> dict[str, NDArray[np.float32]]:
        """Run the graph; arrays in and out are named as in the graph.

        Args:
            outputs: which ones are needed: the others are not computed. None named: all.
            inputs: the arrays.

        Raises:
            DetectorUnavailableError: the graph does not take these inputs.
        """
        try:
            arrays = self.session.run(outputs or None, inputs)
        except Exception as error:
            # The runtime's exceptions have no common class but RuntimeError and ValueError.
            message = f"{self.path}: the model does not run: {summarize_error(error)}"
            raise DetectorUnavailableError(message) from error
        names = outputs or [output.name for output in self.session.get_outputs()]
        return dict(zip(names, cast("list[NDArray[np.float32]]", arrays), strict=True))


def open_artifact(path: Path, *, kind: str) -> Artifact:
    """Open a model file for one-core use.

    Raises:
        DetectorUnavailableError: the file is missing, is no ONNX model, or is another kind.
    """
    session = load_session(path)
    description = read_description(session, path)
    if description.get("kind") != kind:
        message = f"{path}: a {description.get('kind')!r} model where {kind!r} is needed"
        raise DetectorUnavailableError(message)
    return Artifact(path, session, description)


def load_session(path: Path) -> ort.InferenceSession:
    """Load a graph, whatever it says about itself.

    Raises:
        DetectorUnavailableError: the file is missing, or is no ONNX model.
    """
    if not path.is_file():
        message = f"{path}: no such model file; train one with `callmood train`"
        raise DetectorUnavailableError(message)
    try:
        return ort.InferenceSession(path, _session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:
        message = f"{path}: not a model this runtime can load: {summarize_error(error)}"
        raise DetectorUnavailableError(message) from error


def _session_options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    # One core a worker: calls are the parallel axis, and spinning threads would steal cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def read_description(session: ort.InferenceSession, path: Path) -> dict[str, Any]:
    """Read what a graph says about itself.

    Raises:
        DetectorUnavailableError: nothing, or no JSON object.
    """
    text = session.get_modelmeta().custom_metadata_map.get(DESCRIPTION_KEY)
    if text is None:
        message = f"{path}: an ONNX file without callmood's description"
        raise DetectorUnavailableError(message)
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        message = f"{path}: its description is not a JSON object: {summarize_error(error)}"
        raise DetectorUnavailableError(message) from error
