"""How much of a reading may move a mood. What is not believed counts as "nothing special".

The voice model is taught on acted emotions that are all equally likely; most of a call is neither
acted nor emotional. On real business talk it hears sadness, fear and disgust, mostly in short
utterances, and now and then anger in a voice that is not agitated; for a language and a corpus it
was not taught it tells four emotions apart half to two thirds of the time (model card). What holds
best is anger, in an agitated voice. So that is what a voice may raise a mood with, and words
bring the rest. Figures, and on which half of the recordings the numbers below were set: see
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
"""Share believed of sadness, fear and disgust that only the voice tells of."""

ANGER_AROUSAL_MIN, ANGER_AROUSAL_FULL = 0.45, 0.60
"""Arousal (0-1) up to which anger in a voice is not believed, and from which it wholly is."""


def discount_unreliable(reading: Reading) -> Reading:
    """Move what is not believed of a voice reading to neutral, and be as much less confident.

    Words are believed as they are. Scores keep their sum.
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
