"""The text-emotion detector: what a customer's words express, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, opened
from detectors.detector import UnusableUtteranceError, refuse_agent
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.text.lexicon import Lexicon, lexicon
from detectors.text.ngrams import ROWS, hashed
from detectors.text.normalising import has_words, is_hangul, said
from detectors.text.scoring import (
    CALL_MIX,
    LABELS,
    LONGEST_IN_CONTEXT,
    OF_LANGUAGE,
    Calibration,
    Taxonomy,
    arousal,
    confidence,
    emotion_scores,
    evidence,
    heard,
    in_context,
    membership,
    sigmoid,
    valence,
)
from detectors.utterance import CONTEXT_LINES, Language, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.labels import Emotion
    from detectors.text.lexicon import Hit

__all__ = ["CALL_MIX", "KIND", "LABELS", "OF_LANGUAGE", "Taxonomy", "TextEmotion", "membership"]

KIND = "text-emotion"
ARTIFACT = MODELS / f"{KIND}.onnx"

REMEMBERED = 1_024
"""Lines whose reading alone is kept: the last few of some hundred calls, about 1 MB."""
POLARITY = "polarity"
"""The graph's output that tells how good a review with these words would be (Korean)."""


@dataclass(frozen=True, slots=True)
class Words:
    """One line as if alone.

    Attributes:
        scores: of `EMOTIONS`, ``float32[8]``; they sum to 1.
        shown: how strongly the word lists speak for each, ``float32[8]``.
        polarity: logit of a good review.
    """

    taxonomy: Taxonomy
    scores: NDArray[np.float32]
    shown: NDArray[np.float32]
    polarity: NDArray[np.float32]
    hits: Sequence[Hit]
    felt: Mapping[Emotion, Sequence[str]]


