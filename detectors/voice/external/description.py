"""What a site's own voice model says about itself: rate, labels, kind of scores, licence."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from detectors.artifact import DESCRIPTION_KEY, described
from detectors.detector import DetectorUnavailableError
from detectors.labels import EMOTIONS, Emotion
from detectors.utterance import SAMPLE_RATE
from detectors.voice.preprocessing import LONGEST_MS, SHORTEST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import onnxruntime as ort

KIND = "own-voice"
GUIDE = "docs/own-voice-model.md"
RATES = (SAMPLE_RATE, 2 * SAMPLE_RATE)
SCORES = ("logits", "probabilities")
KNOWN = frozenset(
    {"kind", "name", "version", "licence", "sample_rate", "labels", "scores", "abstain_below"}
    | {"temperature", "shortest_ms", "scores_output", "arousal_output"}
)
"""Every part that a description may have."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Own:
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


def beside(path: Path) -> Path:
    """Where the description may lie, for a graph that cannot carry it: ``model.onnx.json``."""
    return path.with_name(f"{path.name}.json")


def description_of(session: ort.InferenceSession, path: Path) -> dict[str, Any]:
    """Read the file beside the model if there is one, else the graph's own metadata.

    Raises:
        DetectorUnavailableError: neither is there, or it is no JSON object.
    """
    note = beside(path)
    if note.is_file():
        return _json_object(note)
    if DESCRIPTION_KEY not in session.get_modelmeta().custom_metadata_map:
        message = (
            f"{path}: does not say what it is: no {DESCRIPTION_KEY!r} in its metadata and "
            f"no {note.name} beside it; {GUIDE} shows how to describe a model"
        )
        raise DetectorUnavailableError(message)
    return described(session, path)


def _json_object(note: Path) -> dict[str, Any]:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{note}: not readable as JSON: {error}"
        raise DetectorUnavailableError(message) from error
    if not isinstance(content, dict):
        message = f"{note}: must be a JSON object; {GUIDE} shows one"
        raise DetectorUnavailableError(message)
    return content


def understood(description: Mapping[str, Any], path: Path) -> Own:
    """Check every part of a description.

    Raises:
        DetectorUnavailableError: a part is missing or wrong; names it, and what it may be.
    """
    ask = _Asking(description, path)
    ask.nothing_else()
    ask.part("kind", lambda value: value == KIND, f"must be {KIND!r}")
    own_version = ask.text("version", default="")
    return Own(
        name=ask.part("name", _is_name, "must be lower-case letters, digits and -", KIND),
        version="-".join(filter(None, (own_version, content_hash(path, description)))),
        licence=ask.text("licence"),
        sample_rate=ask.part("sample_rate", lambda v: v in RATES, "must be 8000 or 16000"),
        labels=ask.labels(),
        logits=ask.part("scores", lambda v: v in SCORES, f"must be {' or '.join(SCORES)}")
        == "logits",
        abstain_below=ask.number("abstain_below", 0, 1),
        temperature=ask.number("temperature", 0.01, 100, default=1.0),
        shortest_ms=int(ask.number("shortest_ms", SHORTEST_MS, LONGEST_MS, default=SHORTEST_MS)),
        scores_output=ask.text("scores_output", default=""),
        arousal_output=ask.text("arousal_output", default=""),
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


class _Asking:
    """Takes a description apart; what is wrong is told with the file and the part."""

    def __init__(self, description: Mapping[str, Any], path: Path) -> None:
        self._description, self._path = description, path

    def part(
        self, key: str, fits: Callable[[Any], bool], rule: str, default: Any = _REQUIRED
    ) -> Any:
        value = self._description.get(key, default)
        if value is _REQUIRED:
            self._refuse(f"its description lacks {key!r}, which {rule}")
        if not fits(value):
            self._refuse(f"{key!r} {rule}, not {value!r}")
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        def fits(value: Any) -> bool:
            one_line = isinstance(value, str) and value == " ".join(value.split())
            return one_line and (bool(value) or default is not _REQUIRED)

        return str(self.part(key, fits, "must be one line of text", default))

    def number(self, key: str, least: float, most: float, default: Any = _REQUIRED) -> float:
        def fits(value: Any) -> bool:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and least <= value <= most

        return float(self.part(key, fits, f"must be a number from {least} to {most}", default))

    def labels(self) -> tuple[Emotion, ...]:
        known = ", ".join(EMOTIONS)
        names = self.part("labels", _is_list, f"must be a list of {known}")
        strange = [name for name in names if name not in list(EMOTIONS)]
        if strange:
            self._refuse(f"'labels' has {strange[0]!r}; known are {known}")
        return tuple(map(Emotion, names))

    def nothing_else(self) -> None:
        strange = sorted(set(self._description) - KNOWN)
        if strange:
            known = ", ".join(sorted(KNOWN))
            self._refuse(f"its description has {strange[0]!r}; known are {known}")

    def _refuse(self, what: str) -> NoReturn:
        message = f"{self._path}: {what}; see {GUIDE}"
        raise DetectorUnavailableError(message)


def _is_list(value: Any) -> bool:
    least = 2
    return isinstance(value, list) and len(set(map(str, value))) >= least
