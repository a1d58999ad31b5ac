"""One item as read: what the detector said, what it should have said, and who spoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.labels import (
    EMOTIONS,
    GOEMOTIONS,
    GOEMOTIONS_EMOTIONS,
    KOTE,
    KOTE_EMOTIONS,
    Emotion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from detectors.corpora.manifests import ManifestRow
    from detectors.text.model import Taxonomy

AGE_GROUPS = ("teen", "adult", "50+")
"""Age groups as korean_plain has them in its ``subset``; other subsets tell no age."""


@dataclass(frozen=True, slots=True)
class SpeakerInfo:
    """Whose item it is, as far as the manifest tells; empty where it does not.

    Attributes:
        name: with the corpus before it, since corpora number their speakers alike.
    """

    name: str = ""
    language: str = ""
    sex: str = ""
    age: str = ""

    @classmethod
    def from_row(cls, row: ManifestRow) -> SpeakerInfo:
        """Take a row's columns speaker, corpus, language, speaker_sex, and age (or a subset)."""
        speaker = f"{row['corpus']}/{row['speaker']}" if row["speaker"] else ""
        age = row["age"] or (row["subset"] if row["subset"] in AGE_GROUPS else "")
        return cls(speaker, row["language"], row["speaker_sex"], age)


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item as read.

    Attributes:
        scores: one for each label of the taxonomy, 0-1.
        truth: the labels it should have; empty where the manifest tells none.
        is_readable: whether it could be read at all; figures leave out what could not.
        is_measured: false for what only fed the running normalisation.
        arousal: 0-1; ``None`` where the detector does not estimate it.
        valence: -1 to 1; likewise.
    """

    key: str
    scores: Sequence[float]
    confidence: float
    abstained: bool
    truth: frozenset[str]
    speaker: SpeakerInfo = SpeakerInfo()
    is_readable: bool = True
    is_measured: bool = True
    arousal: float | None = None
    valence: float | None = None

    @classmethod
    def unreadable(cls, key: str, labels: Sequence[str]) -> ScoredItem:
        """An item that could not be read: without scores, abstaining, left out of the figures."""
        scores = [0.0] * len(labels)
        return cls(
            key, scores, confidence=0.0, abstained=True, truth=frozenset(), is_readable=False
        )


def filter_by_labels(items: Iterable[ScoredItem], labels: Iterable[str]) -> list[ScoredItem]:
    """Keep the items whose every label is one of these emotions."""
    allowed = {str(Emotion(label)) for label in labels}
    return [item for item in items if item.truth and item.truth <= allowed]


def label_names(taxonomy: Taxonomy | None) -> tuple[str, ...]:
    """Names of a taxonomy's labels, in column order; ``None``: `EMOTIONS`."""
    if taxonomy is None:
        return tuple(map(str, EMOTIONS))
    return {"kote": KOTE, "goemotions": GOEMOTIONS}[taxonomy]


def parse_labels(
    row: ManifestRow, cell: str, labels: Sequence[str], complain: Callable[[str], None]
) -> frozenset[str]:
    """Parse the labels in a manifest's cell, joined by |.

    A label of KOTE or GoEmotions stands for the emotion of ours that it expresses.

    Args:
        row: names the location in complaints.
        cell: the text.
        labels: the allowed ones.
        complain: called with one line about the first unknown label.

    Returns:
        The labels; empty if one of them is unknown.
    """
    names = [name.strip() for name in cell.split("|") if name.strip()]
    label_by_name = {name: _resolve_label(name, labels) for name in names}
    unknown = [name for name, label in label_by_name.items() if label is None]
    if unknown:
        complain(
            f"{row.location}: label {unknown[0]!r} is none of the taxonomy's; row not measured"
        )
        return frozenset()
    return frozenset(label for label in label_by_name.values() if label)


def _resolve_label(name: str, labels: Sequence[str]) -> str | None:
    """Give the taxonomy's label for a written one; a corpus's label may mean one of ours.

    Empty for a corpus's label that expresses none of ours, ``None`` for an unknown one.
    """
    if name in labels:
        return name
    if tuple(labels) != tuple(EMOTIONS) or name not in {*KOTE, *GOEMOTIONS}:
        return None
    groups = (*KOTE_EMOTIONS.items(), *GOEMOTIONS_EMOTIONS.items())
    return next((str(emotion) for emotion, names in groups if name in names), "")
