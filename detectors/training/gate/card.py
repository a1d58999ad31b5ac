"""The gate's model card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds import LINE_SOUNDS, UNSEEN_SOUNDS
from detectors.voice.sound_features import FEATURES
from detectors.voice.speech_gate import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip

LICENCE = (
    "Weights for research and demonstration only: trained on RAVDESS (CC BY-NC-SA 4.0), "
    "EmoDB (unverified, research), emotiontts (CC BY-NC-SA 4.0), BAVED (research), and on sounds "
    "made by rules. Code: Apache-2.0."
)

TEMPLATE = """\
# speech-gate

Tells speech from tones, music and noise in what voice activity let through, for each 100 ms of one
channel at telephone band. It hears whether somebody speaks, never who or how.

**Licence.** {licence}

## How it works

{features} numbers for each 100 ms (`detectors/voice/sound_features.py`: spectral shape, level,
flatness, periodicity and period every 25 ms; how narrow the partials are and whether they stay,
over 128 ms and more) go through a network of {weights:,} weights: one layer over a block and three
over its neighbours, 1.4 s on both sides. Its classes are speech, tone, music and noise; where
somebody speaks over something, the class is speech. Rules smooth what it says (`smooth_kinds`):
speech shorter than 240 ms is none, a pause of less than 600 ms inside speech is speech, and what
is no speech counts less in a segment shorter than 6 s (down to a quarter at 1.5 s).

## Data and split

{scenes:,} scenes of 8 s ({hours:.0f} hours): {clips:,} clips of {speakers} speakers (corpora:
{corpora}; fold 0 of `detectors/corpora/splits/` left out), as recorded, shortened, faster, slower,
at other pitches, whispered, as held vowels, laughing and crying (`line_sounds/voices.py`), and
{sounds} kinds of sound made by rules (`detectors/corpora/line_sounds/`), by themselves and under
speech; babble under speech; a voice that sings with a band is music. Lines: level, colour, room,
overdrive, G.711, GSM 6.10, ADPCM, lost packets. {unseen} further kinds (`unseen.py`) never teach.

## Blocks of scenes with new speakers

400 scenes drawn in the same way (speakers of fold 0, other seeds), before smoothing: kind in rows,
share decided as each kind in columns.

{confusion}

What whole utterances and whole clips become, by corpus, language, sex and emotion, is measured by
`callmood evaluate gate`: docs/evaluation.md.

## Limits

- The corpora are acted and read; laughing, crying and small children are mostly made from them.
- Most music in training is made by rules. Real songs whose voice is far in front pass as speech.
- Singing without accompaniment is not taught as music.
- Voices in the background (a television, a room full of people) are speech.

## Made by

`callmood train gate --seed {seed}`
"""


def write_card(
    path: Path,
    *,
    clips: Sequence[Clip],
    scenes: int,
    confusion: NDArray[np.int64],
    seed: int,
) -> None:
    """Write the card beside the weights at ``path``.

    Args:
        path: of the weights.
        clips: that taught.
        scenes: how many were drawn from them.
        confusion: blocks by true and by decided kind, ``int64[4, 4]``.
        seed: of the training.
    """
    with np.load(path) as archive:
        weights = sum(archive[name].size for name in archive.files)
    card = TEMPLATE.format(
        licence=LICENCE,
        features=FEATURES,
        weights=weights,
        scenes=scenes,
        hours=scenes * 8 / 3_600,
        clips=len(clips),
        speakers=len({(clip.corpus, clip.speaker) for clip in clips}),
        corpora=", ".join(dict.fromkeys(clip.corpus for clip in clips)),
        sounds=len(LINE_SOUNDS),
        unseen=len(UNSEEN_SOUNDS),
        confusion=_format_confusion(confusion),
        seed=seed,
    )
    path.with_suffix(".md").write_text(card, encoding="utf-8")


def _format_confusion(confusion: NDArray[np.int64]) -> str:
    rows = ["| | blocks | " + " | ".join(KINDS) + " |", "| --- " * (len(KINDS) + 2) + "|"]
    for kind, counts in zip(KINDS, confusion, strict=True):
        shares = " | ".join(f"{share:.3f}" for share in counts / max(1, counts.sum()))
        rows.append(f"| {kind} | {counts.sum():,} | {shares} |")
    return "\n".join(rows)
