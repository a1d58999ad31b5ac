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

from detectors.corpora.corpora import TEST_FOLD, load_sound, speaker_fold
from detectors.corpora.telephone_channel import gain_for_level
from detectors.evaluation.calls.playback import Track
from detectors.labels import Emotion
from detectors.mood import MoodLevel
from detectors.utterance import SAMPLE_RATE, Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.manifests import ManifestRow
    from detectors.evaluation.calls.playback import MoodTrajectory

CORPORA = ("ravdess", "emodb", "korean_emotional", "korean_plain")
NEUTRAL_CORPUS = "korean_plain"
CALM_BEFORE_ANGER, MAX_ANGRY_UTTERANCES = 4, 8
"""Utterances before the anger, and of it at most."""
MAX_CALM_UTTERANCES = 12
PAUSE_MS = 1_000
LEVEL_DB = -26.0
"""What a speaker's calm clips are brought to, by one factor for the whole call."""
DRAWN_ORDERS = 3
"""Drawn orders of each speaker's clips: one order is one chance."""


class Half(StrEnum):
    """Thresholds are set on one half and reported on both; no voice is in both."""

    TUNING = "tuned"
    HELD_OUT = "kept"


TUNING_CALLS = frozenset({"auto_repairs_40"})
"""Real recordings of the shared data that thresholds were set on; all others are kept."""


@dataclass(frozen=True, slots=True)
class SyntheticCall:
    """A made call: anger begins at ``angry_from_ms``; ``None``: it never does."""

    corpus: str
    half: Half
    track: Track
    angry_from_ms: int | None


@dataclass(frozen=True, slots=True)
class AngerDetectionSummary:
    """What became of the angry calls of one corpus and half.

    Attributes:
        early_flags: flags before the anger began.
        delays_by_level: per call, the number of the angry utterance that brought the level
            (from 1); ``None``: none did.
    """

    calls: int
    early_flags: int
    delays_by_level: Mapping[MoodLevel, Sequence[int | None]]

    def sorted_delays(self, level: MoodLevel) -> list[int]:
        """The delays, in utterances, of the calls that reached the level; sorted."""
        return sorted(delay for delay in self.delays_by_level[level] if delay is not None)


def build_synthetic_calls(root: Path, rows: Iterable[ManifestRow]) -> list[SyntheticCall]:
    """Build every calm and every angry call that the held-out rows allow."""
    rows_by_speaker: dict[tuple[str, str], list[ManifestRow]] = defaultdict(list)
    for row in rows:
        if _is_held_out(row):
            rows_by_speaker[row["corpus"], row["speaker"]].append(row)
    halves = _assign_halves(rows_by_speaker)
    return [
        call
        for person, speaker_rows in sorted(rows_by_speaker.items())
        for order in range(DRAWN_ORDERS if person[0] != NEUTRAL_CORPUS else 1)
        for call in _build_speaker_calls(root, speaker_rows, halves[person], order)
    ]


def summarise_angry_calls(
    calls: Sequence[tuple[SyntheticCall, MoodTrajectory]],
) -> AngerDetectionSummary:
    """Summarise the delay, in utterances, of each level in angry calls; calm calls are skipped."""
    angry = [(c.angry_from_ms, course) for c, course in calls if c.angry_from_ms is not None]
    return AngerDetectionSummary(
        calls=len(angry),
        early_flags=sum(course.count_flags_until(start) for start, course in angry),
        delays_by_level={
            level: [course.utterances_to_level(level, start) for start, course in angry]
            for level in (MoodLevel.TENSE, MoodLevel.UPSET)
        },
    )


def _is_held_out(row: ManifestRow) -> bool:
    return (
        row["corpus"] == NEUTRAL_CORPUS or speaker_fold(row["corpus"], row["speaker"]) == TEST_FOLD
    )


def _assign_halves(speaker_keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Half]:
    """Every other speaker of a corpus, in the order of their names."""
    by_corpus: dict[str, list[str]] = defaultdict(list)
    for corpus, speaker in sorted(speaker_keys):
        by_corpus[corpus].append(speaker)
    return {
        (corpus, speaker): list(Half)[number % 2]
        for corpus, speakers in by_corpus.items()
        for number, speaker in enumerate(speakers)
    }


def _build_speaker_calls(
    root: Path, rows: Sequence[ManifestRow], half: Half, order: int
) -> list[SyntheticCall]:
    first_row = rows[0]
    corpus, speaker = first_row["corpus"], first_row["speaker"]
    rng = np.random.default_rng([order, crc32(f"{corpus}/{speaker}".encode())])
    calm = _load_shuffled(root, [row for row in rows if _is_calm(row)], rng)
    angry = _load_shuffled(root, [row for row in rows if row["emotion"] == Emotion.ANGER], rng)[
        :MAX_ANGRY_UTTERANCES
    ]
    name = f"{corpus}/{speaker}/{order}"
    language = Language.KOREAN if first_row["language"] == "ko" else Language.ENGLISH
    calls = [
        SyntheticCall(
            corpus,
            half,
            Track(name, _join_with_pauses(calm[:MAX_CALM_UTTERANCES], calm), language),
            None,
        )
    ]
    if angry:
        calm_lead = calm[:CALM_BEFORE_ANGER]
        pcm = _join_with_pauses([*calm_lead, *angry], calm)
        start_ms = _join_with_pauses(calm_lead, calm).size * 1_000 // SAMPLE_RATE
        calls.append(SyntheticCall(corpus, half, Track(f"{name}/angry", pcm, language), start_ms))
    return calls


def _is_calm(row: ManifestRow) -> bool:
    return row["corpus"] == NEUTRAL_CORPUS or row["emotion"] == Emotion.NEUTRAL


def _load_shuffled(
    root: Path, rows: Sequence[ManifestRow], rng: np.random.Generator
) -> list[NDArray[np.int16]]:
    return [load_sound(root / rows[index]["path"]) for index in rng.permutation(len(rows))]


def _join_with_pauses(
    clips: Sequence[NDArray[np.int16]], calm: Sequence[NDArray[np.int16]]
) -> NDArray[np.int16]:
    gain = gain_for_level(LEVEL_DB, np.concatenate(calm))
    pause = np.zeros(PAUSE_MS * SAMPLE_RATE // 1_000, dtype=np.int16)
    parts = [part for clip in clips for part in (clip, pause)]
    amplified = np.concatenate(parts).astype(np.float32) * gain
    return np.asarray(np.clip(np.rint(amplified), -32_768, 32_767), dtype=np.int16)
