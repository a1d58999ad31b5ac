"""Reading a whole manifest with a shipped detector, and judging what it said. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.detector import UnusableUtteranceError
from detectors.labels import (
    EMOTIONS,
    GOEMOTIONS,
    GOEMOTIONS_EMOTIONS,
    KOTE,
    KOTE_EMOTIONS,
    Emotion,
)
from detectors.training.corpora import CorpusError, sound
from detectors.training.measures import Measured, best_of, measured
from detectors.training.telephone import Codec, carried
from detectors.utterance import (
    SAMPLE_RATE,
    Baseline,
    Language,
    Span,
    Speaker,
    TranscriptLine,
    Utterance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.text.emotion import Taxonomy, TextEmotion
    from detectors.training.manifests import Row
    from detectors.voice.tone import VoiceTone

CALL = "evaluation"
DECISIVE = 0.5
"""A taxonomy's own scores are scaled so that this decides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One item as read.

    Attributes:
        scores: one for each label of the taxonomy, 0-1.
        truth: the labels it should have; empty where the manifest tells none.
        read: whether it could be read at all; figures leave out what could not.
    """

    key: str
    scores: Sequence[float]
    confidence: float
    abstained: bool
    truth: frozenset[str]
    read: bool = True

    @classmethod
    def unread(cls, key: str, labels: Sequence[str]) -> Judged:
        """One that could not be read: it scores nothing, and so it abstains."""
        scores = [0.0] * len(labels)
        return cls(key, scores, confidence=0.0, abstained=True, truth=frozenset(), read=False)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is said of a set of judged items.

    Attributes:
        answered_ratio: share of labelled items on which the detector did not abstain.
        accuracy, answered_accuracy: share of right decisions, of all items and of those answered;
            where items carry several labels, each yes or no is a decision.
    """

    measured: Measured
    answered_ratio: float
    accuracy: float
    answered_accuracy: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file."""
        found = self.measured
        return {
            "items": found.items, "uar": found.uar, "macro_f1": found.macro_f1,
            "macro_auc": found.macro_auc, "accuracy": self.accuracy,
            "answered_ratio": self.answered_ratio, "answered_accuracy": self.answered_accuracy,
            "labels": list(found.labels), "support": found.support, "recall": found.recall,
            "f1": found.f1, "auc": found.auc, "confusion": found.confusion,
        }  # fmt: skip


def read_voice(  # noqa: PLR0913 - what a person may ask for on the command line
    rows: Iterable[Row],
    detector: VoiceTone,
    root: Path,
    *,
    codec: Codec,
    in_order: bool,
    complain: Callable[[str], None],
) -> list[Judged]:
    """Read every clip, as if alone or (``in_order``) as the next of its speaker's call.

    What cannot be read is told to ``complain`` with file and line, and is `Judged.unread`.
    """
    judged: list[Judged] = []
    heard: dict[str, Baseline] = {}
    for row in rows:
        speaker = row["speaker"] or row["path"]
        past = heard.get(speaker, Baseline()) if in_order else Baseline()
        try:
            pcm = carried(sound(root / row["path"]), codec)
            reading = detector.read(_utterance(pcm, past))
        except (CorpusError, UnusableUtteranceError) as error:
            complain(f"{row.where}: {row['path']}: {error}")
            judged.append(Judged.unread(row["path"], EMOTIONS))
            continue
        heard[speaker] = reading.baseline
        scores = [reading.scores.get(emotion, 0.0) for emotion in EMOTIONS]
        truth = _truth(row, row["emotion"], EMOTIONS, complain)
        judged.append(Judged(row["path"], scores, reading.confidence, reading.abstained, truth))
    return judged


def _utterance(pcm: NDArray[np.int16], past: Baseline) -> Utterance:
    span = Span(0, pcm.size * 1_000 // SAMPLE_RATE)
    return Utterance(CALL, Speaker.CUSTOMER, span, pcm, baseline=past)


def read_text(
    rows: Iterable[Row],
    detector: TextEmotion,
    taxonomy: Taxonomy | None,
    *,
    complain: Callable[[str], None],
) -> list[Judged]:
    """Read every line as if alone; without a taxonomy the labels are `EMOTIONS`.

    What cannot be read is told to ``complain`` with file and line, and is `Judged.unread`.
    """
    labels = label_names(taxonomy)
    judged: list[Judged] = []
    for row in rows:
        try:
            line = TranscriptLine(
                CALL, Speaker.CUSTOMER, Span(0, 0), row["text"], _language(row["language"])
            )
            reading = detector.read(line)
        except ValueError as error:
            complain(f"{row.where}: {row['id']}: {error}")
            judged.append(Judged.unread(row["id"], labels))
            continue
        scores = (
            list(map(float, detector.decided([row["text"]], taxonomy)[0]))
            if taxonomy
            else [reading.scores[emotion] for emotion in EMOTIONS]
        )
        truth = _truth(row, row["labels"], labels, complain)
        judged.append(Judged(row["id"], scores, reading.confidence, reading.abstained, truth))
    return judged


def label_names(taxonomy: Taxonomy | None) -> tuple[str, ...]:
    """The columns of a taxonomy; ours without one."""
    if taxonomy is None:
        return tuple(map(str, EMOTIONS))
    return {"kote": KOTE, "goemotions": GOEMOTIONS}[taxonomy]


def _language(name: str) -> Language:
    try:
        return Language(name)
    except ValueError:
        message = f"language {name!r} is not one of {', '.join(Language)}"
        raise ValueError(message) from None


def _truth(
    row: Row, written: str, labels: Sequence[str], complain: Callable[[str], None]
) -> frozenset[str]:
    names = [name.strip() for name in written.split("|") if name.strip()]
    found = {name: _known(name, labels) for name in names}
    unknown = [name for name, label in found.items() if label is None]
    if unknown:
        complain(f"{row.where}: label {unknown[0]!r} is none of the taxonomy's; row not measured")
        return frozenset()
    return frozenset(label for label in found.values() if label)


def _known(name: str, labels: Sequence[str]) -> str | None:
    """Give the taxonomy's label for a written one; a corpus's label may mean one of ours.

    Empty for a corpus's label that expresses none of ours, ``None`` for an unknown one.
    """
    if name in labels:
        return name
    if tuple(labels) != tuple(EMOTIONS) or name not in {*KOTE, *GOEMOTIONS}:
        return None
    groups = (*KOTE_EMOTIONS.items(), *GOEMOTIONS_EMOTIONS.items())
    return next((str(emotion) for emotion, names in groups if name in names), "")


def figures(judged: Sequence[Judged], labels: Sequence[str], *, several: bool) -> Figures | None:
    """Measure the items with a truth; ``None`` if there are none.

    With ``several`` labels an item, a score of `DECISIVE` decides. Else the highest score does,
    among the labels that the manifest carries: a corpus of four emotions is a choice of four.
    """
    known = [item for item in judged if item.truth]
    if not known:
        return None
    scores = np.array([item.scores for item in known], dtype=np.float64)
    truth = np.array([[label in item.truth for label in labels] for item in known])
    decided = scores >= DECISIVE if several else best_of(scores, np.asarray(truth.any(0)))
    right = (decided == truth).mean(1) if several else (decided & truth).any(1)
    answered = np.array([not item.abstained for item in known])
    return Figures(
        measured=measured(scores, truth, decided, labels),
        answered_ratio=float(answered.mean()),
        accuracy=float(right.mean()),
        answered_accuracy=float(right[answered].mean()) if answered.any() else float("nan"),
    )


def only(judged: Iterable[Judged], labels: Iterable[str]) -> list[Judged]:
    """Keep the items whose every label is one of these."""
    allowed = {str(Emotion(label)) for label in labels}
    return [item for item in judged if item.truth and item.truth <= allowed]
