"""The one list of detectors: what can be loaded, from where, under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.artifact import opened
from detectors.reading import Modality
from detectors.text import emotion
from detectors.voice import tone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from detectors.detector import Detector


@dataclass(frozen=True, slots=True)
class Registered:
    """A detector that ships.

    Attributes:
        artifact: the model file; its card lies beside it.
        build: loads the detector from a model file.
    """

    name: str
    modality: Modality
    artifact: Path
    build: Callable[[Path], Detector[Any]]

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
        return dict(opened(self.artifact, kind=self.name).description)


DETECTORS: tuple[Registered, ...] = (
    Registered(tone.KIND, Modality.VOICE, tone.ARTIFACT, tone.VoiceTone),
    Registered(emotion.KIND, Modality.TEXT, emotion.ARTIFACT, emotion.TextEmotion),
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
