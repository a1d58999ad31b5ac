"""Calls strung together from held-out clips: calm ones, and some in which anger comes. No torch.

Real calls with real anger and its labels are not to be had, so a call is made of one speaker's
clips with pauses between them, neutral ones first. Only speakers that the shipped model has not
heard (`TEST_FOLD`); of korean_plain, which it never hears, everybody. Sentences may have been
heard: the Korean corpus has too few to hold them out as well.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from detectors.corpora.corpora import TEST_FOLD, sound, speaker_fold
from detectors.corpora.telephone_channel import gain_to
from detectors.evaluation.calls.playback import Track
from detectors.labels import Emotion
from detectors.mood import MoodLevel
from detectors.utterance import SAMPLE_RATE, Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.manifests import Row
    from detectors.evaluation.calls.playback import Course

CORPORA = ("ravdess", "emodb", "korean_emotional", "korean_plain")
PLAIN = "korean_plain"
CALM, ANGRY = 4, 8
"""Utterances before the anger, and of it at most."""
LONGEST_CALM = 12
PAUSE_MS = 1_000
LEVEL_DB = -26.0
"""What a speaker's calm clips are brought to, by one factor for the whole call."""
ORDERS = 3
"""Drawn orders of each speaker's clips: one order is one chance."""


class Half(StrEnum):
    """Thresholds are set on one half and reported on both; no voice is in both."""

    TUNED = "tuned"
    KEPT = "kept"


TUNED_CALLS = frozenset({"auto_repairs_40"})
"""Real recordings of the shared data that thresholds were set on; all others are kept."""


@dataclass(frozen=True, slots=True)
class Strung:
    """A made call: anger begins at ``angry_from_ms``; ``None``: it never does."""

    corpus: str
    half: Half
    track: Track
    angry_from_ms: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the angry calls of one corpus and half.

    Attributes:
        early: flags before the anger began.
        after: per call, the how-maniest angry utterance brought the level, ``None``: none did.
    """

    calls: int
    early: int
    after: Mapping[MoodLevel, Sequence[int | None]]

    def reached(self, level: MoodLevel) -> list[int]:
        """The delays, in utterances, of the calls that reached the level; sorted."""
        return sorted(one for one in self.after[level] if one is not None)


def strung(root: Path, rows: Iterable[Row]) -> list[Strung]:
    """Make every call that the held-out rows allow."""
    people: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if _new(row):
            people[row["corpus"], row["speaker"]].append(row)
    halves = _halves(people)
    return [
        call
        for person, theirs in sorted(people.items())
        for order in range(ORDERS if person[0] != PLAIN else 1)
        for call in _calls(root, theirs, halves[person], order)
    ]


def found(calls: Sequence[tuple[Strung, Course]]) -> Found:
    """Sum up angry calls; calm ones are passed over."""
    angry = [(c.angry_from_ms, course) for c, course in calls if c.angry_from_ms is not None]
    return Found(
        calls=len(angry),
        early=sum(course.flags_until(start) for start, course in angry),
        after={
            level: [course.reached(level, start) for start, course in angry]
            for level in (MoodLevel.TENSE, MoodLevel.UPSET)
        },
    )


def _new(row: Row) -> bool:
    return row["corpus"] == PLAIN or speaker_fold(row["corpus"], row["speaker"]) == TEST_FOLD


def _halves(people: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Half]:
    """Every other speaker of a corpus, in the order of their names."""
    by_corpus: dict[str, list[str]] = defaultdict(list)
    for corpus, speaker in sorted(people):
        by_corpus[corpus].append(speaker)
    return {
        (corpus, speaker): list(Half)[number % 2]
        for corpus, speakers in by_corpus.items()
        for number, speaker in enumerate(speakers)
    }


def _calls(root: Path, rows: Sequence[Row], half: Half, order: int) -> list[Strung]:
    first = rows[0]
    corpus, speaker = first["corpus"], first["speaker"]
    rng = np.random.default_rng([order, crc32(f"{corpus}/{speaker}".encode())])
    calm = _drawn(root, [row for row in rows if _calm(row)], rng)
    angry = _drawn(root, [row for row in rows if row["emotion"] == Emotion.ANGER], rng)[:ANGRY]
    name = f"{corpus}/{speaker}/{order}"
    language = Language.KOREAN if first["language"] == "ko" else Language.ENGLISH
    made = [Strung(corpus, half, Track(name, _joined(calm[:LONGEST_CALM], calm), language), None)]
    if angry:
        before = calm[:CALM]
        pcm = _joined([*before, *angry], calm)
        start_ms = _joined(before, calm).size * 1_000 // SAMPLE_RATE
        made.append(Strung(corpus, half, Track(f"{name}/angry", pcm, language), start_ms))
    return made


def _calm(row: Row) -> bool:
    return row["corpus"] == PLAIN or row["emotion"] == Emotion.NEUTRAL


def _drawn(root: Path, rows: Sequence[Row], rng: np.random.Generator) -> list[NDArray[np.int16]]:
    return [sound(root / rows[index]["path"]) for index in rng.permutation(len(rows))]


def _joined(
    clips: Sequence[NDArray[np.int16]], calm: Sequence[NDArray[np.int16]]
) -> NDArray[np.int16]:
    gain = gain_to(LEVEL_DB, np.concatenate(calm))
    pause = np.zeros(PAUSE_MS * SAMPLE_RATE // 1_000, dtype=np.int16)
    parts = [part for clip in clips for part in (clip, pause)]
    louder = np.concatenate(parts).astype(np.float32) * gain
    return np.asarray(np.clip(np.rint(louder), -32_768, 32_767), dtype=np.int16)