class TextEmotion:
    """Reads lines with hashed n-grams and a small network; topics come from word lists.

    A line with a topic never abstains: its words are certain even where its emotion is not,
    and its low confidence keeps the emotion from counting for much. A partial line is read as
    what it says so far. Topics and reasons are those of the line itself, never of its context.

    Attributes:
        artifact: the opened model.
        calibration: how it turns labels into scores, per taxonomy.
    """

    name = KIND
    modality = Modality.TEXT

    def __init__(self, path: Path = ARTIFACT) -> None:
        """Load the model and the word lists.

        Raises:
            DetectorUnavailableError: a file is missing, broken or another kind.
        """
        self.artifact: Artifact = opened(path, kind=KIND)
        self.calibration = {
            each: Calibration(**self.artifact["calibration"][each]) for each in Taxonomy
        }
        self._lexicons: dict[Language, Lexicon] = {each: lexicon(each) for each in Language}
        words = "".join(self._lexicons[each].digest for each in Language)
        self.version: str = f"{self.artifact['version']}+{words}"
        self._memory: dict[bytes, Words] = {}

    def read(self, item: TranscriptLine) -> Reading:
        """Read one line, as if its call were the only one.

        Raises:
            UnusableUtteranceError: an agent's, or without words.
            DetectorUnavailableError: the model does not run.
        """
        reading = self.read_batch([item])[0]
        if isinstance(reading, UnusableUtteranceError):
            raise reading
        return reading

    def read_batch(self, items: Sequence[TranscriptLine]) -> list[Reading | UnusableUtteranceError]:
        """Read several lines, and those said before them, in one run of the model."""
        refused = {index: error for index, item in enumerate(items) if (error := _refusal(item))}
        kept = [item for index, item in enumerate(items) if index not in refused]
        texts = [(*earlier(item), item.text) for item in kept]
        lines = [
            (text, language_of(text, item.language))
            for item, said_ in zip(kept, texts, strict=True)
            for text in said_
        ]
        alone = iter(self.alone(lines))
        readings = iter(
            [
                self._reading(item, [next(alone) for _ in said_])
                for item, said_ in zip(kept, texts, strict=True)
            ]
        )
        return [refused[i] if i in refused else next(readings) for i in range(len(items))]

    def decided(self, texts: Sequence[str], taxonomy: Taxonomy) -> NDArray[np.float32]:
        """Score a taxonomy's own labels, ``float32[texts, labels]``, so that 0.5 decides."""
        language = next(key for key, value in OF_LANGUAGE.items() if value is taxonomy)
        logits = self._run([(text, language) for text in texts])[taxonomy]
        limits = np.array(self.artifact["thresholds"][taxonomy], dtype=np.float32)
        return sigmoid(logits - limits)

    def _run(self, lines: Sequence[tuple[str, Language]]) -> dict[str, NDArray[np.float32]]:
        if not lines:
            empty = {str(each): np.zeros((0, len(LABELS[each])), np.float32) for each in Taxonomy}
            return {**empty, POLARITY: np.zeros((0, 1), np.float32)}
        rows = [self._run_one(text, language) for text, language in lines]
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    def _run_one(self, text: str, language: Language) -> dict[str, NDArray[np.float32]]:
        """One line a run: a line's numbers never depend on what else is in a batch."""
        buckets, weights = hashed(text, language)
        # Never empty: a line without n-grams is row `ROWS` of the table, with weight 0.
        return self.artifact.run(
            buckets=np.append(buckets, ROWS)[None], weights=np.append(weights, np.float32(0))[None]
        )

    def alone(self, lines: Sequence[tuple[str, Language]]) -> list[Words]:
        """Read lines without any context; an empty one is read as nothing said.

        The newest `REMEMBERED` answers are kept: each line is read again with the three after it.
        """
        return [self._remembered(text, language) for text, language in lines]

    def forget(self) -> None:
        """Forget every line that was read: a benchmark reads the same ones again."""
        self._memory.clear()

    def _remembered(self, text: str, language: Language) -> Words:
        # By a digest: the line itself is nobody's to keep here, only what was found in it.
        key = blake2b(f"{language} {text}".encode("utf-8", "replace"), digest_size=16).digest()
        words = self._memory.pop(key, None)
        if words is None:
            outputs = self._run_one(text, language)
            logits = {name: values[0] for name, values in outputs.items()}
            words = self._words(text, OF_LANGUAGE[language], logits)
        self._memory[key] = words
        if len(self._memory) > REMEMBERED:
            del self._memory[next(iter(self._memory))]
        return words

    def _words(
        self, text: str, taxonomy: Taxonomy, logits: Mapping[str, NDArray[np.float32]]
    ) -> Words:
        hits, felt = heard(said(text), self._lexicons)
        shown = evidence(hits, felt)
        calibration = self.calibration[taxonomy]
        scores = emotion_scores(logits[taxonomy][None], taxonomy, calibration, shown[None])[0]
        return Words(taxonomy, scores, shown, logits[POLARITY], hits, felt)

    def _reading(self, item: TranscriptLine, lines: Sequence[Words]) -> Reading:
        words = lines[-1]
        calibration = self.calibration[words.taxonomy]
        scores = in_context(
            words.scores,
            np.array([line.scores for line in lines[:-1]]),
            words=len(item.text.split()),
            calibration=calibration,
        )
        label = EMOTIONS[int(scores.argmax())]
        sure = float(confidence(scores[None], words.shown[None], calibration)[0])
        reasons = [hit.words for hit in words.hits] + list(words.felt.get(label, []))
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.TEXT,
            detector=self.name,
            version=self.version,
            scores=dict(zip(EMOTIONS, map(float, scores), strict=True)),
            confidence=sure,
            abstained=sure < calibration.abstain_below and not words.hits,
            arousal=float(arousal(scores)),
            valence=float(valence(scores[None], words.polarity, calibration)[0]),
            topics=tuple(dict.fromkeys(hit.topic for hit in words.hits)),
            reasons=tuple(dict.fromkeys(reasons)),
        )


def earlier(item: TranscriptLine) -> tuple[str, ...]:
    """Give the lines before this one by which it is read: none for a long line."""
    if len(item.text.split()) > LONGEST_IN_CONTEXT:
        return ()
    return tuple(text for text in item.context[-CONTEXT_LINES:] if has_words(text))


def written_in(item: TranscriptLine) -> Language:
    """The language to read a line in: its own, unless its script says otherwise."""
    return language_of(item.text, item.language)


def language_of(text: str, usual: Language) -> Language:
    """The language to read words in, by their script; the ``usual`` one where that is unclear.

    Korean callers say whole English lines and recognisers write Korean ones in English calls.
    """
    hangul = is_hangul(text)
    if hangul is None:
        return usual
    return Language.KOREAN if hangul else Language.ENGLISH


def _refusal(item: TranscriptLine) -> UnusableUtteranceError | None:
    try:
        refuse_agent(item.speaker)
    except UnusableUtteranceError as error:
        return error
    if not has_words(item.text):
        return UnusableUtteranceError("the line has no words")
    return None
