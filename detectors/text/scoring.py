"""From a taxonomy's labels, a lexicon's words and what was said before to the 8 emotions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import (
    CIRCUMPLEX,
    EMOTIONS,
    GOEMOTIONS,
    GOEMOTIONS_EMOTIONS,
    KOTE,
    KOTE_EMOTIONS,
    Emotion,
    Topic,
)
from detectors.text.normalising import has_script
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.text.lexicon import Hit, Lexicon


class Taxonomy(StrEnum):
    """Whose labels: those of the corpus behind each language."""

    KOTE = "kote"
    GOEMOTIONS = "goemotions"


LABELS = {Taxonomy.KOTE: KOTE, Taxonomy.GOEMOTIONS: GOEMOTIONS}
OF_LANGUAGE = {Language.KOREAN: Taxonomy.KOTE, Language.ENGLISH: Taxonomy.GOEMOTIONS}


CALL_MIX = dict(zip(EMOTIONS, (0.45, 0.10, 0.15, 0.09, 0.08, 0.03, 0.06, 0.04), strict=True))
"""How often customers' lines express each emotion: an assumption, until gold items tell.

The corpora are opinions, nearly all of them felt strongly; most lines of a call state facts.
Without this, "my number is ..." reads as joy.
"""

TOPIC_EMOTIONS = {
    Topic.ABUSE: Emotion.ANGER,
    Topic.SEXUAL_HARASSMENT: Emotion.DISGUST,
    Topic.THREAT: Emotion.ANGER,
    Topic.SELF_HARM: Emotion.SADNESS,
}
"""Topics whose words express something by themselves."""


LONGEST_IN_CONTEXT = 6
"""Words of the longest line that is read with those before it: longer ones speak for themselves."""
FADING = 0.5
"""How much less each line further back counts."""


def membership(taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Which of a taxonomy's labels express which emotion, ``float32[labels, 8]`` of 0 and 1."""
    groups = {Taxonomy.KOTE: KOTE_EMOTIONS, Taxonomy.GOEMOTIONS: GOEMOTIONS_EMOTIONS}[taxonomy]
    rows = [
        [label in groups.get(emotion, ()) for emotion in EMOTIONS] for label in LABELS[taxonomy]
    ]
    return np.array(rows, dtype=np.float32)


