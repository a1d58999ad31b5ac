"""A site's own clips, and whatever else has a ``manifest.csv``: one row a clip.

Needed columns: path (relative to the manifest's folder, or to the one above it), speaker, emotion.
Read where they are there: corpus, language, speaker_sex, intensity, arousal (0-1), subset,
script_id, licence. A row without emotion needs an intensity (low, normal, high) or an arousal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import Layout, clip, mapped, scaled, table
from detectors.labels import EMOTIONS, Emotion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, Line

_NAME = "manifest.csv"
_NEEDED = ("path", "speaker", "emotion")
_LEVELS = ("low", "normal", "high")
_KNOWN = {"": None, **{str(emotion): emotion for emotion in EMOTIONS}}


def _rows(root: Path, complain: Complain) -> Iterator[Clip]:
    listings = [root] if root.is_file() else sorted(root.rglob(_NAME))
    for listing in listings:
        for row in table(listing, _NEEDED, complain):
            fault = _fault(row)
            if fault:
                complain(f"{row.where}: {fault}")
            elif mapped(_KNOWN, row["emotion"], row.where, complain):
                yield _clip(listing, row)


def _fault(row: Line) -> str:
    if len(row.fields) != len(row.header):
        return f"{len(row.fields)} fields where the header has {len(row.header)}"
    if missing := [column for column in ("path", "speaker") if not row[column]]:
        return f"no {missing[0]}"
    arousal = scaled(row["arousal"], least=0, most=1)
    if row["arousal"] and arousal is None:
        return f"arousal {row['arousal']!r} is not a number from 0 to 1"
    if not row["emotion"] and arousal is None and row["intensity"] not in _LEVELS:
        return f"neither an emotion nor an arousal nor an intensity of {', '.join(_LEVELS)}"
    return ""


def _clip(listing: Path, row: Line) -> Clip:
    near, above = listing.parent / row["path"], listing.parent.parent / row["path"]
    intensity = {"intensity": row["intensity"]} if row["intensity"] else {}
    return clip(
        above if above.is_file() and not near.is_file() else near,
        corpus=row["corpus"] or "own",
        speaker=row["speaker"],
        emotion=Emotion(row["emotion"]) if row["emotion"] else None,
        arousal=scaled(row["arousal"], least=0, most=1),
        subset=row["subset"],
        language=row["language"],
        sex=row["speaker_sex"],
        script=row["script_id"],
        licence=row["licence"],
        **intensity,
    )


MANIFEST = Layout(
    name="manifest",
    title="a site's own clips, or any corpus with a manifest.csv as in docs/training.md",
    licence="as the manifest's column licence says",
    looks_for=f"{_NAME} (the folder it lies in, or the file itself) with {', '.join(_NEEDED)}",
    rows=_rows,
)
