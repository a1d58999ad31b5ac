"""CREMA-D: ``AudioWAV/1001_DFA_ANG_XX.wav`` and ``VideoDemographics.csv``.

Fields: actor, sentence, emotion, intensity (LO, MD, HI, XX not stated). The table has ActorID, Age,
Sex. Cao et al. (2014), IEEE Transactions on Affective Computing 5(4); layout of the repository
CheyneyComputerScience/CREMA-D, where one clip is called ``1040_ITH_SAD_X.wav``.
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
)
from detectors.labels import CREMA_D_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_FILE_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX?)")
_INTENSITY = {"LO": "low", "MD": "normal", "HI": "high"}
_DEMOGRAPHICS_FILE = "VideoDemographics.csv"


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    sexes = _load_sexes(root, complain)
    for path in find_sound_files(root):
        match = _FILE_NAME.fullmatch(path.stem)
        if match is None:
            complain(f"{path}: not a name like 1001_DFA_ANG_XX.wav")
            continue
        actor, sentence, emotion, intensity = match.groups()
        if is_known_label(CREMA_D_EMOTIONS, emotion, str(path), complain):
            yield build_clip(
                path,
                corpus="crema-d",
                speaker=actor,
                emotion=CREMA_D_EMOTIONS[emotion],
                intensity=_INTENSITY.get(intensity, ""),
                language="en",
                sex=sexes.get(actor, ""),
                script=sentence,
                licence=CREMA_D.licence,
            )


def _load_sexes(root: Path, complain: Complain) -> dict[str, str]:
    for folder in (root, root.parent):
        if (folder / _DEMOGRAPHICS_FILE).is_file():
            rows = read_table(folder / _DEMOGRAPHICS_FILE, ("ActorID", "Sex"), complain)
            return {row["ActorID"]: row["Sex"][:1].upper() for row in rows}
    return {}


CREMA_D = Layout(
    name="crema-d",
    title="CREMA-D, acted English, 91 speakers",
    licence="Open Database License 1.0, contents: Database Contents License 1.0",
    expected_files=(
        "AudioWAV/1001_DFA_ANG_XX.wav and the like, VideoDemographics.csv beside the folder"
    ),
    iter_clips=_iter_clips,
)
