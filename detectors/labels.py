"""The emotion taxonomy, once: labels, groups, topics, and how each corpus maps onto them."""

from __future__ import annotations

from enum import StrEnum


class Emotion(StrEnum):
    """What is expressed (an estimate, never what is felt). Order is the models' column order."""

    NEUTRAL = "neutral"
    JOY = "joy"
    ANGER = "anger"
    SADNESS = "sadness"
    FEAR = "fear"
    DISGUST = "disgust"
    SURPRISE = "surprise"
    BOREDOM = "boredom"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)

NEGATIVE: frozenset[Emotion] = frozenset(
    {Emotion.ANGER, Emotion.SADNESS, Emotion.FEAR, Emotion.DISGUST},
)
"""What makes a mood strained. Surprise and boredom count neither way."""


class Topic(StrEnum):
    """What a line's words are about, where that alone may need the manual."""

    ABUSE = "abuse"
    SEXUAL_HARASSMENT = "sexual_harassment"
    THREAT = "threat"
    SELF_HARM = "self_harm"
    REGULATOR = "regulator"
    CANCELLATION = "cancellation"
    CONFUSION = "confusion"
