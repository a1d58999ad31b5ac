"""Readings of the same moment become one: what the voice and the words say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.labels import EMOTIONS, NEGATIVE, Emotion
from detectors.reading import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detectors.reading import Reading

SAME_MOMENT_MS = 300
"""Readings this close are about the same moment: recognisers cut lines elsewhere than we do.

Less than the pause that ends an utterance (`Rules.hangover_ms`), so that words never join the
utterance before theirs."""

RELIABILITY: Mapping[Modality, float] = {Modality.VOICE: 1.0, Modality.TEXT: 1.0}
"""How much a modality counts at equal confidence. Equal until measured (issue 4)."""


@dataclass(frozen=True, slots=True)
class Fused:
    """One moment, all modalities weighed by their confidence.

    Attributes:
        scores: probability (0-1) of each of `EMOTIONS`; they sum to 1.
        confidence: of the most confident reading that counted, 0-1.
        disagreement: the voice and the words point to different sides (one to a negative
            emotion, the other not): "the words are polite, the voice is not".
    """

    scores: Mapping[Emotion, float]
    confidence: float
    disagreement: bool = False

    @property
    def strain(self) -> float:
        """Probability of any negative emotion, 0-1."""
        return sum(self.scores[label] for label in NEGATIVE)


def fuse(readings: Iterable[Reading]) -> Fused | None:
    """Weigh the readings of one moment; ``None`` where every one of them abstained.

    Labels a detector does not know count as 0 there. Weights are reliability times confidence.
    """
    heard = [reading for reading in readings if not reading.abstained]
    weights = [RELIABILITY[reading.modality] * reading.confidence for reading in heard]
    total = sum(weights)
    if total <= 0:
        return None
    scores = dict.fromkeys(EMOTIONS, 0.0)
    for reading, weight in zip(heard, weights, strict=True):
        mass = sum(reading.scores.values()) or 1.0
        for label, score in reading.scores.items():
            scores[label] += weight / total * score / mass
    sides = {reading.modality: reading.label in NEGATIVE for reading in heard}
    return Fused(
        scores=scores,
        confidence=max(reading.confidence for reading in heard),
        disagreement=len(set(sides.values())) > 1,
    )
