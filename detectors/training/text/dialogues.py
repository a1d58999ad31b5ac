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
from detectors.text.scoring import LONGEST_IN_CONTEXT, in_context
from detectors.utterance import CONTEXT_LINES, Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from detectors.text.model import TextEmotion, Words

FOLDER = Path(__file__).parent / "dialogue_lines"
WEIGHTS = tuple(np.linspace(0.0, 2.0, 21).round(2).tolist())


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The customer's lines of one call, with what they express in their place."""

    name: str
    part: str
    language: Language
    lines: tuple[tuple[Emotion, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a call: itself and those before it as if alone, and what it expresses."""

    words: Words
    before: NDArray[np.float32]
    length: int
    truth: int


@dataclass(frozen=True, slots=True)
class Heard:
    """How many of the lines were read rightly, as if alone and with those before them."""

    lines: int
    alone: int
    in_context: int


def dialogues(language: Language, folder: Path = FOLDER) -> list[Dialogue]:
    """Read a language's calls.

    Raises:
        CorpusError: the file is missing, or has lines that mean nothing.
    """
    path = folder / f"{language}.txt"
    if not path.is_file():
        message = f"{path}: no such file"
        raise CorpusError(message)
    found: list[Dialogue] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _take(found, line, language)
        except (ValueError, IndexError) as error:
            message = f"{path}:{number}: not '[dev|test name]' or 'emotion<tab>words': {error}"
            raise CorpusError(message) from error
    return found


def _take(found: list[Dialogue], line: str, language: Language) -> None:
    if line.startswith("["):
        part, name = line.strip("[]").split()
        if part not in {"dev", "test"}:
            raise ValueError(part)
        found.append(Dialogue(name, part, language, ()))
        return
    emotion, text = line.split("\t")
    found[-1] = replace(found[-1], lines=(*found[-1].lines, (Emotion(emotion), text)))


def told(detector: TextEmotion, calls: Sequence[Dialogue]) -> list[Told]:
    """Read every line of calls as if alone."""
    lines: list[Told] = []
    for call in calls:
        alone = detector.alone([(text, call.language) for _, text in call.lines])
        for i, (emotion, text) in enumerate(call.lines):
            before = [words.scores for words in alone[max(0, i - CONTEXT_LINES) : i]]
            truth = EMOTIONS.index(emotion)
            lines.append(Told(alone[i], np.array(before), len(text.split()), truth))
    return lines


def best_weight(detector: TextEmotion, lines: Sequence[Told]) -> float:
    """Choose how much context counts: the weight under which the lines are likeliest."""

    def loss(weight: float) -> float:
        return -float(sum(np.log(_scores(detector, line, weight)[line.truth]) for line in lines))

    return float(min(WEIGHTS, key=loss))


def heard(detector: TextEmotion, lines: Sequence[Told], *, short_only: bool) -> Heard:
    """Count the right readings with the detector's own weight, and with none."""
    lines = [line for line in lines if line.length <= LONGEST_IN_CONTEXT or not short_only]

    def right(weight: float | None) -> int:
        return sum(int(_scores(detector, line, weight).argmax()) == line.truth for line in lines)

    return Heard(len(lines), alone=right(0.0), in_context=right(None))


def _scores(detector: TextEmotion, line: Told, weight: float | None) -> NDArray[np.float32]:
    calibration = detector.calibration[line.words.taxonomy]
    if weight is not None:
        calibration = replace(calibration, context_weight=weight)
    return in_context(line.words.scores, line.before, words=line.length, calibration=calibration)
