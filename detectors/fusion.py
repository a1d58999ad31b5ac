"""Fusion: the readings of voice and words of the same moment become one.

**Where the weights come from.** No corpus here has both the voice and the words of the same moment
with a label, so no weight can be fitted end to end. Instead each detector is trusted as far as it
was right about the same emotion on unseen speakers (or lines): `RELIABILITY`. See
docs/decisions/0022-fusion-by-reliability.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.labels import EMOTIONS, NEGATIVE, Emotion
from detectors.reading import Contrast, Modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.reading import Reading

SAME_MOMENT_MS = 300
"""Readings this close are about the same moment, as recognisers cut lines elsewhere than we do.

Less than the pause that ends an utterance (`EndpointerConfig.hangover_ms`), so words never join
the utterance before theirs."""

OUT_OF_DOMAIN_RATIO = 0.71
"""Share of the voice's reliability that remains for unseen speakers, rooms and languages.

For anger, over mu-law, in the model card of voice 1.d7835c5e: AUCs of .88, .89 and .77, for one
language with training on the two others, are a reliability of .69, against .97 in known languages.
Words need no such factor: they are measured on texts that people wrote spontaneously."""

RELIABILITY: Mapping[Modality, Mapping[Emotion, float]] = {
    Modality.VOICE: {
        Emotion.NEUTRAL: 0.88 * OUT_OF_DOMAIN_RATIO,
        Emotion.JOY: 0.90 * OUT_OF_DOMAIN_RATIO,
        Emotion.ANGER: 0.97 * OUT_OF_DOMAIN_RATIO,
        Emotion.SADNESS: 0.86 * OUT_OF_DOMAIN_RATIO,
        Emotion.FEAR: 0.97 * OUT_OF_DOMAIN_RATIO,
        Emotion.DISGUST: 0.92 * OUT_OF_DOMAIN_RATIO,
        Emotion.SURPRISE: 0.99 * OUT_OF_DOMAIN_RATIO,
        Emotion.BOREDOM: 0.97 * OUT_OF_DOMAIN_RATIO,
    },
    Modality.TEXT: {
        Emotion.NEUTRAL: 0.65,
        Emotion.JOY: 0.78,
        Emotion.ANGER: 0.71,
        Emotion.SADNESS: 0.70,
        Emotion.FEAR: 0.94,
        Emotion.DISGUST: 0.63,
        Emotion.SURPRISE: 0.63,
        Emotion.BOREDOM: 0.81,
    },
}
"""How reliable a detector is for an emotion: 0 is chance, 1 never wrong. Measured on 25 November
2026 with voice-tone 1.d7835c5e and text-emotion 1.d043d2c4, by
`python -m detectors.evaluation.reliability ../shared/data`. Not per language: a reading does not
carry its language, and the Korean voices are 60 readings of two people."""

AROUSAL_TRUST: Mapping[Modality, float] = {Modality.VOICE: 3.0, Modality.TEXT: 1.0}
VALENCE_TRUST: Mapping[Modality, float] = {Modality.VOICE: 1.0, Modality.TEXT: 3.0}
"""At equal confidence the voice decides three quarters of the arousal, the words three quarters of
the valence. An assumption, after what speech models reach on people's ratings without knowing the
words: arousal well, valence hardly (Wagner et al., 2023, "Dawn of the transformer era in speech
emotion recognition: closing the valence gap", who close it by what the model knows of words)."""

CONTRAST_THRESHOLD = 0.65
"""A side is taken when this much of a reading's probability lies on it: two thirds, so that two
readings that merely lean apart do not count as a contradiction."""


@dataclass(frozen=True, slots=True)
class FusedReading:
    """One moment, every reading weighted by its confidence and its reliability.

    Attributes:
        scores: probability (0-1) of each of `EMOTIONS`; they sum to 1.
        confidence: of the most confident reading that counted, 0-1.
        arousal: 0 (low) to 1 (high), mostly the voice's; ``None`` where no reading estimates it.
        valence: -1 (unpleasant) to 1 (pleasant), mostly the words'; ``None`` likewise.
        contrast: the voice and the words contradict each other, and how.
    """

    scores: Mapping[Emotion, float]
    confidence: float
    arousal: float | None = None
    valence: float | None = None
    contrast: Contrast | None = None

    @property
    def strain(self) -> float:
        """Probability of any negative emotion, 0-1."""
        # In the order of the labels: a set's order, and so the last digit, differs by process.
        return sum(self.scores[label] for label in EMOTIONS if label in NEGATIVE)

    @property
    def disagreement(self) -> bool:
        """Whether voice and words contradict each other, both with confidence."""
        return self.contrast is not None


def fuse(readings: Iterable[Reading]) -> FusedReading | None:
    """Combine the readings of one moment, each with its `weight`.

    Args:
        readings: of one moment, in any order. Those that abstained are left out, and a label
            that a detector does not know counts as 0 there.

    Returns:
        The weighted mean; ``None`` where every reading abstained or has weight 0.
    """
    informative = sorted(
        (reading for reading in readings if not reading.abstained and weight(reading) > 0),
        key=lambda reading: (reading.modality, reading.span.start_ms, reading.reading_id),
    )
    if not informative:
        return None
    return FusedReading(
        scores=_pool_scores(informative),
        confidence=max(reading.confidence for reading in informative),
        arousal=_weighted_mean(
            [(r.arousal, AROUSAL_TRUST[r.modality] * r.confidence) for r in informative]
        ),
        valence=_weighted_mean(
            [(r.valence, VALENCE_TRUST[r.modality] * r.confidence) for r in informative]
        ),
        contrast=_find_contrast(informative),
    )


def weight(reading: Reading) -> float:
    """How much a reading counts: its confidence times its reliability.

    The reliability is the mean of `RELIABILITY` over the reading's own scores, so that a voice
    that sounds angry counts for more than one that sounds joyful, and glad words for more than
    neutral ones.

    Returns:
        0-1.
    """
    scores = distribution(reading)
    reliability = RELIABILITY[reading.modality]
    return reading.confidence * sum(reliability[label] * score for label, score in scores.items())


def distribution(reading: Reading) -> dict[Emotion, float]:
    """Scale a reading's scores to sum 1, also those of a model that scores each label alone.

    Returns:
        A probability (0-1) per label; all 0 if the reading has no score above 0.
    """
    mass = sum(reading.scores.values()) or 1.0
    return {label: score / mass for label, score in reading.scores.items()}


def _pool_scores(readings: Sequence[Reading]) -> dict[Emotion, float]:
    scores = dict.fromkeys(EMOTIONS, 0.0)
    total = sum(map(weight, readings))
    for reading in readings:
        share = weight(reading) / total
        for label, score in distribution(reading).items():
            scores[label] += share * score
    return scores


def _weighted_mean(weighted_values: Iterable[tuple[float | None, float]]) -> float | None:
    estimates = [(value, weight) for value, weight in weighted_values if value is not None]
    total = sum(weight for _, weight in estimates)
    return sum(value * weight for value, weight in estimates) / total if total > 0 else None


def _find_contrast(readings: Sequence[Reading]) -> Contrast | None:
    strains = {reading.modality: _strain(reading) for reading in readings}
    if len(strains) < len(Modality):
        return None
    voice, words = strains[Modality.VOICE], strains[Modality.TEXT]
    if voice >= CONTRAST_THRESHOLD and 1 - words >= CONTRAST_THRESHOLD:
        return Contrast.STRAINED_VOICE
    return (
        Contrast.STRAINED_WORDS
        if words >= CONTRAST_THRESHOLD and 1 - voice >= CONTRAST_THRESHOLD
        else None
    )


def _strain(reading: Reading) -> float:
    scores = distribution(reading)
    return sum(score for label, score in scores.items() if label in NEGATIVE)
