"""Hand-written calls: how much do the lines before a short one tell about it?

There is no dialogue corpus that may be used; these are ours, one file per language in
`dialogues/`. Their dev part settles the weight of the context, their test part only measures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import CorpusError
from detectors.labels import EMOTIONS, Emotion
from detectors.text.scoring import MAX_WORDS_FOR_CONTEXT, apply_context
from detectors.utterance import CONTEXT_LINES, Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.text.model import LineAnalysis, TextEmotion

FOLDER = Path(__file__).parent / "dialogue_lines"
WEIGHTS = tuple(np.linspace(0.0, 2.0, 21).round(2).tolist())


@dataclass(frozen=True, slots=True)
class LabelledDialogue:
    """The customer's lines of one call, with what they express in their place."""

    name: str
    part: str
    language: Language
    lines: tuple[tuple[Emotion, str], ...]


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """A line of a call: itself and those before it as if alone, and what it expresses."""

    words: LineAnalysis
    earlier_scores: NDArray[np.float32]
    word_count: int
    truth: int


@dataclass(frozen=True, slots=True)
class ContextAccuracy:
    """How many of the lines were read rightly, as if alone and with those before them."""

    lines: int
    alone: int
    in_context: int


def load_dialogues(language: Language, folder: Path = FOLDER) -> list[LabelledDialogue]:
    """Read a language's calls.

    Raises:
        CorpusError: the file is missing, or has lines that mean nothing.
    """
    path = folder / f"{language}.txt"
    if not path.is_file():
        message = f"{path}: no such file"
        raise CorpusError(message)
    calls: list[LabelledDialogue] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _parse_line(calls, line, language)
        except (ValueError, IndexError) as error:
            message = f"{path}:{number}: not '[dev|test name]' or 'emotion<tab>words': {error}"
            raise CorpusError(message) from error
    return calls


def _parse_line(calls: list[LabelledDialogue], line: str, language: Language) -> None:
    if line.startswith("["):
        part, name = line.strip("[]").split()
        if part not in {"dev", "test"}:
            raise ValueError(part)
        calls.append(LabelledDialogue(name, part, language, ()))
        return
    emotion, text = line.split("\t")
    calls[-1] = replace(calls[-1], lines=(*calls[-1].lines, (Emotion(emotion), text)))


def score_lines(detector: TextEmotion, calls: Sequence[LabelledDialogue]) -> list[ScoredLine]:
    """Read every line of calls as if alone."""
    lines: list[ScoredLine] = []
    for call in calls:
        alone = detector.analyse_lines([(text, call.language) for _, text in call.lines])
        for i, (emotion, text) in enumerate(call.lines):
            earlier_scores = [words.scores for words in alone[max(0, i - CONTEXT_LINES) : i]]
            truth = EMOTIONS.index(emotion)
            lines.append(ScoredLine(alone[i], np.array(earlier_scores), len(text.split()), truth))
    return lines


def find_best_weight(detector: TextEmotion, lines: Sequence[ScoredLine]) -> float:
    """Choose how much context counts: the weight under which the lines are likeliest."""

    def loss(weight: float) -> float:
        return -float(
            sum(np.log(_score_in_context(detector, line, weight)[line.truth]) for line in lines)
        )

    return float(min(WEIGHTS, key=loss))


def measure_context(
    detector: TextEmotion, lines: Sequence[ScoredLine], *, short_only: bool
) -> ContextAccuracy:
    """Count the right readings with the detector's own weight, and with none."""
    lines = [line for line in lines if line.word_count <= MAX_WORDS_FOR_CONTEXT or not short_only]

    def count_correct(weight: float | None) -> int:
        return sum(
            int(_score_in_context(detector, line, weight).argmax()) == line.truth for line in lines
        )

    return ContextAccuracy(len(lines), alone=count_correct(0.0), in_context=count_correct(None))


def _score_in_context(
    detector: TextEmotion, line: ScoredLine, weight: float | None
) -> NDArray[np.float32]:
    calibration = detector.calibration[line.words.taxonomy]
    if weight is not None:
        calibration = replace(calibration, context_weight=weight)
    return apply_context(
        line.words.scores, line.earlier_scores, word_count=line.word_count, calibration=calibration
    )
