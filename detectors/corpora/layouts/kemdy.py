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

from detectors.corpora.layouts.layout import Layout, clip, mapped, scaled, sounds, table
from detectors.labels import KEMDY_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, Line
    from detectors.labels import Emotion

_ACTORS = re.compile(r"(?P<session>Sess\d\d)_(?P<scene>\w+?\d\d)_(?P<sex>[FM])\d+")
_USERS = re.compile(r"(?P<session>Sess\d\d)_(?P<scene>\w+?\d\d)_(?P<user>User\d+(?P<sex>[FM]))_\d+")


def _rows(root: Path, complain: Complain) -> Iterator[Clip]:
    heard = {path.stem: path for path in sounds(root)}
    seen: set[str] = set()
    for listing in sorted(root.glob("**/annotation/*.csv")):
        for row in table(listing, ("Segment ID", "Total Evaluation"), complain):
            segment = row["Segment ID"]
            if segment and segment not in seen:
                seen.add(segment)
                yield from _clip(row, segment, heard, complain)


def _clip(row: Line, segment: str, heard: dict[str, Path], complain: Complain) -> Iterator[Clip]:
    name = _USERS.fullmatch(segment) or _ACTORS.fullmatch(segment)
    labels = row["Total Evaluation"].lower().split(";")
    if name is None:
        complain(f"{row.where}: segment {segment!r} is not like Sess01_impro01_F001")
    elif segment not in heard:
        complain(f"{row.where}: no sound file {segment}.wav")
    elif all(mapped(KEMDY_EMOTIONS, label.strip(), row.where, complain) for label in labels):
        arousal = scaled(row.after("Total Evaluation", 2), least=1, most=5)
        emotion = _agreed(labels)
        if emotion is None and arousal is None:
            complain(f"{row.where}: neither one emotion nor an arousal from 1 to 5")
            return
        user = name.groupdict().get("user")
        yield clip(
            heard[segment],
            corpus="kemdy20" if user else "kemdy19",
            speaker=user or f"{name['session']}{name['sex']}",
            emotion=emotion,
            arousal=arousal,
            language="ko",
            sex=name["sex"],
            script="" if user else name["scene"],
            licence=KEMDY.licence,
        )


def _agreed(labels: list[str]) -> Emotion | None:
    emotions = {KEMDY_EMOTIONS[label.strip()] for label in labels}
    return emotions.pop() if len(emotions) == 1 else None


KEMDY = Layout(
    name="kemdy",
    title="KEMDy19 and KEMDy20, Korean dialogues",
    licence="ETRI licence agreement (research)",
    looks_for="annotation/*.csv with Segment ID and Total Evaluation, and wav/Session*/",
    rows=_rows,
)
