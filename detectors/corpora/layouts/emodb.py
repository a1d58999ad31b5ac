"""EmoDB: ``wav/03a01Fa.wav``.

Speaker (two digits), sentence (a letter and two digits), emotion (the German word's first letter),
version. Burkhardt et al. (2005), A Database of German Emotional Speech, Interspeech; ages and sexes
of the speakers from the corpus's documentation, as in audEERING's audb tutorial.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, build_clip, find_sound_files, is_known_label
from detectors.labels import EMODB_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_FILE_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")
_FEMALE_SPEAKERS = frozenset({"08", "09", "13", "14", "16"})


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    for path in find_sound_files(root):
        match = _FILE_NAME.fullmatch(path.stem)
        if match is None:
            complain(f"{path}: not a name like 03a01Fa.wav")
            continue
        speaker, sentence, emotion, _version = match.groups()
        if is_known_label(EMODB_EMOTIONS, emotion, str(path), complain):
            yield build_clip(
                path,
                corpus="emodb",
                speaker=f"spk{speaker}",
                emotion=EMODB_EMOTIONS[emotion],
                language="de",
                sex="F" if speaker in _FEMALE_SPEAKERS else "M",
                script=sentence,
                licence=EMODB.licence,
            )


EMODB = Layout(
    name="emodb",
    title="EmoDB, acted German, 10 speakers",
    licence="unverified; free for research",
    expected_files="wav/03a01Fa.wav and the like",
    iter_clips=_iter_clips,
)
