"""IEMOCAP: ``Session1/dialog/EmoEvaluation/Ses01F_impro01.txt`` and ``sentences/wav``.

A line ``[start - end]<TAB>Ses01F_impro01_M003<TAB>ang<TAB>[val, act, dom]`` names the clip
``Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M003.wav``; ratings are means from 1 to 5.
The letter before the turn's number says who speaks; the one in ``Ses01F`` only who wore the
markers. Busso et al. (2008), Language Resources and Evaluation 42; parsed as in s3prl
(``s3prl/dataio/corpus/iemocap.py``) and torchaudio's ``datasets/iemocap.py``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, build_clip, is_known_label, scale_rating
from detectors.labels import IEMOCAP_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_EVALUATION_LINE = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t((Ses\d\d)[FM]_(\w+))_([FM])(\w+)\t(\w+)\t"
    r"\[([\d.]+), ([\d.]+), ([\d.]+)\]"
)
_EVALUATION_FILES = "Session*/dialog/EmoEvaluation/Ses*.txt"


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    for evaluation_path in sorted(
        [*root.glob(_EVALUATION_FILES), *root.glob(f"*/{_EVALUATION_FILES}")]
    ):
        session = evaluation_path.parents[2]
        lines = evaluation_path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            # Only the summary of a turn starts with "[" (the header is "% [START_TIME ...").
            if line.startswith("["):
                yield from _build_clip(session, line, f"{evaluation_path}:{number}", complain)


def _build_clip(session: Path, line: str, location: str, complain: Complain) -> Iterator[Clip]:
    match = _EVALUATION_LINE.fullmatch(line.rstrip())
    if match is None:
        complain(f"{location}: not [start - end], turn, emotion, [val, act, dom] between tabs")
        return
    dialogue, pair, scene, sex, turn, emotion, _val, activation, _dom = match.groups()
    if is_known_label(IEMOCAP_EMOTIONS, emotion, location, complain):
        yield build_clip(
            session / "sentences" / "wav" / dialogue / f"{dialogue}_{sex}{turn}.wav",
            corpus="iemocap",
            speaker=f"{pair}{sex}",
            emotion=IEMOCAP_EMOTIONS[emotion],
            arousal=scale_rating(activation, minimum=1, maximum=5),
            subset="improvised" if scene.startswith("impro") else "scripted",
            language="en",
            sex=sex,
            script=scene,
            licence=IEMOCAP.licence,
        )


IEMOCAP = Layout(
    name="iemocap",
    title="IEMOCAP, English dialogues, 10 speakers",
    licence="IEMOCAP release form (research at the signing institution)",
    expected_files=f"{_EVALUATION_FILES}, with the clips in Session*/sentences/wav",
    iter_clips=_iter_clips,
)
