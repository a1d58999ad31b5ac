"""The voice-tone detector: how something was said, whatever was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, opened
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.labels import CIRCUMPLEX, Emotion
from detectors.reading import Modality, Reading
from detectors.voice.baseline import mean_features, taken_in
from detectors.voice.preprocessing import framed, usable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.utterance import Utterance

KIND = "voice-tone"
ARTIFACT = MODELS / f"{KIND}.onnx"

LOUDER_DB = 4.0
HIGHER_SEMITONES = 2.5
ENOUGH_TO_COMPARE = 2
"""Utterances of the customer before "louder" or "higher than before" means anything."""

STRANGER = ""
"""Stands for every language the model was not taught."""

_DB_PER_NAT = 10 / np.log(10)


class VoiceTone:
    """Reads utterances with a speech encoder and a small network; features are part of its graph.

    Attributes:
        artifact: the opened model.
    """

    name = KIND
    modality = Modality.VOICE

    def __init__(self, path: Path = ARTIFACT) -> None:
        """Load the model.

        Raises:
            DetectorUnavailableError: the file is missing, broken or another kind.
        """
        self.artifact: Artifact = opened(path, kind=KIND)
        self.version: str = str(self.artifact["version"])
        self._labels = tuple(Emotion(label) for label in self.artifact["labels"])
        self._languages: tuple[str, ...] = tuple(self.artifact["languages"])
        self._size = int(self.artifact["features"])
        self._thresholds: dict[str, float] = dict(self.artifact["abstain_below"])
        self._prosody: dict[str, int] = dict(self.artifact["prosody"])
        if STRANGER not in self._thresholds:
            message = f"{path}: no threshold for languages it does not know; export it again"
            raise DetectorUnavailableError(message)

    def read(self, item: Utterance) -> Reading:
        """Read one utterance, normalised by its speaker's baseline if there is one.

        Raises:
            UnusableUtteranceError: an agent's, too short, silent, or not mono sound.
            DetectorUnavailableError: the model does not run.
        """
        samples = framed(usable(item))
        count, mean = mean_features(item.baseline, self._size)
        outputs = self.artifact.run(
            samples=samples[None],
            baseline=mean[None],
            count=np.array([count], dtype=np.float32),
            language=np.array([self._number(item.language)], dtype=np.int64),
        )
        return self._reading(item, {name: values[0] for name, values in outputs.items()})

    def read_batch(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        """Read several, one by one: a single utterance fills a core already."""
        return [self._tried(item) for item in items]

    def _tried(self, item: Utterance) -> Reading | UnusableUtteranceError:
        try:
            return self.read(item)
        except UnusableUtteranceError as error:
            return error

    def _number(self, language: str) -> int:
        """A language's place in the model; the place after the last is everybody else's."""
        known = language in self._languages
        return self._languages.index(language) if known else len(self._languages)

    def _reading(self, item: Utterance, outputs: dict[str, NDArray[np.float32]]) -> Reading:
        scores, features = outputs["scores"], outputs["features"]
        if not (np.isfinite(scores).all() and np.isfinite(features).all()):
            message = "the model gave no number for this sound"
            raise UnusableUtteranceError(message)
        confidence = float(scores.max())
        threshold = self._thresholds.get(item.language, self._thresholds[STRANGER])
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores=dict(zip(self._labels, map(float, scores), strict=True)),
            confidence=confidence,
            abstained=confidence < threshold,
            arousal=float(outputs["arousal"]),
            valence=self._valence(scores),
            reasons=self._reasons(item, features),
            baseline=taken_in(item.baseline, features),
        )

    def _valence(self, scores: NDArray[np.float32]) -> float:
        """Pleasure that the scores speak of (`CIRCUMPLEX`); nobody rated any clip's."""
        return float(sum(s * CIRCUMPLEX[e][0] for e, s in zip(self._labels, scores, strict=True)))

    def _reasons(self, item: Utterance, features: NDArray[np.float32]) -> tuple[str, ...]:
        """Name what differs from the customer's own earlier speech; measured, never guessed."""
        count, mean = mean_features(item.baseline, self._size)
        if count < ENOUGH_TO_COMPARE:
            return ()
        change = features - mean
        decibels = change[self._prosody["level"]] * _DB_PER_NAT
        semitones = change[self._prosody["pitch"]] * 12
        found = {
            "voice:louder": decibels >= LOUDER_DB,
            "voice:quieter": decibels <= -LOUDER_DB,
            "voice:higher_pitch": semitones >= HIGHER_SEMITONES,
            "voice:lower_pitch": semitones <= -HIGHER_SEMITONES,
        }
        return tuple(code for code, so in found.items() if so)
