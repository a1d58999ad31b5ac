"""The voice-tone detector: how something was said, whatever was said."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, opened
from detectors.detector import UnusableUtteranceError
from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from detectors.voice.baseline import mean_features, taken_in
from detectors.voice.usable import usable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.utterance import Utterance

KIND = "voice-tone"
ARTIFACT = MODELS / f"{KIND}.onnx"

MOST_AT_ONCE = 8
"""Utterances in one run of the model; with more, its arrays leave the processor's cache."""

LOUDER_DB = 4.0
HIGHER_SEMITONES = 2.5
ENOUGH_TO_COMPARE = 2
"""Utterances of the customer before "louder" or "higher than before" means anything."""

_DB_PER_NAT = 10 / np.log(10)


class VoiceTone:
    """Reads utterances with a small network; features are part of its graph.

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
        self._size = int(self.artifact["features"])
        self._threshold = float(self.artifact["abstain_below"])
        self._prosody: dict[str, int] = dict(self.artifact["prosody"])

    def read(self, item: Utterance) -> Reading:
        """Read one utterance, normalised by its speaker's baseline if there is one.

        Raises:
            UnusableUtteranceError: an agent's, too short, silent, or not mono sound.
            DetectorUnavailableError: the model does not run.
        """
        reading = self.read_batch([item])[0]
        if isinstance(reading, UnusableUtteranceError):
            raise reading
        return reading

    def read_batch(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        """Read several; those of like length share one run of the model."""
        results: list[Reading | UnusableUtteranceError | None] = [None] * len(items)
        sounds: dict[int, NDArray[np.float32]] = {}
        for index, item in enumerate(items):
            try:
                sounds[index] = usable(item)
            except UnusableUtteranceError as error:
                results[index] = error
        for group in _alike(sounds):
            outputs = self._run([(items[index], sounds[index]) for index in group])
            for row, index in enumerate(group):
                results[index] = self._reading(items[index], outputs, row)
        return [result for result in results if result is not None]

    def _run(
        self, pairs: list[tuple[Utterance, NDArray[np.float32]]]
    ) -> dict[str, NDArray[np.float32]]:
        samples = np.zeros((len(pairs), max(sound.size for _, sound in pairs)), dtype=np.float32)
        means = np.zeros((len(pairs), self._size), dtype=np.float32)
        counts = np.zeros(len(pairs), dtype=np.float32)
        for row, (item, sound) in enumerate(pairs):
            samples[row, : sound.size] = sound
            counts[row], means[row] = mean_features(item.baseline, self._size)
        lengths = np.array([sound.size for _, sound in pairs], dtype=np.int64)
        return self.artifact.run(samples=samples, lengths=lengths, baseline=means, count=counts)

    def _reading(
        self, item: Utterance, outputs: dict[str, NDArray[np.float32]], row: int
    ) -> Reading | UnusableUtteranceError:
        scores, features = outputs["scores"][row], outputs["features"][row]
        if not (np.isfinite(scores).all() and np.isfinite(features).all()):
            return UnusableUtteranceError("the model gave no number for this sound")
        confidence = float(scores.max())
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores=dict(zip(self._labels, map(float, scores), strict=True)),
            confidence=confidence,
            abstained=confidence < self._threshold,
            arousal=float(outputs["arousal"][row]),
            reasons=self._reasons(item, features),
            baseline=taken_in(item.baseline, features),
        )

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


def _alike(sounds: dict[int, NDArray[np.float32]]) -> Iterator[list[int]]:
    """Group sounds so that padding never adds more than a quarter to any of them."""
    order = sorted(sounds, key=lambda index: sounds[index].size)
    cuts = [0]
    for position, index in enumerate(order):
        first = sounds[order[cuts[-1]]].size
        if sounds[index].size > 1.25 * first or position - cuts[-1] == MOST_AT_ONCE:
            cuts.append(position)
    for start, end in pairwise([*cuts, len(order)]):
        if start < end:
            yield order[start:end]
