"""What a site's own voice model says about itself: rate, labels, kind of scores, licence."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from detectors.artifact import DESCRIPTION_KEY, read_description
from detectors.detector import DetectorUnavailableError
from detectors.labels import EMOTIONS, Emotion
from detectors.utterance import SAMPLE_RATE
from detectors.voice.preprocessing import MAX_SOUND_MS, MIN_SOUND_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import onnxruntime as ort

KIND = "own-voice"
GUIDE = "docs/own-voice-model.md"
SUPPORTED_SAMPLE_RATES = (SAMPLE_RATE, 2 * SAMPLE_RATE)
SCORE_KINDS = ("logits", "probabilities")
ALLOWED_KEYS = frozenset(
    {"kind", "name", "version", "licence", "sample_rate", "labels", "scores", "abstain_below"}
    | {"temperature", "shortest_ms", "scores_output", "arousal_output"}
)
"""Every part that a description may have."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class ExternalModelDescription:
    """A complete description. docs/own-voice-model.md explains each part.

    Attributes:
        version: the owner's own word and a hash of graph and description: it changes whenever
            the readings may.
        sample_rate: 8,000 or 16,000 Hz: what the graph wants.
        labels: one a column of the scores; columns with the same label are added up.
        logits: the scores are logits, not probabilities.
        abstain_below: confidence, 0-1, under which the detector stays silent.
        temperature: what logits are divided by, above 0.
        shortest_ms: shorter speech is refused.
        scores_output: name of the output with the scores; empty: the graph's first.
        arousal_output: name of the output with the arousal; empty: there is none.
    """

    name: str
    version: str
    licence: str
    sample_rate: int
    labels: tuple[Emotion, ...]
    logits: bool
    abstain_below: float
    temperature: float
    shortest_ms: int
    scores_output: str
    arousal_output: str


def sidecar_path(path: Path) -> Path:
    """Where the description may lie, for a graph that cannot carry it: ``model.onnx.json``."""
    return path.with_name(f"{path.name}.json")


def load_description(session: ort.InferenceSession, path: Path) -> dict[str, Any]:
    """Read the file beside the model if there is one, else the graph's own metadata.

    Raises:
        DetectorUnavailableError: neither is there, or it is no JSON object.
    """
    sidecar = sidecar_path(path)
    if sidecar.is_file():
        return _load_json_object(sidecar)
    if DESCRIPTION_KEY not in session.get_modelmeta().custom_metadata_map:
        message = (
            f"{path}: does not say what it is: no {DESCRIPTION_KEY!r} in its metadata and "
            f"no {sidecar.name} beside it; {GUIDE} shows how to describe a model"
        )
        raise DetectorUnavailableError(message)
    return read_description(session, path)


def _load_json_object(sidecar: Path) -> dict[str, Any]:
    try:
        content = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{sidecar}: not readable as JSON: {error}"
        raise DetectorUnavailableError(message) from error
    if not isinstance(content, dict):
        message = f"{sidecar}: must be a JSON object; {GUIDE} shows one"
        raise DetectorUnavailableError(message)
    return content


def parse_description(description: Mapping[str, Any], path: Path) -> ExternalModelDescription:
    """Check every part of a description.

    Raises:
        DetectorUnavailableError: a part is missing or wrong; names it, and what it may be.
    """
    parser = _DescriptionParser(description, path)
    parser.reject_unknown_keys()
    parser.get("kind", lambda value: value == KIND, f"must be {KIND!r}")
    own_version = parser.get_text("version", default="")
    return ExternalModelDescription(
        name=parser.get("name", _is_name, "must be lower-case letters, digits and -", KIND),
        version="-".join(filter(None, (own_version, content_hash(path, description)))),
        licence=parser.get_text("licence"),
        sample_rate=parser.get(
            "sample_rate", lambda v: v in SUPPORTED_SAMPLE_RATES, "must be 8000 or 16000"
        ),
        labels=parser.get_labels(),
        logits=parser.get(
            "scores", lambda v: v in SCORE_KINDS, f"must be {' or '.join(SCORE_KINDS)}"
        )
        == "logits",
        abstain_below=parser.get_number("abstain_below", 0, 1),
        temperature=parser.get_number("temperature", 0.01, 100, default=1.0),
        shortest_ms=int(
            parser.get_number("shortest_ms", MIN_SOUND_MS, MAX_SOUND_MS, default=MIN_SOUND_MS)
        ),
        scores_output=parser.get_text("scores_output", default=""),
        arousal_output=parser.get_text("arousal_output", default=""),
    )


def content_hash(path: Path, description: Mapping[str, Any]) -> str:
    """Eight hex digits over the graph, weights kept beside it (``.data``) and its description."""
    content = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for part in (path, path.with_name(f"{path.name}.data")):
        if part.is_file():
            with part.open("rb") as stream:
                content.update(hashlib.file_digest(stream, "sha256").digest())
    return content.hexdigest()[:8]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None and value != "voice-tone"


_REQUIRED = object()


class _DescriptionParser:
    """Takes a description apart; what is wrong is told with the file and the part."""

    def __init__(self, description: Mapping[str, Any], path: Path) -> None:
        self._description, self._path = description, path

    def get(
        self, key: str, is_valid: Callable[[Any], bool], requirement: str, default: Any = _REQUIRED
    ) -> Any:
        value = self._description.get(key, default)
        if value is _REQUIRED:
            self._refuse(f"its description lacks {key!r}, which {requirement}")
        if not is_valid(value):
            self._refuse(f"{key!r} {requirement}, not {value!r}")
        return value

    def get_text(self, key: str, default: Any = _REQUIRED) -> str:
        def is_valid(value: Any) -> bool:
            one_line = isinstance(value, str) and value == " ".join(value.split())
            return one_line and (bool(value) or default is not _REQUIRED)

        return str(self.get(key, is_valid, "must be one line of text", default))

    def get_number(
        self, key: str, minimum: float, maximum: float, default: Any = _REQUIRED
    ) -> float:
        def is_valid(value: Any) -> bool:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and minimum <= value <= maximum

        return float(
            self.get(key, is_valid, f"must be a number from {minimum} to {maximum}", default)
        )

    def get_labels(self) -> tuple[Emotion, ...]:
        allowed = ", ".join(EMOTIONS)
        names = self.get("labels", _is_label_list, f"must be a list of {allowed}")
        unknown = [name for name in names if name not in list(EMOTIONS)]
        if unknown:
            self._refuse(f"'labels' has {unknown[0]!r}; known are {allowed}")
        return tuple(map(Emotion, names))

    def reject_unknown_keys(self) -> None:
        unknown = sorted(set(self._description) - ALLOWED_KEYS)
        if unknown:
            allowed = ", ".join(sorted(ALLOWED_KEYS))
            self._refuse(f"its description has {unknown[0]!r}; known are {allowed}")

    def _refuse(self, problem: str) -> NoReturn:
        message = f"{self._path}: {problem}; see {GUIDE}"
        raise DetectorUnavailableError(message)


def _is_label_list(value: Any) -> bool:
    min_labels = 2
    return isinstance(value, list) and len(set(map(str, value))) >= min_labels
