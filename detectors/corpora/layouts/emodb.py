"""EmoDB: ``wav/03a01Fa.wav``.

Speaker (two digits), sentence (a letter and two digits), emotion (the German word's first letter),
version. Burkhardt et al. (2005), A Database of German Emotional Speech, Interspeech; ages and sexes
of the speakers from the corpus's documentation, as in audEERING's audb tutorial.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, clip, mapped, sounds
from detectors.labels import EMODB_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")
_WOMEN = frozenset({"08", "09", "13", "14", "16"})


def _rows(root: Path, complain: Complain) -> Iterator[Clip]:
    for path in sounds(root):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            complain(f"{path}: not a name like 03a01Fa.wav")
            continue
        speaker, sentence, emotion, _version = name.groups()
        if mapped(EMODB_EMOTIONS, emotion, str(path), complain):
            yield clip(
                path,
                corpus="emodb",
                speaker=f"spk{speaker}",
                emotion=EMODB_EMOTIONS[emotion],
                language="de",
                sex="F" if speaker in _WOMEN else "M",
                script=sentence,
                licence=EMODB.licence,
            )


EMODB = Layout(
    name="emodb",
    title="EmoDB, acted German, 10 speakers",
    licence="unverified; free for research",
    looks_for="wav/03a01Fa.wav and the like",
    rows=_rows,
)
