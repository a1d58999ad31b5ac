"""The text-emotion detector: what a customer's words express, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import MODELS, Artifact, open_artifact
from detectors.detector import UnusableUtteranceError, refuse_agent
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.text.lexicon import Lexicon, load_lexicon
from detectors.text.ngrams import TABLE_ROWS, hash_line
from detectors.text.normalising import has_words, is_hangul
from detectors.text.scoring import (
    CALL_PRIOR,
    LANGUAGE_TAXONOMIES,
    MAX_WORDS_FOR_CONTEXT,
    TAXONOMY_LABELS,
    Taxonomy,
    TextCalibration,
    apply_context,
    emotion_scores,
    estimate_arousal,
    estimate_confidence,
    estimate_valence,
    match_lexicons,
    membership,
    score_evidence,
    sigmoid,
)
from detectors.utterance import CONTEXT_LINES, Language, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.labels import Emotion
    from detectors.reading import TopicMatch

__all__ = [
    "CALL_PRIOR",
    "KIND",
    "LANGUAGE_TAXONOMIES",
    "TAXONOMY_LABELS",
    "Taxonomy",
    "TextEmotion",
    "membership",
]

KIND = "text-emotion"
ARTIFACT = MODELS / f"{KIND}.onnx"

MAX_CACHED_LINES = 1_024
"""Lines whose reading alone is kept: the last few of some hundred calls, about 1 MB."""
POLARITY = "polarity"
"""The graph's output that tells how good a review with these words would be (Korean)."""


