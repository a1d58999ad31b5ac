"""A site's own voice model, plugged in: raw sound in, scores out, every promise kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import soxr

from detectors.artifact import Artifact, load_session
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.reading import Modality, Reading
from detectors.utterance import SAMPLE_RATE
from detectors.voice.external.description import GUIDE, KIND, load_description, parse_description
from detectors.voice.external.test_signals import make_utterance, synthesise_voice
from detectors.voice.preprocessing import preprocess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.labels import Emotion
    from detectors.utterance import Utterance

MAX_BATCH_SIZE = 8
PROBABILITY_SUM_TOLERANCE = 0.02
"""How far probabilities may be from a sum of 1; half-precision models are off by less."""
REPEAT_TOLERANCE = 1e-3
"""Two runs on the same sound may differ by this much: rounding, never dropout."""
_INPUT_DIMENSIONS = 2


class ExternalVoiceModel:
    """Reads utterances with a graph that the site brought.

    The graph takes ``float32[batch, samples]`` in -1..1 and gives ``float32[batch, labels]``,
    logits or probabilities, and where it likes ``float32[batch]`` (or ``[batch, 1]``) of arousal.
    A fixed batch of 1 is run one by one; a fixed number of samples gets the newest of them,
    filled up with silence at the end. Sounds are never padded to each other's length: the
    graph could not tell padding from silence.

    Attributes:
        description: what the model says about itself.
    """

    modality = Modality.VOICE

    def __init__(self, path: Path) -> None:
        """Load the model, and try it once on a made-up sound.

        Raises:
            DetectorUnavailableError: the file is missing or broken, its description is not
                complete, or what it gives for the sound is not what it describes.
        """
        session = load_session(path)
        description = load_description(session, path)
        self.artifact = Artifact(path, session, description)
        self.description = parse_description(description, path)
        self.name, self.version = self.description.name, self.description.version
        self._input_name, self._fixed_batch, self._fixed_samples = self._inspect_input()
        self._scores_output, self._arousal_output = self._select_outputs()
        self._self_test()

    def read(self, item: Utterance) -> Reading:
        """Read one utterance.

        Raises:
            UnusableUtteranceError: an agent's, too short, silent, not mono sound, or one for
                which the model gives no number.
            DetectorUnavailableError: the model does not run, or gives no probabilities.
        """
        reading = self.read_batch([item])[0]
        if isinstance(reading, UnusableUtteranceError):
            raise reading
        return reading

    def read_batch(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        """Read several utterances; those of equal length share a run where the graph allows it.

        Returns:
            For each utterance, in the same order, its reading or the reason that it cannot be read.
        """
        results: dict[int, Reading | UnusableUtteranceError] = {}
        sounds: dict[int, NDArray[np.float32]] = {}
        for index, item in enumerate(items):
            try:
                sounds[index] = self._prepare(item)
            except UnusableUtteranceError as error:
                results[index] = error
        for group in self._batches(sounds):
            scores, arousal = self._run(np.stack([sounds[index] for index in group]))
            for row, index in enumerate(group):
                results[index] = self._build_reading(items[index], scores[row], arousal[row])
        return [results[index] for index in range(len(items))]

    def _prepare(self, item: Utterance) -> NDArray[np.float32]:
        samples = preprocess(item)
        if samples.size < self.description.shortest_ms * SAMPLE_RATE // 1_000:
            message = f"the sound is too short; this model needs {self.description.shortest_ms} ms"
            raise UnusableUtteranceError(message)
        samples = self._resample(samples)
        if self._fixed_samples is None:
            return samples
        newest = samples[-self._fixed_samples :]
        return np.pad(newest, (0, self._fixed_samples - newest.size))

    def _resample(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """To the model's rate: ``float32[n]`` at 8 kHz, unchanged or ``float32[2n]`` at 16 kHz."""
        rate = self.description.sample_rate
        if rate == SAMPLE_RATE:
            return samples
        return np.asarray(soxr.resample(samples, SAMPLE_RATE, rate), np.float32)

    def _batches(self, sounds: dict[int, NDArray[np.float32]]) -> Iterator[list[int]]:
        indices_by_length: dict[int, list[int]] = {}
        for index, sound in sounds.items():
            indices_by_length.setdefault(sound.size, []).append(index)
        max_size = 1 if self._fixed_batch else MAX_BATCH_SIZE
        for group in indices_by_length.values():
            for start in range(0, len(group), max_size):
                yield group[start : start + max_size]

    def _run(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        outputs = self.artifact.run(**{self._input_name: samples})
        scores, rows = outputs[self._scores_output].astype(np.float64), samples.shape[0]
        if scores.shape != (rows, len(self.description.labels)):
            self._refuse(
                f"gives scores of shape {list(scores.shape)} for {rows} sounds and "
                f"{len(self.description.labels)} labels"
            )
        if not self._arousal_output:
            return self._to_probabilities(scores), np.full(rows, np.nan)
        arousal = outputs[self._arousal_output].astype(np.float64)
        if arousal.size != rows:
            self._refuse(f"gives arousal of shape {list(arousal.shape)} for {rows} sounds")
        return self._to_probabilities(scores), arousal.reshape(rows)

    def _to_probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.description.logits:
            scaled_logits = scores / self.description.temperature
            with np.errstate(invalid="ignore"):
                odds = np.exp(scaled_logits - scaled_logits.max(axis=1, keepdims=True))
            return np.asarray(odds / odds.sum(axis=1, keepdims=True))
        total = scores.sum(axis=1, keepdims=True)
        invalid = (np.abs(total - 1) > PROBABILITY_SUM_TOLERANCE) | (
            scores < -PROBABILITY_SUM_TOLERANCE
        ).any(axis=1, keepdims=True)
        if invalid.any():
            self._refuse(
                "its scores are no probabilities: "
                f"{np.round(scores[invalid[:, 0]][0], 3).tolist()} "
                "do not lie in 0..1 with a sum of 1; if they are logits, say so"
            )
        return np.asarray(np.clip(scores, 0, None) / np.clip(scores, 0, None).sum(1, keepdims=True))

    def _build_reading(
        self, item: Utterance, columns: NDArray[np.float64], arousal: float
    ) -> Reading | UnusableUtteranceError:
        if not np.isfinite(columns).all() or (self._arousal_output and not np.isfinite(arousal)):
            return UnusableUtteranceError("the model gave no number for this sound")
        scores: dict[Emotion, float] = dict.fromkeys(self.description.labels, 0.0)
        for label, score in zip(self.description.labels, columns, strict=True):
            scores[label] += float(score)
        confidence = min(1.0, max(scores.values()))
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores=scores,
            confidence=confidence,
            abstained=confidence < self.description.abstain_below,
            arousal=float(np.clip(arousal, 0, 1)) if self._arousal_output else None,
            # It keeps no baseline of its own; another model's goes on as it came.
            baseline=item.baseline,
        )

    def _inspect_input(self) -> tuple[str, bool, int | None]:
        """Of the input: its name, whether the batch is 1, how many samples if that is fixed."""
        inputs = self.artifact.session.get_inputs()
        expected = "one input, float32[batch, samples]"
        if len(inputs) != 1:
            self._refuse(f"has {len(inputs)} inputs where {expected} is needed")
        shape = inputs[0].shape
        if inputs[0].type != "tensor(float)" or len(shape) != _INPUT_DIMENSIONS:
            self._refuse(f"takes {inputs[0].type}{shape} where {expected} is needed")
        batch, samples = shape
        if isinstance(batch, int) and batch != 1:
            self._refuse(f"takes batches of {batch} only; make the batch 1 or dynamic")
        return inputs[0].name, batch == 1, samples if isinstance(samples, int) else None

    def _select_outputs(self) -> tuple[str, str]:
        """The names of the outputs with the scores and the arousal (empty: none)."""
        names = [output.name for output in self.artifact.session.get_outputs()]
        for name in filter(None, (self.description.scores_output, self.description.arousal_output)):
            if name not in names:
                self._refuse(f"has no output {name!r}; it has {', '.join(names)}")
        return self.description.scores_output or names[0], self.description.arousal_output

    def _self_test(self) -> None:
        """A model that cannot read a plain sound is refused at start, not in the first call."""
        sound = self._prepare(
            make_utterance(synthesise_voice(max(1_000, self.description.shortest_ms)))
        )[np.newaxis]
        (first, arousal), (second, _) = self._run(sound), self._run(sound)
        if not np.isfinite(first).all() or (
            self._arousal_output and not np.isfinite(arousal).all()
        ):
            self._refuse("gives no number (NaN or infinity) for a plain made-up sound")
        if np.abs(first - second).max() > REPEAT_TOLERANCE:
            self._refuse(
                "gives another answer each time for the same sound; export it for inference "
                "(no dropout, no random cropping)"
            )

    def _refuse(self, problem: str) -> NoReturn:
        message = f"{self.artifact.path}: {problem}; see {GUIDE}"
        raise DetectorUnavailableError(message)


def describe(path: Path) -> dict[str, Any]:
    """What a plugged model is, for lists: name, version, licence, labels.

    Raises:
        DetectorUnavailableError: the file is missing, broken or not described.
    """
    description = parse_description(load_description(load_session(path), path), path)
    return {
        "kind": KIND,
        "name": description.name,
        "version": description.version,
        "licence": description.licence,
        "labels": list(description.labels),
    }
