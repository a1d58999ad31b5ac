"""The one list of detectors: what can be loaded, from where, under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.artifact import load_session, open_artifact
from detectors.detector import DetectorUnavailableError
from detectors.reading import Modality
from detectors.text import model as text_model
from detectors.voice import model as voice_model
from detectors.voice.external import description as external_description
from detectors.voice.external import detector

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.detector import Detector


@dataclass(frozen=True, slots=True)
class DetectorEntry:
    """A detector that can be loaded.

    Attributes:
        artifact: the model file; the card of one that ships lies beside it.
        build: loads the detector from a model file.
        describe: reads what a model file says about itself, where that is not its own kind of
            metadata alone.
    """

    name: str
    modality: Modality
    artifact: Path
    build: Callable[[Path], Detector[Any]]
    describe: Callable[[Path], dict[str, Any]] | None = None

    @property
    def card(self) -> Path:
        """Path of the model card: data, licence, split, measured figures."""
        return self.artifact.with_suffix(".md")

    def load(self) -> Detector[Any]:
        """Load it.

        Raises:
            DetectorUnavailableError: its model is missing or broken.
        """
        return self.build(self.artifact)

    def read_description(self) -> dict[str, Any]:
        """What the model file says about itself: version, licence, labels and more.

        Raises:
            DetectorUnavailableError: its model is missing or broken.
        """
        if self.describe is not None:
            return self.describe(self.artifact)
        return dict(open_artifact(self.artifact, kind=self.name).description)


DETECTORS: tuple[DetectorEntry, ...] = (
    DetectorEntry(voice_model.KIND, Modality.VOICE, voice_model.ARTIFACT, voice_model.VoiceTone),
    DetectorEntry(text_model.KIND, Modality.TEXT, text_model.ARTIFACT, text_model.TextEmotion),
)


def find_entry(modality: Modality) -> DetectorEntry:
    """Find the shipped detector of a modality."""
    return next(entry for entry in DETECTORS if entry.modality is modality)


def load(modality: Modality) -> Detector[Any]:
    """Load the detector of a modality.

    Raises:
        DetectorUnavailableError: its model is missing or broken.
    """
    return find_entry(modality).load()


ONNX_PREFIX = "onnx:"
"""How a setting names a model file: ``onnx:/path/model.onnx``."""


def find_voice_detector(setting: str) -> DetectorEntry:
    """Give the voice detector that a setting asks for; empty: the one that ships.

    A file may be of either kind: a site's own model (docs/own-voice-model.md), or one that
    `callmood train voice` wrote.

    Raises:
        DetectorUnavailableError: the setting names no file, or one that does not say what it is.
    """
    if not setting:
        return find_entry(Modality.VOICE)
    path = Path(setting.removeprefix(ONNX_PREFIX)).expanduser()
    if not setting.startswith(ONNX_PREFIX) or not path.name:
        message = f"CALLMOOD_VOICE={setting}: must be empty or onnx:/path/model.onnx"
        raise DetectorUnavailableError(message)
    if (
        external_description.load_description(load_session(path), path).get("kind")
        == voice_model.KIND
    ):
        return DetectorEntry(voice_model.KIND, Modality.VOICE, path, voice_model.VoiceTone)
    return DetectorEntry(
        external_description.KIND,
        Modality.VOICE,
        path,
        detector.ExternalVoiceModel,
        detector.describe,
    )
