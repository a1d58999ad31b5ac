"""RAVDESS, speech part: ``Actor_12/03-01-06-01-02-01-12.wav``.

Fields: modality (03 audio alone), channel (01 speech, 02 song), emotion, intensity (01 normal,
02 strong), sentence, repetition, actor; odd actors are men. Livingstone and Russo (2018), PLoS ONE
13(5), "File naming convention"; as in the corpus's README at Zenodo, record 1188976.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, build_clip, find_sound_files, is_known_label
from detectors.labels import RAVDESS_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_FILE_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_SPEECH_AUDIO = ("03", "01")
_INTENSITY = {"01": "normal", "02": "strong"}


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    for path in find_sound_files(root):
        match = _FILE_NAME.fullmatch(path.stem)
        if match is None:
            complain(f"{path}: not a name like 03-01-06-01-02-01-12.wav")
            continue
        modality, channel, emotion, intensity, sentence, repetition, actor = match.groups()
        if (modality, channel) == _SPEECH_AUDIO and is_known_label(
            RAVDESS_EMOTIONS, emotion, str(path), complain
        ):
            yield build_clip(
                path,
                corpus="ravdess",
                speaker=f"actor{actor}",
                emotion=RAVDESS_EMOTIONS[emotion],
                intensity=_INTENSITY.get(intensity, ""),
                subset=f"repetition {int(repetition)}",
                language="en",
                sex="M" if int(actor) % 2 else "F",
                script=f"s{int(sentence)}",
                licence=RAVDESS.licence,
            )


RAVDESS = Layout(
    name="ravdess",
    title="RAVDESS, acted English, speech only",
    licence="CC BY-NC-SA 4.0",
    expected_files="Actor_*/03-01-*.wav",
    iter_clips=_iter_clips,
)
