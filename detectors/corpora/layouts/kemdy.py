"""KEMDy19 and KEMDy20 (ETRI): ``annotation/*.csv`` and ``wav/Session01/…``.

The tables have a Segment ID and, from the column Total Evaluation on, emotion, valence and arousal
(means of ten listeners, 1 to 5); a second row of headings follows the first. Two or more emotions
with equally many votes are joined by ``;``: then only the arousal is used.

- KEMDy19: ``annotation/Session01_M_res.csv`` (and ``_F_``: the same segments beside the other
  person's body signals), segment ``Sess01_impro01_F001``, clip
  ``wav/Session01/Sess01_impro01/Sess01_impro01_F001.wav``. 20 pairs of actors.
- KEMDy20: ``annotation/Sess01_eval.csv``, segment ``Sess01_script01_User002M_001``, clip
  ``wav/Session01/Sess01_script01_User002M_001.wav``. 80 people talking freely.

Noh et al. (2021), Sensors 21(5), and Noh and Jeong, KEMDy20, ETRI; columns and folders as several
public readers of both corpora have them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import (
    Layout,
    build_clip,
    find_sound_files,
    is_known_label,
    read_table,
    scale_rating,
)
from detectors.labels import KEMDY_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, TableRow
    from detectors.labels import Emotion

_KEMDY19_SEGMENT = re.compile(r"(?P<session>Sess\d\d)_(?P<scene>\w+?\d\d)_(?P<sex>[FM])\d+")
_KEMDY20_SEGMENT = re.compile(
    r"(?P<session>Sess\d\d)_(?P<scene>\w+?\d\d)_(?P<user>User\d+(?P<sex>[FM]))_\d+"
)


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    sound_by_segment = {path.stem: path for path in find_sound_files(root)}
    seen: set[str] = set()
    for table_path in sorted(root.glob("**/annotation/*.csv")):
        for row in read_table(table_path, ("Segment ID", "Total Evaluation"), complain):
            segment = row["Segment ID"]
            if segment and segment not in seen:
                seen.add(segment)
                yield from _build_clip(row, segment, sound_by_segment, complain)


def _build_clip(
    row: TableRow, segment: str, sound_by_segment: dict[str, Path], complain: Complain
) -> Iterator[Clip]:
    match = _KEMDY20_SEGMENT.fullmatch(segment) or _KEMDY19_SEGMENT.fullmatch(segment)
    labels = row["Total Evaluation"].lower().split(";")
    if match is None:
        complain(f"{row.location}: segment {segment!r} is not like Sess01_impro01_F001")
    elif segment not in sound_by_segment:
        complain(f"{row.location}: no sound file {segment}.wav")
    elif all(
        is_known_label(KEMDY_EMOTIONS, label.strip(), row.location, complain) for label in labels
    ):
        arousal = scale_rating(row.field_after("Total Evaluation", 2), minimum=1, maximum=5)
        emotion = _single_emotion(labels)
        if emotion is None and arousal is None:
            complain(f"{row.location}: neither one emotion nor an arousal from 1 to 5")
            return
        user = match.groupdict().get("user")
        yield build_clip(
            sound_by_segment[segment],
            corpus="kemdy20" if user else "kemdy19",
            speaker=user or f"{match['session']}{match['sex']}",
            emotion=emotion,
            arousal=arousal,
            language="ko",
            sex=match["sex"],
            script="" if user else match["scene"],
            licence=KEMDY.licence,
        )


def _single_emotion(labels: list[str]) -> Emotion | None:
    emotions = {KEMDY_EMOTIONS[label.strip()] for label in labels}
    return emotions.pop() if len(emotions) == 1 else None


KEMDY = Layout(
    name="kemdy",
    title="KEMDy19 and KEMDy20, Korean dialogues",
    licence="ETRI licence agreement (research)",
    expected_files="annotation/*.csv with Segment ID and Total Evaluation, and wav/Session*/",
    iter_clips=_iter_clips,
)
