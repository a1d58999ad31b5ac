"""In which order a speaker's clips are heard, and which of them count.

A corpus lists a speaker's clips by emotion. Heard in that order, the running normalisation sees
one emotion after another, as no call has it: shuffle, and do it more than once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from detectors.evaluation.scored_item import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.corpora.manifests import Row


def shuffled(rows: Iterable[Row], seed: int) -> list[Row]:
    """Give each speaker's rows a drawn order; speakers keep their places among the rows.

    Deterministic: the order hangs on the seed, the speaker's name and the paths alone, not on how
    the manifest lists the rows nor on who else is in it. Rows without a speaker stay.
    """
    kept = list(rows)
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(kept):
        if speaker := Voice.of(row).speaker:
            places[speaker].append(place)
    result = list(kept)
    for speaker, theirs in places.items():
        rng = np.random.default_rng([seed, crc32(speaker.encode())])
        listed = sorted((kept[place] for place in theirs), key=lambda row: row["path"])
        for place, index in zip(theirs, rng.permutation(len(theirs)), strict=True):
            result[place] = listed[index]
    return result


def counted(rows: Iterable[Row], from_nth: int) -> Iterator[tuple[Row, bool]]:
    """Tell of each row whether it is its speaker's ``from_nth`` or a later one (1: all)."""
    seen = Counter[str]()
    for row in rows:
        speaker = Voice.of(row).speaker or row["path"]
        seen[speaker] += 1
        yield row, seen[speaker] >= from_nth
