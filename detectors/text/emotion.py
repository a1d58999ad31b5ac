"""The text-emotion detector: what a customer's words express, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, opened
from detectors.detector import UnusableUtteranceError, refuse_agent
from detectors.labels import (
    EMOTIONS,
    GOEMOTIONS,
    GOEMOTIONS_EMOTIONS,
    KOTE,
    KOTE_EMOTIONS,
    Emotion,
    Topic,
)
from detectors.reading import Modality, Reading
from detectors.text.lexicon import Hit, Lexicon, lexicon
from detectors.text.ngrams import ROWS, hashed
from detectors.text.normalising import has_words, is_hangul, said
from detectors.utterance import Language, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

KIND = "text-emotion"
ARTIFACT = MODELS / f"{KIND}.onnx"


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


class TextEmotion:
    """Reads lines with hashed n-grams and a small network; topics come from word lists.

    A line with a topic never abstains: its words are certain even where its emotion is not,
    and its low confidence keeps the emotion from counting for much.

    Attributes:
        artifact: the opened model.
    """

    name = KIND
    modality = Modality.TEXT

    def __init__(self, path: Path = ARTIFACT) -> None:
        """Load the model and the word lists.

        Raises:
            DetectorUnavailableError: a file is missing, broken or another kind.
        """
        self.artifact: Artifact = opened(path, kind=KIND)
        self._lexicons: dict[Language, Lexicon] = {each: lexicon(each) for each in Language}
        words = "".join(self._lexicons[each].digest for each in Language)
        self.version: str = f"{self.artifact['version']}+{words}"

    def read(self, item: TranscriptLine) -> Reading:
        """Read one line, as if alone.

        Raises:
            UnusableUtteranceError: an agent's, or without words.
            DetectorUnavailableError: the model does not run.
        """
        reading = self.read_batch([item])[0]
        if isinstance(reading, UnusableUtteranceError):
            raise reading
        return reading

    def read_batch(self, items: Sequence[TranscriptLine]) -> list[Reading | UnusableUtteranceError]:
        """Read several lines in one run of the model."""
        refused = {index: error for index, item in enumerate(items) if (error := _refusal(item))}
        kept = [item for index, item in enumerate(items) if index not in refused]
        logits = self._logits([(item.text, written_in(item)) for item in kept])
        readings = iter(
            [
                self._reading(item, {taxonomy: logits[taxonomy][row] for taxonomy in Taxonomy})
                for row, item in enumerate(kept)
            ]
        )
        return [refused[i] if i in refused else next(readings) for i in range(len(items))]

    def decided(self, texts: Sequence[str], taxonomy: Taxonomy) -> NDArray[np.float32]:
        """Score a taxonomy's own labels, ``float32[texts, labels]``, so that 0.5 decides."""
        language = next(key for key, value in OF_LANGUAGE.items() if value is taxonomy)
        logits = self._logits([(text, language) for text in texts])[taxonomy]
        limits = np.array(self.artifact["thresholds"][taxonomy], dtype=np.float32)
        return _sigmoid(logits - limits)

    def _logits(self, lines: Sequence[tuple[str, Language]]) -> dict[Taxonomy, NDArray[np.float32]]:
        if not lines:
            return {each: np.zeros((0, len(LABELS[each])), np.float32) for each in Taxonomy}
        grams = [hashed(text, language) for text, language in lines]
        longest = max(1, *(buckets.size for buckets, _ in grams))
        # Row `ROWS` of the table is the padding, with weight 0.
        buckets = np.full((len(lines), longest), ROWS, dtype=np.int64)
        weights = np.zeros((len(lines), longest), dtype=np.float32)
        for row, (found, weight) in enumerate(grams):
            buckets[row, : found.size] = found
            weights[row, : found.size] = weight
        outputs = self.artifact.run(buckets=buckets, weights=weights)
        return {each: outputs[each.value] for each in Taxonomy}

    def _reading(
        self, item: TranscriptLine, logits: dict[Taxonomy, NDArray[np.float32]]
    ) -> Reading:
        taxonomy = OF_LANGUAGE[written_in(item)]
        calibration = Calibration(**self.artifact["calibration"][taxonomy])
        hits, felt = heard(said(item.text), self._lexicons)
        shown = evidence(hits, felt)
        scores = emotion_scores(logits[taxonomy][None], taxonomy, calibration, shown[None])[0]
        label, confidence = EMOTIONS[int(scores.argmax())], float(scores.max())
        words = [hit.words for hit in hits] + felt.get(label, [])
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.TEXT,
            detector=self.name,
            version=self.version,
            scores=dict(zip(EMOTIONS, map(float, scores), strict=True)),
            confidence=confidence,
            abstained=confidence < calibration.abstain_below and not hits,
            topics=tuple(dict.fromkeys(hit.topic for hit in hits)),
            reasons=tuple(dict.fromkeys(words)),
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a taxonomy's labels become scores; fitted on rows the model was not fitted on.

    Attributes:
        power: sharpens (above 1) or softens an emotion's share of the labels.
        balance: turns the corpus's mix of the 8 emotions into a call's (`CALL_MIX`).
        word_weight: log of how much likelier an emotion is where the lexicon knows a word.
    """

    power: float
    balance: Sequence[float]
    word_weight: float
    abstain_below: float


def heard(
    line: str, lexicons: Mapping[Language, Lexicon]
) -> tuple[list[Hit], dict[Emotion, list[str]]]:
    """Find the topics and emotion words of a line; calls mix languages, so all lists count."""
    hits = [hit for each in lexicons.values() for hit in each.topics(line)]
    felt = {
        emotion: words
        for emotion in EMOTIONS
        if (words := [word for each in lexicons.values() for word in each.felt(line, emotion)])
    }
    return hits, felt


def evidence(hits: Sequence[Hit], felt: Mapping[Emotion, Sequence[str]]) -> NDArray[np.float32]:
    """How strongly the lexicon speaks for each emotion, ``float32[8]``, 0 to 3.

    An emotion's words count 1, a topic's 2: those are phrases, with their false friends listed.
    """
    meant = {TOPIC_EMOTIONS.get(hit.topic) for hit in hits}
    strength = [(emotion in felt) + 2 * (emotion in meant) for emotion in EMOTIONS]
    return np.array(strength, dtype=np.float32)


def emotion_scores(
    logits: NDArray[np.float32],
    taxonomy: Taxonomy,
    calibration: Calibration,
    shown: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Turn ``logits [n, labels]`` and lexicon evidence ``[n, 8]`` into scores ``[n, 8]``."""
    likely = shares(_sigmoid(logits), taxonomy) ** calibration.power
    likely = likely * np.array(calibration.balance) * np.exp(calibration.word_weight * shown)
    return np.asarray(likely / likely.sum(1, keepdims=True), dtype=np.float32)


def written_in(item: TranscriptLine) -> Language:
    """The language to read a line in: its own, unless its script says otherwise.

    Korean callers say whole English lines and recognisers write Korean ones in English calls.
    """
    hangul = is_hangul(item.text)
    if hangul is None:
        return item.language
    return Language.KOREAN if hangul else Language.ENGLISH


def _refusal(item: TranscriptLine) -> UnusableUtteranceError | None:
    try:
        refuse_agent(item.speaker)
    except UnusableUtteranceError as error:
        return error
    if not has_words(item.text):
        return UnusableUtteranceError("the line has no words")
    return None


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)
