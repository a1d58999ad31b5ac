"""A site's own clips, and whatever else has a ``manifest.csv``: one row a clip.

Needed columns: path (relative to the manifest's folder, or to the one above it), speaker, emotion.
Read where they are there: corpus, language, speaker_sex, intensity, arousal (0-1), subset,
script_id, licence. A row without emotion needs an intensity (low, normal, high) or an arousal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import (
    Layout,
    build_clip,
    is_known_label,
    read_table,
    scale_rating,
)
from detectors.labels import EMOTIONS, Emotion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, TableRow

_MANIFEST_FILE = "manifest.csv"
_REQUIRED_COLUMNS = ("path", "speaker", "emotion")
_INTENSITIES = ("low", "normal", "high")
_EMOTION_BY_NAME = {"": None, **{str(emotion): emotion for emotion in EMOTIONS}}


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    manifest_paths = [root] if root.is_file() else sorted(root.rglob(_MANIFEST_FILE))
    for manifest_path in manifest_paths:
        for row in read_table(manifest_path, _REQUIRED_COLUMNS, complain):
            problem = _find_problem(row)
            if problem:
                complain(f"{row.location}: {problem}")
            elif is_known_label(_EMOTION_BY_NAME, row["emotion"], row.location, complain):
                yield _build_clip(manifest_path, row)


def _find_problem(row: TableRow) -> str:
    if len(row.fields) != len(row.header):
        return f"{len(row.fields)} fields where the header has {len(row.header)}"
    if missing := [column for column in ("path", "speaker") if not row[column]]:
        return f"no {missing[0]}"
    arousal = scale_rating(row["arousal"], minimum=0, maximum=1)
    if row["arousal"] and arousal is None:
        return f"arousal {row['arousal']!r} is not a number from 0 to 1"
    if not row["emotion"] and arousal is None and row["intensity"] not in _INTENSITIES:
        return f"neither an emotion nor an arousal nor an intensity of {', '.join(_INTENSITIES)}"
    return ""


def _build_clip(manifest_path: Path, row: TableRow) -> Clip:
    near, above = manifest_path.parent / row["path"], manifest_path.parent.parent / row["path"]
    intensity = {"intensity": row["intensity"]} if row["intensity"] else {}
    return build_clip(
        above if above.is_file() and not near.is_file() else near,
        corpus=row["corpus"] or "own",
        speaker=row["speaker"],
        emotion=Emotion(row["emotion"]) if row["emotion"] else None,
        arousal=scale_rating(row["arousal"], minimum=0, maximum=1),
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
    expected_files=(
        f"{_MANIFEST_FILE} (the folder it lies in, or the file itself) "
        f"with {', '.join(_REQUIRED_COLUMNS)}"
    ),
    iter_clips=_iter_clips,
)
