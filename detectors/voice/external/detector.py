"""A site's own voice model, plugged in: raw sound in, scores out, every promise kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from detectors.artifact import Artifact, loaded
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.reading import Modality, Reading
from detectors.utterance import SAMPLE_RATE
from detectors.voice.external.description import GUIDE, KIND, description_of, understood
from detectors.voice.external.test_signals import said, voiced
from detectors.voice.preprocessing import usable
from detectors.voice.upsampling import doubled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.labels import Emotion
    from detectors.utterance import Utterance

MOST_AT_ONCE = 8
NEAR_ONE = 0.02
"""How far probabilities may be from a sum of 1; half-precision models are off by less."""
SAME = 1e-3
"""Two runs on the same sound may differ by this much: rounding, never dropout."""
_ROWS = 2


class PluggedVoice:
    """Reads utterances with a graph that the site brought.

    The graph takes ``float32[batch, samples]`` in -1..1 and gives ``float32[batch, labels]``,
    logits or probabilities, and where it likes ``float32[batch]`` (or ``[batch, 1]``) of arousal.
    A fixed batch of 1 is run one by one; a fixed number of samples gets the newest of them,
    filled up with silence at the end. Sounds are never padded to each other's length: the
    graph could not tell padding from silence.

    Attributes:
        own: what the model says about itself.
    """

    modality = Modality.VOICE

    def __init__(self, path: Path) -> None:
        """Load the model, and try it once on a made-up sound.

        Raises:
            DetectorUnavailableError: the file is missing or broken, its description is not
                complete, or what it gives for the sound is not what it describes.
        """
        session = loaded(path)
        description = description_of(session, path)
        self.artifact = Artifact(path, session, description)
        self.own = understood(description, path)
        self.name, self.version = self.own.name, self.own.version
        self._input, self._fixed_batch, self._fixed_samples = self._taken()
        self._scores, self._arousal = self._given()
        self._try()

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
        """Read several; those of the same length share one run where the graph allows."""
        results: dict[int, Reading | UnusableUtteranceError] = {}
        sounds: dict[int, NDArray[np.float32]] = {}
        for index, item in enumerate(items):
            try:
                sounds[index] = self._heard(item)
            except UnusableUtteranceError as error:
                results[index] = error
        for group in self._together(sounds):
            scores, arousal = self._run(np.stack([sounds[index] for index in group]))
            for row, index in enumerate(group):
                results[index] = self._reading(items[index], scores[row], arousal[row])
        return [results[index] for index in range(len(items))]

    def _heard(self, item: Utterance) -> NDArray[np.float32]:
        samples = usable(item)
        if samples.size < self.own.shortest_ms * SAMPLE_RATE // 1_000:
            message = f"the sound is too short; this model needs {self.own.shortest_ms} ms"
            raise UnusableUtteranceError(message)
        samples = samples if self.own.sample_rate == SAMPLE_RATE else doubled(samples)
        if self._fixed_samples is None:
            return samples
        newest = samples[-self._fixed_samples :]
        return np.pad(newest, (0, self._fixed_samples - newest.size))

    def _together(self, sounds: dict[int, NDArray[np.float32]]) -> Iterator[list[int]]:
        alike: dict[int, list[int]] = {}
        for index, sound in sounds.items():
            alike.setdefault(sound.size, []).append(index)
        most = 1 if self._fixed_batch else MOST_AT_ONCE
        for group in alike.values():
            for start in range(0, len(group), most):
                yield group[start : start + most]

    def _run(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        outputs = self.artifact.run(**{self._input: samples})
        scores, rows = outputs[self._scores].astype(np.float64), samples.shape[0]
        if scores.shape != (rows, len(self.own.labels)):
            self._refuse(
                f"gives scores of shape {list(scores.shape)} for {rows} sounds and "
                f"{len(self.own.labels)} labels"
            )
        if not self._arousal:
            return self._distribution(scores), np.full(rows, np.nan)
        arousal = outputs[self._arousal].astype(np.float64)
        if arousal.size != rows:
            self._refuse(f"gives arousal of shape {list(arousal.shape)} for {rows} sounds")
        return self._distribution(scores), arousal.reshape(rows)

    def _distribution(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.own.logits:
            heated = scores / self.own.temperature
            with np.errstate(invalid="ignore"):
                odds = np.exp(heated - heated.max(axis=1, keepdims=True))
            return np.asarray(odds / odds.sum(axis=1, keepdims=True))
        total = scores.sum(axis=1, keepdims=True)
        wrong = (np.abs(total - 1) > NEAR_ONE) | (scores < -NEAR_ONE).any(axis=1, keepdims=True)
        if wrong.any():
            self._refuse(
                f"its scores are no probabilities: {np.round(scores[wrong[:, 0]][0], 3).tolist()} "
                "do not lie in 0..1 with a sum of 1; if they are logits, say so"
            )
        return np.asarray(np.clip(scores, 0, None) / np.clip(scores, 0, None).sum(1, keepdims=True))

    def _reading(
        self, item: Utterance, columns: NDArray[np.float64], arousal: float
    ) -> Reading | UnusableUtteranceError:
        if not np.isfinite(columns).all() or (self._arousal and not np.isfinite(arousal)):
            return UnusableUtteranceError("the model gave no number for this sound")
        scores: dict[Emotion, float] = dict.fromkeys(self.own.labels, 0.0)
        for label, score in zip(self.own.labels, columns, strict=True):
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
            abstained=confidence < self.own.abstain_below,
            arousal=float(np.clip(arousal, 0, 1)) if self._arousal else None,
            # It keeps no baseline of its own; another model's goes on as it came.
            baseline=item.baseline,
        )

    def _taken(self) -> tuple[str, bool, int | None]:
        """Of the input: its name, whether the batch is 1, how many samples if that is fixed."""
        taken = self.artifact.session.get_inputs()
        wanted = "one input, float32[batch, samples]"
        if len(taken) != 1:
            self._refuse(f"has {len(taken)} inputs where {wanted} is needed")
        shape = taken[0].shape
        if taken[0].type != "tensor(float)" or len(shape) != _ROWS:
            self._refuse(f"takes {taken[0].type}{shape} where {wanted} is needed")
        batch, samples = shape
        if isinstance(batch, int) and batch != 1:
            self._refuse(f"takes batches of {batch} only; make the batch 1 or dynamic")
        return taken[0].name, batch == 1, samples if isinstance(samples, int) else None

    def _given(self) -> tuple[str, str]:
        """The names of the outputs with the scores and the arousal (empty: none)."""
        names = [output.name for output in self.artifact.session.get_outputs()]
        for name in filter(None, (self.own.scores_output, self.own.arousal_output)):
            if name not in names:
                self._refuse(f"has no output {name!r}; it has {', '.join(names)}")
        return self.own.scores_output or names[0], self.own.arousal_output

    def _try(self) -> None:
        """A model that cannot read a plain sound is refused at start, not in the first call."""
        sound = self._heard(said(voiced(max(1_000, self.own.shortest_ms))))[np.newaxis]
        (first, arousal), (again, _) = self._run(sound), self._run(sound)
        if not np.isfinite(first).all() or (self._arousal and not np.isfinite(arousal).all()):
            self._refuse("gives no number (NaN or infinity) for a plain made-up sound")
        if np.abs(first - again).max() > SAME:
            self._refuse(
                "gives another answer each time for the same sound; export it for inference "
                "(no dropout, no random cropping)"
            )

    def _refuse(self, what: str) -> NoReturn:
        message = f"{self.artifact.path}: {what}; see {GUIDE}"
        raise DetectorUnavailableError(message)


def describe(path: Path) -> dict[str, Any]:
    """What a plugged model is, for lists: name, version, licence, labels.

    Raises:
        DetectorUnavailableError: the file is missing, broken or not described.
    """
    own = understood(description_of(loaded(path), path), path)
    return {"kind": KIND, "name": own.name, "version": own.version, "licence": own.licence,
            "labels": list(own.labels)}  # fmt: skip
