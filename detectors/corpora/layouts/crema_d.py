"""CREMA-D: ``AudioWAV/1001_DFA_ANG_XX.wav`` and ``VideoDemographics.csv``.

Fields: actor, sentence, emotion, intensity (LO, MD, HI, XX not stated). The table has ActorID, Age,
Sex. Cao et al. (2014), IEEE Transactions on Affective Computing 5(4); layout of the repository
CheyneyComputerScience/CREMA-D, where one clip is called ``1040_ITH_SAD_X.wav``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, clip, mapped, sounds, table
from detectors.labels import CREMA_D_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX?)")
_INTENSITY = {"LO": "low", "MD": "normal", "HI": "high"}
_PEOPLE = "VideoDemographics.csv"


def _rows(root: Path, complain: Complain) -> Iterator[Clip]:
    sexes = _sexes(root, complain)
    for path in sounds(root):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            complain(f"{path}: not a name like 1001_DFA_ANG_XX.wav")
            continue
        actor, sentence, emotion, intensity = name.groups()
        if mapped(CREMA_D_EMOTIONS, emotion, str(path), complain):
            yield clip(
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


def _sexes(root: Path, complain: Complain) -> dict[str, str]:
    for folder in (root, root.parent):
        if (folder / _PEOPLE).is_file():
            rows = table(folder / _PEOPLE, ("ActorID", "Sex"), complain)
            return {row["ActorID"]: row["Sex"][:1].upper() for row in rows}
    return {}


CREMA_D = Layout(
    name="crema-d",
    title="CREMA-D, acted English, 91 speakers",
    licence="Open Database License 1.0, contents: Database Contents License 1.0",
    looks_for="AudioWAV/1001_DFA_ANG_XX.wav and the like, VideoDemographics.csv beside the folder",
    rows=_rows,
)