def shares(chances: NDArray[np.float32], taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Share of each emotion in the expected labels: ``[n, labels] -> [n, 8]``, rows sum to 1."""
    # A label that the taxonomy lacks (boredom in GoEmotions) keeps a trace for the word lists.
    mass = chances @ membership(taxonomy) + 1e-6
    return np.asarray(mass / mass.sum(1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a taxonomy's labels become scores; fitted on rows the model was not fitted on.

    Attributes:
        power: sharpens (above 1) or softens an emotion's share of the labels.
        balance: turns the corpus's mix of the 8 emotions into a call's (`CALL_MIX`).
        word_weight: log of how much likelier an emotion is where the lexicon knows a word.
        context_weight: how much the lines before a one-word line count beside it, 0 or more;
            less for longer ones, nothing for those over `LONGEST_IN_CONTEXT`.
        polarity_weight: share of the valence that the reviews' polarity settles, 0-1.
        trust: weights of `signs`, whose sum is the logit of the reading being right; empty where
            the highest score is taken for it.
    """

    power: float
    balance: Sequence[float]
    word_weight: float
    abstain_below: float
    context_weight: float = 0.0
    polarity_weight: float = 0.0
    trust: Sequence[float] = ()


def heard(
    line: str, lexicons: Mapping[Language, Lexicon]
) -> tuple[list[Hit], dict[Emotion, list[str]]]:
    """Find the topics and emotion words of a line.

    Calls mix languages: the lists of every script that occurs in the line count.
    """
    lexicons = {language: each for language, each in lexicons.items() if has_script(line, language)}
    hits = [hit for each in lexicons.values() for hit in each.topics(line)]
    felt = {
        emotion: words
        for emotion in EMOTIONS
        if (words := [word for each in lexicons.values() for word in each.felt(line, emotion)])
    }
    return hits, felt


def evidence(hits: Sequence[Hit], felt: Mapping[Emotion, Sequence[str]]) -> NDArray[np.float32]:
    """How strongly the lexicon speaks for each emotion, ``float32[8]``, 0 to 3.

    A word of an emotion counts 1, a phrase of it 2, a topic 2: phrases mean one thing.
    """
    meant = {TOPIC_EMOTIONS.get(hit.topic) for hit in hits}
    said = [max((1 + (" " in words) for words in felt.get(e, ())), default=0) for e in EMOTIONS]
    strength = [min(3, own + 2 * (e in meant)) for e, own in zip(EMOTIONS, said, strict=True)]
    return np.array(strength, dtype=np.float32)


def emotion_scores(
    logits: NDArray[np.float32],
    taxonomy: Taxonomy,
    calibration: Calibration,
    shown: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Turn ``logits [n, labels]`` and lexicon evidence ``[n, 8]`` into scores ``[n, 8]``."""
    likely = shares(sigmoid(logits), taxonomy) ** calibration.power
    likely = likely * np.array(calibration.balance) * np.exp(calibration.word_weight * shown)
    return np.asarray(likely / likely.sum(1, keepdims=True), dtype=np.float32)


def in_context(
    scores: NDArray[np.float32],
    earlier: NDArray[np.float32],
    *,
    words: int,
    calibration: Calibration,
) -> NDArray[np.float32]:
    """Read a short line's ``scores [8]`` by those of the lines before it, ``earlier [m, 8]``.

    The newest line counts most. What they express more often than a call's usual line
    (`CALL_MIX`) becomes likelier; "yes" after a complaint is part of the complaint.
    """
    if not len(earlier) or words > LONGEST_IN_CONTEXT:
        return scores
    fading = FADING ** np.arange(len(earlier))[::-1]
    before = fading @ earlier / fading.sum()
    weight = calibration.context_weight * (1 - (words - 1) / LONGEST_IN_CONTEXT)
    likely = scores * (before / np.array(list(CALL_MIX.values()))) ** weight
    return np.asarray(likely / likely.sum(), dtype=np.float32)


def signs(scores: NDArray[np.float32], shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """What tells whether a reading is right: ``scores [n, 8]``, ``shown [n, 8]`` -> ``[n, 12]``.

    The highest score (as a logit), how far it is ahead, how undecided the scores are, whether
    the word lists spoke for it, and which emotion it is: some are mistaken more often.
    """
    best = scores.argmax(1)
    rows = np.arange(len(scores))
    ordered = np.sort(scores, axis=1)
    top = ordered[:, -1].clip(1e-4, 1 - 1e-4)
    undecided = -(scores * np.log(scores.clip(1e-6))).sum(1)
    named = shown[rows, best] > 0
    which = np.eye(len(EMOTIONS), dtype=np.float32)[best]
    told = [np.log(top / (1 - top)), ordered[:, -1] - ordered[:, -2], undecided, named]
    return np.column_stack([*told, which]).astype(np.float32)


def confidence(
    scores: NDArray[np.float32], shown: NDArray[np.float32], calibration: Calibration
) -> NDArray[np.float32]:
    """How likely the highest of ``scores [n, 8]`` is right, ``float32[n]``, 0-1."""
    if not len(calibration.trust):
        return np.asarray(scores.max(1), dtype=np.float32)
    return sigmoid(signs(scores, shown) @ np.array(calibration.trust, dtype=np.float32))


def valence(
    scores: NDArray[np.float32], polarity: NDArray[np.float32], calibration: Calibration
) -> NDArray[np.float32]:
    """How pleasant, -1 to 1: ``scores [n, 8]`` and a review's polarity logit ``[n]`` -> ``[n]``.

    The circumplex's coordinates (`CIRCUMPLEX`) weighed by the scores, and, as far as validation
    rows say that it helps, how good a review with these words would be.
    """
    share = calibration.polarity_weight
    pleasure = scores @ np.array([CIRCUMPLEX[emotion][0] for emotion in EMOTIONS])
    return np.asarray((1 - share) * pleasure + share * np.tanh(polarity / 2), dtype=np.float32)


def arousal(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """How aroused, 0 to 1, by the circumplex's coordinates: ``scores [n, 8]`` -> ``[n]``."""
    stirred = scores @ np.array([CIRCUMPLEX[emotion][1] for emotion in EMOTIONS])
    return np.asarray((1 + stirred) / 2, dtype=np.float32)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chances of independent labels."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)
