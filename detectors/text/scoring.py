"""Scores of the 8 emotions from a taxonomy's labels, the lexicon and the lines before."""

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
from detectors.text.normalising import has_script, normalise
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.reading import TopicMatch
    from detectors.text.lexicon import Lexicon


class Taxonomy(StrEnum):
    """Whose labels: those of the corpus behind each language."""

    KOTE = "kote"
    GOEMOTIONS = "goemotions"


TAXONOMY_LABELS = {Taxonomy.KOTE: KOTE, Taxonomy.GOEMOTIONS: GOEMOTIONS}
LANGUAGE_TAXONOMIES = {Language.KOREAN: Taxonomy.KOTE, Language.ENGLISH: Taxonomy.GOEMOTIONS}


CALL_PRIOR = dict(zip(EMOTIONS, (0.45, 0.10, 0.15, 0.09, 0.08, 0.03, 0.06, 0.04), strict=True))
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


MAX_WORDS_FOR_CONTEXT = 6
"""Words of the longest line that is read with those before it: longer ones speak for themselves."""
CONTEXT_DECAY = 0.5
"""How much less each line further back counts."""


def membership(taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Map labels to emotions: ``float32[labels, 8]``, 1 where a label expresses the emotion."""
    groups = {Taxonomy.KOTE: KOTE_EMOTIONS, Taxonomy.GOEMOTIONS: GOEMOTIONS_EMOTIONS}[taxonomy]
    rows = [
        [label in groups.get(emotion, ()) for emotion in EMOTIONS]
        for label in TAXONOMY_LABELS[taxonomy]
    ]
    return np.array(rows, dtype=np.float32)


def emotion_shares(chances: NDArray[np.float32], taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Share of each emotion in the expected labels.

    Args:
        chances: probability of each label, ``float32[n, labels]``, 0-1.
        taxonomy: whose labels they are.

    Returns:
        ``float32[n, 8]``; rows sum to 1.
    """
    # A label that the taxonomy lacks (boredom in GoEmotions) keeps a trace for the word lists.
    mass = chances @ membership(taxonomy) + 1e-6
    return np.asarray(mass / mass.sum(1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class TextCalibration:
    """How a taxonomy's labels become scores; fitted on rows the model was not fitted on.

    Attributes:
        power: sharpens (above 1) or softens an emotion's share of the labels.
        balance: turns the corpus's mix of the 8 emotions into a call's (`CALL_PRIOR`).
        word_weight: log of how much likelier an emotion is where the lexicon knows a word.
        context_weight: how much the lines before a one-word line count beside it, 0 or more;
            less for longer ones, nothing for those over `MAX_WORDS_FOR_CONTEXT`.
        polarity_weight: share of the valence that the reviews' polarity settles, 0-1.
        trust: weights of `confidence_features`, whose sum is the logit of being right; empty where
            the highest score is taken for it.
    """

    power: float
    balance: Sequence[float]
    word_weight: float
    abstain_below: float
    context_weight: float = 0.0
    polarity_weight: float = 0.0
    trust: Sequence[float] = ()


def match_lexicons(
    line: str, lexicons: Mapping[Language, Lexicon]
) -> tuple[list[TopicMatch], dict[Emotion, list[str]]]:
    """Find the topics and emotion words of a line.

    Calls mix languages: the lists of every script that occurs in the line are used.

    Args:
        line: as it was written.
        lexicons: of every language.

    Returns:
        Topics with the words of the line, and the words of each emotion that has any.
    """
    lexicons = {
        language: lexicon
        for language, lexicon in lexicons.items()
        if has_script(normalise(line).text, language)
    }
    topic_matches = [match for lexicon in lexicons.values() for match in lexicon.find_topics(line)]
    emotion_words = {
        emotion: words
        for emotion in EMOTIONS
        if (
            words := [
                word
                for lexicon in lexicons.values()
                for word in lexicon.find_emotion_words(line, emotion)
            ]
        )
    }
    return topic_matches, emotion_words


def score_evidence(
    topic_matches: Sequence[TopicMatch], emotion_words: Mapping[Emotion, Sequence[str]]
) -> NDArray[np.float32]:
    """Rate how strongly the lexicon supports each emotion.

    A word of an emotion counts 1, a phrase 2 because it is less ambiguous, a topic 2.

    Args:
        topic_matches: of a line, see `match_lexicons`.
        emotion_words: of the same line.

    Returns:
        ``float32[8]``, 0 to 3.
    """
    topic_emotions = {TOPIC_EMOTIONS.get(match.topic) for match in topic_matches}
    word_strengths = [
        max((1 + (" " in words) for words in emotion_words.get(e, ())), default=0) for e in EMOTIONS
    ]
    strength = [
        min(3, word_strength + 2 * (e in topic_emotions))
        for e, word_strength in zip(EMOTIONS, word_strengths, strict=True)
    ]
    return np.array(strength, dtype=np.float32)


def emotion_scores(
    logits: NDArray[np.float32],
    taxonomy: Taxonomy,
    calibration: TextCalibration,
    lexicon_evidence: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Turn a model's label logits into emotion scores.

    Args:
        logits: ``float32[n, labels]``.
        taxonomy: whose labels they are.
        calibration: of that taxonomy.
        lexicon_evidence: ``float32[n, 8]``, see `score_evidence`.

    Returns:
        ``float32[n, 8]``; rows sum to 1.
    """
    weighted = emotion_shares(sigmoid(logits), taxonomy) ** calibration.power
    weighted = (
        weighted
        * np.array(calibration.balance)
        * np.exp(calibration.word_weight * lexicon_evidence)
    )
    return np.asarray(weighted / weighted.sum(1, keepdims=True), dtype=np.float32)


def apply_context(
    scores: NDArray[np.float32],
    context_scores: NDArray[np.float32],
    *,
    word_count: int,
    calibration: TextCalibration,
) -> NDArray[np.float32]:
    """Adjust a short line's scores by the lines before it: "yes" after a complaint is part of it.

    What those lines express more often than a call's usual line (`CALL_PRIOR`) becomes likelier.

    Args:
        scores: of the line, ``float32[8]``.
        context_scores: of the earlier lines, oldest first, ``float32[m, 8]``; each counts
            `CONTEXT_DECAY` times the next one.
        word_count: of the line. The more words, the less context counts; above
            `MAX_WORDS_FOR_CONTEXT` not at all.
        calibration: holds the weight of the context.

    Returns:
        ``float32[8]``, with sum 1.
    """
    if not len(context_scores) or word_count > MAX_WORDS_FOR_CONTEXT:
        return scores
    decay = CONTEXT_DECAY ** np.arange(len(context_scores))[::-1]
    context_mean = decay @ context_scores / decay.sum()
    weight = calibration.context_weight * (1 - (word_count - 1) / MAX_WORDS_FOR_CONTEXT)
    weighted = scores * (context_mean / np.array(list(CALL_PRIOR.values()))) ** weight
    return np.asarray(weighted / weighted.sum(), dtype=np.float32)


def confidence_features(
    scores: NDArray[np.float32], lexicon_evidence: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Predictors of a reading's correctness.

    Args:
        scores: ``float32[n, 8]``.
        lexicon_evidence: ``float32[n, 8]``, see `score_evidence`.

    Returns:
        ``float32[n, 12]``: the highest score (as a logit), its lead, the entropy of the scores,
        whether the lexicon supports it, and which emotion it is, one-hot: some are confused more
        often than others.
    """
    best = scores.argmax(1)
    rows = np.arange(len(scores))
    ordered = np.sort(scores, axis=1)
    top = ordered[:, -1].clip(1e-4, 1 - 1e-4)
    entropy = -(scores * np.log(scores.clip(1e-6))).sum(1)
    has_evidence = lexicon_evidence[rows, best] > 0
    one_hot = np.eye(len(EMOTIONS), dtype=np.float32)[best]
    features = [np.log(top / (1 - top)), ordered[:, -1] - ordered[:, -2], entropy, has_evidence]
    return np.column_stack([*features, one_hot]).astype(np.float32)


def estimate_confidence(
    scores: NDArray[np.float32], lexicon_evidence: NDArray[np.float32], calibration: TextCalibration
) -> NDArray[np.float32]:
    """Estimate the probability that the highest score names the right emotion.

    Args:
        scores: ``float32[n, 8]``.
        lexicon_evidence: ``float32[n, 8]``, see `score_evidence`.
        calibration: holds the weights of `confidence_features`.

    Returns:
        ``float32[n]``, 0-1; the highest score itself where the calibration has no such weights.
    """
    if not len(calibration.trust):
        return np.asarray(scores.max(1), dtype=np.float32)
    return sigmoid(
        confidence_features(scores, lexicon_evidence)
        @ np.array(calibration.trust, dtype=np.float32)
    )


def estimate_valence(
    scores: NDArray[np.float32], polarity: NDArray[np.float32], calibration: TextCalibration
) -> NDArray[np.float32]:
    """Estimate how pleasant lines are.

    The circumplex's coordinates (`CIRCUMPLEX`) weighted by the scores, mixed with the rating of a
    review with these words, as far as that helped on validation rows.

    Args:
        scores: ``float32[n, 8]``.
        polarity: logit of a positive review, ``float32[n]``.
        calibration: holds the share of the polarity.

    Returns:
        ``float32[n]``, -1 (unpleasant) to 1 (pleasant).
    """
    share = calibration.polarity_weight
    pleasure = scores @ np.array([CIRCUMPLEX[emotion][0] for emotion in EMOTIONS])
    return np.asarray((1 - share) * pleasure + share * np.tanh(polarity / 2), dtype=np.float32)


def estimate_arousal(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate how aroused lines are, by the circumplex's coordinates weighted by the scores.

    Args:
        scores: ``float32[n, 8]``.

    Returns:
        ``float32[n]``, 0 (low) to 1 (high).
    """
    mean_arousal = scores @ np.array([CIRCUMPLEX[emotion][1] for emotion in EMOTIONS])
    return np.asarray((1 + mean_arousal) / 2, dtype=np.float32)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of independent labels, 0-1, of any shape; logits are cut at +-30."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)
