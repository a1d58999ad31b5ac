"""The voice-tone detector: how something was said, whatever was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, open_artifact
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.labels import CIRCUMPLEX, Emotion
from detectors.reading import Modality, Reading
from detectors.voice.baseline import mean_features, update_baseline
from detectors.voice.preprocessing import pad_to_blocks, preprocess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.utterance import Utterance

KIND = "voice-tone"
ARTIFACT = MODELS / f"{KIND}.onnx"

LEVEL_CHANGE_DB = 4.0
PITCH_CHANGE_SEMITONES = 2.5
MIN_BASELINE_UTTERANCES = 2
"""Utterances of the customer before "louder" or "higher than before" means anything."""

UNKNOWN_LANGUAGE = ""
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
        self.artifact: Artifact = open_artifact(path, kind=KIND)
        self.version: str = str(self.artifact["version"])
        self._labels = tuple(Emotion(label) for label in self.artifact["labels"])
        self._languages: tuple[str, ...] = tuple(self.artifact["languages"])
        self._feature_count = int(self.artifact["features"])
        self._thresholds: dict[str, float] = dict(self.artifact["abstain_below"])
        self._prosody: dict[str, int] = dict(self.artifact["prosody"])
        if UNKNOWN_LANGUAGE not in self._thresholds:
            message = f"{path}: no threshold for languages it does not know; export it again"
            raise DetectorUnavailableError(message)

    def read(self, item: Utterance) -> Reading:
        """Read one utterance, normalised by its speaker's baseline if there is one.

        Raises:
            UnusableUtteranceError: an agent's, too short, silent, or not mono sound.
            DetectorUnavailableError: the model does not run.
        """
        samples = pad_to_blocks(preprocess(item))
        count, mean = mean_features(item.baseline, self._feature_count)
        outputs = self.artifact.run(
            samples=samples[None],
            baseline=mean[None],
            count=np.array([count], dtype=np.float32),
            language=np.array([self._language_index(item.language)], dtype=np.int64),
        )
        return self._build_reading(item, {name: values[0] for name, values in outputs.items()})

    def read_batch(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        """Read several utterances, one after the other: a single one keeps a core busy already.

        Returns:
            For each utterance, in the same order, its reading or the reason that it cannot be read.
        """
        return [self._read_or_refuse(item) for item in items]

    def _read_or_refuse(self, item: Utterance) -> Reading | UnusableUtteranceError:
        try:
            return self.read(item)
        except UnusableUtteranceError as error:
            return error

    def _language_index(self, language: str) -> int:
        """A language's place in the model; the place after the last is everybody else's."""
        is_known = language in self._languages
        return self._languages.index(language) if is_known else len(self._languages)

    def _build_reading(self, item: Utterance, outputs: dict[str, NDArray[np.float32]]) -> Reading:
        scores, features = outputs["scores"], outputs["features"]
        if not (np.isfinite(scores).all() and np.isfinite(features).all()):
            message = "the model gave no number for this sound"
            raise UnusableUtteranceError(message)
        confidence = float(scores.max())
        threshold = self._thresholds.get(item.language, self._thresholds[UNKNOWN_LANGUAGE])
        abstained = confidence < threshold
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores=dict(zip(self._labels, map(float, scores), strict=True)),
            confidence=confidence,
            abstained=abstained,
            arousal=float(outputs["arousal"]),
            valence=self._valence(scores),
            reasons=self._reasons(item, features),
            baseline=update_baseline(item.baseline, features),
        )

    def _valence(self, scores: NDArray[np.float32]) -> float:
        """Pleasure that the scores speak of (`CIRCUMPLEX`); nobody rated any clip's."""
        return float(sum(s * CIRCUMPLEX[e][0] for e, s in zip(self._labels, scores, strict=True)))

    def _reasons(self, item: Utterance, features: NDArray[np.float32]) -> tuple[str, ...]:
        """Name what differs from the customer's own earlier speech; measured, never guessed."""
        count, mean = mean_features(item.baseline, self._feature_count)
        if count < MIN_BASELINE_UTTERANCES:
            return ()
        change = features - mean
        decibels = change[self._prosody["level"]] * _DB_PER_NAT
        semitones = change[self._prosody["pitch"]] * 12
        conditions = {
            "voice:louder": decibels >= LEVEL_CHANGE_DB,
            "voice:quieter": decibels <= -LEVEL_CHANGE_DB,
            "voice:higher_pitch": semitones >= PITCH_CHANGE_SEMITONES,
            "voice:lower_pitch": semitones <= -PITCH_CHANGE_SEMITONES,
        }
        return tuple(code for code, is_met in conditions.items() if is_met)
