"""The one list of detectors: what can be loaded, from where, under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.artifact import loaded, opened
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
class Registered:
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
        """The model card: data, licence, split, measured figures."""
        return self.artifact.with_suffix(".md")

    def load(self) -> Detector[Any]:
        """Load it.

        Raises:
            DetectorUnavailableError: its model is missing or broken.
        """
        return self.build(self.artifact)

    def description(self) -> dict[str, Any]:
        """What the model file says about itself: version, licence, labels and more.

        Raises:
            DetectorUnavailableError: its model is missing or broken.
        """
        if self.describe is not None:
            return self.describe(self.artifact)
        return dict(opened(self.artifact, kind=self.name).description)


DETECTORS: tuple[Registered, ...] = (
    Registered(voice_model.KIND, Modality.VOICE, voice_model.ARTIFACT, voice_model.VoiceTone),
    Registered(text_model.KIND, Modality.TEXT, text_model.ARTIFACT, text_model.TextEmotion),
)


def registered(modality: Modality) -> Registered:
    """Give the detector of a modality."""
    return next(entry for entry in DETECTORS if entry.modality is modality)


def load(modality: Modality) -> Detector[Any]:
    """Load the detector of a modality.

    Raises:
        DetectorUnavailableError: its model is missing or broken.
    """
    return registered(modality).load()


PLUG = "onnx:"
"""How a setting names a model file: ``onnx:/path/model.onnx``."""


def voice_at(setting: str) -> Registered:
    """Give the voice detector that a setting asks for; empty: the one that ships.

    A file may be of either kind: a site's own model (docs/own-voice-model.md), or one that
    `callmood train voice` wrote.

    Raises:
        DetectorUnavailableError: the setting names no file, or one that does not say what it is.
    """
    if not setting:
        return registered(Modality.VOICE)
    path = Path(setting.removeprefix(PLUG)).expanduser()
    if not setting.startswith(PLUG) or not path.name:
        message = f"CALLMOOD_VOICE={setting}: must be empty or onnx:/path/model.onnx"
        raise DetectorUnavailableError(message)
    if external_description.description_of(loaded(path), path).get("kind") == voice_model.KIND:
        return Registered(voice_model.KIND, Modality.VOICE, path, voice_model.VoiceTone)
    return Registered(
        external_description.KIND, Modality.VOICE, path, detector.PluggedVoice, detector.describe
    )