@dataclass(frozen=True, slots=True)
class LineAnalysis:
    """One line as if alone.

    Attributes:
        scores: of `EMOTIONS`, ``float32[8]``; they sum to 1.
        lexicon_evidence: how strongly the word lists speak for each, ``float32[8]``.
        polarity: logit of a good review.
    """

    taxonomy: Taxonomy
    scores: NDArray[np.float32]
    lexicon_evidence: NDArray[np.float32]
    polarity: NDArray[np.float32]
    topic_matches: Sequence[TopicMatch]
    emotion_words: Mapping[Emotion, Sequence[str]]


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
        self.artifact: Artifact = open_artifact(path, kind=KIND)
        self.calibration = {
            key: TextCalibration(**self.artifact["calibration"][key]) for key in Taxonomy
        }
        self._lexicons: dict[Language, Lexicon] = {key: load_lexicon(key) for key in Language}
        lexicon_digests = "".join(self._lexicons[key].digest for key in Language)
        self.version: str = f"{self.artifact['version']}+{lexicon_digests}"
        self._cache: dict[bytes, LineAnalysis] = {}

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
        """Read several lines, each in the light of the lines before it (see `select_context`).

        Returns:
            For each line, in the same order, its reading or the reason that it cannot be read.
        """
        refusals = {index: error for index, item in enumerate(items) if (error := _refusal(item))}
        readable = [item for index, item in enumerate(items) if index not in refusals]
        texts = [(*select_context(item), item.text) for item in readable]
        lines = [
            (text, detect_language(text, item.language))
            for item, line_texts in zip(readable, texts, strict=True)
            for text in line_texts
        ]
        analyses = iter(self.analyse_lines(lines))
        readings = iter(
            [
                self._build_reading(item, [next(analyses) for _ in line_texts])
                for item, line_texts in zip(readable, texts, strict=True)
            ]
        )
        return [refusals[i] if i in refusals else next(readings) for i in range(len(items))]

    def score_labels(self, texts: Sequence[str], taxonomy: Taxonomy) -> NDArray[np.float32]:
        """Score the labels of a corpus's own taxonomy, for evaluation on that corpus.

        Args:
            texts: lines in the language of the taxonomy, without context.
            taxonomy: KOTE's (Korean) or GoEmotions' (English).

        Returns:
            ``float32[texts, labels]``, 0-1; a label counts from 0.5 on.
        """
        language = next(key for key, value in LANGUAGE_TAXONOMIES.items() if value is taxonomy)
        logits = self._run([(text, language) for text in texts])[taxonomy]
        thresholds = np.array(self.artifact["thresholds"][taxonomy], dtype=np.float32)
        return sigmoid(logits - thresholds)

    def _run(self, lines: Sequence[tuple[str, Language]]) -> dict[str, NDArray[np.float32]]:
        if not lines:
            empty = {
                str(taxonomy): np.zeros((0, len(TAXONOMY_LABELS[taxonomy])), np.float32)
                for taxonomy in Taxonomy
            }
            return {**empty, POLARITY: np.zeros((0, 1), np.float32)}
        rows = [self._run_line(text, language) for text, language in lines]
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    def _run_line(self, text: str, language: Language) -> dict[str, NDArray[np.float32]]:
        """One line a run: a line's numbers never depend on what else is in a batch."""
        buckets, weights = hash_line(text, language)
        # Never empty: a line without n-grams is row `ROWS` of the table, with weight 0.
        return self.artifact.run(
            buckets=np.append(buckets, TABLE_ROWS)[None],
            weights=np.append(weights, np.float32(0))[None],
        )

    def analyse_lines(self, lines: Sequence[tuple[str, Language]]) -> list[LineAnalysis]:
        """Analyse lines without context.

        The newest `MAX_CACHED_LINES` results are cached, because a line serves as context for the
        three after it.

        Args:
            lines: text and language of each; an empty text has no words and no n-grams.

        Returns:
            One analysis per line, in the same order.
        """
        return [self._analyse_cached(text, language) for text, language in lines]

    def clear_cache(self) -> None:
        """Forget every line that was read: a benchmark reads the same ones again."""
        self._cache.clear()

    def _analyse_cached(self, text: str, language: Language) -> LineAnalysis:
        # By a digest: the line itself is nobody's to keep here, only what was found in it.
        key = blake2b(f"{language} {text}".encode("utf-8", "replace"), digest_size=16).digest()
        analysis = self._cache.pop(key, None)
        if analysis is None:
            outputs = self._run_line(text, language)
            logits = {name: values[0] for name, values in outputs.items()}
            analysis = self._analyse(text, LANGUAGE_TAXONOMIES[language], logits)
        self._cache[key] = analysis
        if len(self._cache) > MAX_CACHED_LINES:
            del self._cache[next(iter(self._cache))]
        return analysis

    def _analyse(
        self, text: str, taxonomy: Taxonomy, logits: Mapping[str, NDArray[np.float32]]
    ) -> LineAnalysis:
        topic_matches, emotion_words = match_lexicons(text, self._lexicons)
        lexicon_evidence = score_evidence(topic_matches, emotion_words)
        calibration = self.calibration[taxonomy]
        scores = emotion_scores(
            logits[taxonomy][None], taxonomy, calibration, lexicon_evidence[None]
        )[0]
        return LineAnalysis(
            taxonomy, scores, lexicon_evidence, logits[POLARITY], topic_matches, emotion_words
        )

    def _build_reading(self, item: TranscriptLine, analyses: Sequence[LineAnalysis]) -> Reading:
        analysis = analyses[-1]
        calibration = self.calibration[analysis.taxonomy]
        scores = apply_context(
            analysis.scores,
            np.array([context_line.scores for context_line in analyses[:-1]]),
            word_count=len(item.text.split()),
            calibration=calibration,
        )
        label = EMOTIONS[int(scores.argmax())]
        certainty = float(
            estimate_confidence(scores[None], analysis.lexicon_evidence[None], calibration)[0]
        )
        reasons = [match.words for match in analysis.topic_matches] + list(
            analysis.emotion_words.get(label, [])
        )
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.TEXT,
            detector=self.name,
            version=self.version,
            scores=dict(zip(EMOTIONS, map(float, scores), strict=True)),
            confidence=certainty,
            abstained=certainty < calibration.abstain_below and not analysis.topic_matches,
            arousal=float(estimate_arousal(scores)),
            valence=float(estimate_valence(scores[None], analysis.polarity, calibration)[0]),
            topics=tuple(dict.fromkeys(match.topic for match in analysis.topic_matches)),
            reasons=tuple(dict.fromkeys(reasons)),
            topic_matches=tuple(dict.fromkeys(analysis.topic_matches)),
        )


def select_context(item: TranscriptLine) -> tuple[str, ...]:
    """Select the earlier lines that help to read this one, oldest first; none for a long line."""
    if len(item.text.split()) > MAX_WORDS_FOR_CONTEXT:
        return ()
    return tuple(text for text in item.context[-CONTEXT_LINES:] if has_words(text))


def detect_line_language(item: TranscriptLine) -> Language:
    """Detect the language of a line by its script; its own language where that is unclear."""
    return detect_language(item.text, item.language)


def detect_language(text: str, default: Language) -> Language:
    """Detect the language of a text by its script.

    Korean callers say whole English lines, and recognisers write Korean ones in English calls.

    Args:
        text: one line.
        default: the answer where the script is unclear.
    """
    hangul = is_hangul(text)
    if hangul is None:
        return default
    return Language.KOREAN if hangul else Language.ENGLISH


def _refusal(item: TranscriptLine) -> UnusableUtteranceError | None:
    try:
        refuse_agent(item.speaker)
    except UnusableUtteranceError as error:
        return error
    if not has_words(item.text):
        return UnusableUtteranceError("the line has no words")
    return None
