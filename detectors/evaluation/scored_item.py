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

    from detectors.corpora.manifests import Row
    from detectors.text.model import Taxonomy

AGES = ("teen", "adult", "50+")
"""Age groups as korean_plain has them in its ``subset``; other subsets tell no age."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose item it is, as far as the manifest tells; empty where it does not.

    Attributes:
        speaker: with the corpus before it, since corpora number their speakers alike.
    """

    speaker: str = ""
    language: str = ""
    sex: str = ""
    age: str = ""

    @classmethod
    def of(cls, row: Row) -> Voice:
        """Columns speaker, corpus, language, speaker_sex, and age or a subset that is one."""
        speaker = f"{row['corpus']}/{row['speaker']}" if row["speaker"] else ""
        age = row["age"] or (row["subset"] if row["subset"] in AGES else "")
        return cls(speaker, row["language"], row["speaker_sex"], age)


@dataclass(frozen=True, slots=True)
class Judged:
    """One item as read.

    Attributes:
        scores: one for each label of the taxonomy, 0-1.
        truth: the labels it should have; empty where the manifest tells none.
        read: whether it could be read at all; figures leave out what could not.
        counted: false for what only fed the running normalisation.
        arousal: 0-1; ``None`` where the detector does not estimate it.
        valence: -1 to 1; likewise.
    """

    key: str
    scores: Sequence[float]
    confidence: float
    abstained: bool
    truth: frozenset[str]
    voice: Voice = Voice()
    read: bool = True
    counted: bool = True
    arousal: float | None = None
    valence: float | None = None

    @classmethod
    def unread(cls, key: str, labels: Sequence[str]) -> Judged:
        """One that could not be read: it scores nothing, and so it abstains."""
        scores = [0.0] * len(labels)
        return cls(key, scores, confidence=0.0, abstained=True, truth=frozenset(), read=False)


def only(judged: Iterable[Judged], labels: Iterable[str]) -> list[Judged]:
    """Keep the items whose every label is one of these emotions."""
    allowed = {str(Emotion(label)) for label in labels}
    return [item for item in judged if item.truth and item.truth <= allowed]


def label_names(taxonomy: Taxonomy | None) -> tuple[str, ...]:
    """The columns of a taxonomy; ours without one."""
    if taxonomy is None:
        return tuple(map(str, EMOTIONS))
    return {"kote": KOTE, "goemotions": GOEMOTIONS}[taxonomy]


def told(
    row: Row, written: str, labels: Sequence[str], complain: Callable[[str], None]
) -> frozenset[str]:
    """The labels that a manifest's cell names, joined by |; none if one of them is unknown.

    A corpus's label may stand for one of ours; what it expresses is then the truth.
    """
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
