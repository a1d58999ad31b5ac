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

from detectors.corpora.layouts.layout import Layout, clip, mapped, scaled
from detectors.labels import IEMOCAP_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain

_LINE = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t((Ses\d\d)[FM]_(\w+))_([FM])(\w+)\t(\w+)\t"
    r"\[([\d.]+), ([\d.]+), ([\d.]+)\]"
)
_EVALUATION = "Session*/dialog/EmoEvaluation/Ses*.txt"


def _rows(root: Path, complain: Complain) -> Iterator[Clip]:
    for listing in sorted([*root.glob(_EVALUATION), *root.glob(f"*/{_EVALUATION}")]):
        session = listing.parents[2]
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            # Only the summary of a turn starts with "[" (the header is "% [START_TIME ...").
            if line.startswith("["):
                yield from _clip(session, line, f"{listing}:{number}", complain)


def _clip(session: Path, line: str, where: str, complain: Complain) -> Iterator[Clip]:
    found = _LINE.fullmatch(line.rstrip())
    if found is None:
        complain(f"{where}: not [start - end], turn, emotion, [val, act, dom] between tabs")
        return
    dialogue, pair, scene, sex, turn, emotion, _val, activation, _dom = found.groups()
    if mapped(IEMOCAP_EMOTIONS, emotion, where, complain):
        yield clip(
            session / "sentences" / "wav" / dialogue / f"{dialogue}_{sex}{turn}.wav",
            corpus="iemocap",
            speaker=f"{pair}{sex}",
            emotion=IEMOCAP_EMOTIONS[emotion],
            arousal=scaled(activation, least=1, most=5),
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
    looks_for=f"{_EVALUATION}, with the clips in Session*/sentences/wav",
    rows=_rows,
)
