"""In which order a speaker's clips are heard, and which of them count.

A corpus lists a speaker's clips by emotion. Heard in that order, the running normalisation sees
one emotion after another, as no call has it: shuffle, and do it more than once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from detectors.evaluation.scored_item import SpeakerInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.corpora.manifests import ManifestRow


def shuffle_within_speakers(rows: Iterable[ManifestRow], seed: int) -> list[ManifestRow]:
    """Shuffle each speaker's rows; speakers keep their positions among the rows.

    Args:
        rows: of a manifest; rows without a speaker stay in place.
        seed: the order depends on it, the speaker's name and the paths alone, not on the order
            of rows in the manifest nor on other speakers in it.
    """
    ordered = list(rows)
    positions_by_speaker: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(ordered):
        if speaker := SpeakerInfo.from_row(row).name:
            positions_by_speaker[speaker].append(position)
    result = list(ordered)
    for speaker, positions in positions_by_speaker.items():
        rng = np.random.default_rng([seed, crc32(speaker.encode())])
        speaker_rows = sorted(
            (ordered[position] for position in positions), key=lambda row: row["path"]
        )
        for position, index in zip(positions, rng.permutation(len(positions)), strict=True):
            result[position] = speaker_rows[index]
    return result


def mark_from_nth(rows: Iterable[ManifestRow], from_nth: int) -> Iterator[tuple[ManifestRow, bool]]:
    """Pair each row with whether it is its speaker's ``from_nth`` or a later one (1: all)."""
    clip_counts = Counter[str]()
    for row in rows:
        speaker = SpeakerInfo.from_row(row).name or row["path"]
        clip_counts[speaker] += 1
        yield row, clip_counts[speaker] >= from_nth
