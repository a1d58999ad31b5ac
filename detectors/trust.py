"""How much of a reading may move a mood. The untrusted part counts as neutral.

The voice model is trained on acted emotions that are all equally likely; most of a call is neither
acted nor emotional. On real business talk it reports sadness, fear and disgust, mostly for short
utterances, and now and then anger in a voice that is not agitated. In an unseen language and
corpus it is right about four emotions half to two thirds of the time (model card). Most reliable
is anger in an agitated voice. So only that may raise a mood by voice alone, and words have to
bring the rest. Figures, and the half of the recordings on which the values below were set:
docs/decisions/0023-mood-without-flicker.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.labels import NEGATIVE, Emotion
from detectors.reading import Modality

if TYPE_CHECKING:
    from detectors.reading import Reading

VOICE_ONLY_TRUST = 0.3
"""Share that is kept of sadness, fear and disgust in a voice reading."""

ANGER_AROUSAL_MIN, ANGER_AROUSAL_FULL = 0.45, 0.60
"""Arousal (0-1) up to which anger in a voice counts for nothing, and from which it counts fully."""


def discount_unreliable(reading: Reading) -> Reading:
    """Move the unreliable part of a voice reading's scores to neutral.

    Sadness, fear and disgust keep `VOICE_ONLY_TRUST` of their score; anger keeps a share that
    grows with arousal, and all of it where the model estimates no arousal.

    Args:
        reading: of a voice; one of words is returned as it is.

    Returns:
        A reading whose scores have the same sum, with a confidence lowered by the share that was
        moved.
    """
    if reading.modality is not Modality.VOICE:
        return reading
    scores = dict(reading.scores)
    for label in NEGATIVE & scores.keys():
        scores[label] *= _trust(label, reading.arousal)
    discounted = sum(reading.scores.values()) - sum(scores.values())
    scores[Emotion.NEUTRAL] = scores.get(Emotion.NEUTRAL, 0.0) + discounted
    return replace(reading, scores=scores, confidence=reading.confidence * max(0.0, 1 - discounted))


def _trust(label: Emotion, arousal: float | None) -> float:
    if label is not Emotion.ANGER:
        return VOICE_ONLY_TRUST
    if arousal is None:
        return 1.0
    return min(
        1.0, max(0.0, (arousal - ANGER_AROUSAL_MIN) / (ANGER_AROUSAL_FULL - ANGER_AROUSAL_MIN))
    )
