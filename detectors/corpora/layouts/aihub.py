"""AI-Hub, 감정 분류를 위한 대화 음성 데이터셋 (data set 263): three CSV tables and folders of WAV.

``4차년도.csv``, ``5차년도.csv``, ``5차년도_2차.csv``, mostly in CP949: wav_id, 발화문, 상황,
1번 감정 to 5번 감정 (what each of five listeners heard) with 감정세기 beside each, 나이, 성별; the
clips are ``<wav_id>.wav``. Columns and spellings as several public readers of the corpus have
them. 상황 is what the speaker was asked to play; the majority of the listeners counts here.

The corpus has no speakers' ids. People of one year, sex and age are taken for one speaker: a
split by them keeps people apart, but "their earlier utterances" may be somebody else's.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from detectors.corpora.layouts.layout import (
    Layout,
    build_clip,
    find_sound_files,
    is_known_label,
    read_table,
)
from detectors.labels import AIHUB_EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, TableRow
    from detectors.labels import Emotion

_VOTE_COLUMNS = tuple(f"{number}번 감정" for number in range(1, 6))
_REQUIRED_COLUMNS = ("wav_id", *_VOTE_COLUMNS, "나이", "성별")
_MAJORITY = 3
_SEX_CODES = {"female": "F", "male": "M", "여": "F", "남": "M", "여성": "F", "남성": "M"}


def _iter_clips(root: Path, complain: Complain) -> Iterator[Clip]:
    sound_by_id = {path.stem: path for path in find_sound_files(root)}
    for table_path in sorted(root.rglob("*.csv")):
        undecided_count = 0
        year = unicodedata.normalize("NFC", table_path.stem).split("_")[0]
        for row in read_table(table_path, _REQUIRED_COLUMNS, complain):
            votes = [row[column].lower() for column in _VOTE_COLUMNS]
            if not all(
                is_known_label(AIHUB_EMOTIONS, vote, row.location, complain) for vote in votes
            ):
                continue
            ((emotion, count),) = Counter(AIHUB_EMOTIONS[vote] for vote in votes).most_common(1)
            if count < _MAJORITY:
                undecided_count += 1
            elif row["wav_id"] not in sound_by_id:
                complain(f"{row.location}: no sound file {row['wav_id']}.wav below {root}")
            else:
                yield _build_clip(sound_by_id[row["wav_id"]], row, year, emotion)
        if undecided_count:
            complain(
                f"{table_path}: {undecided_count} clips left out: no three of five listeners agree"
            )


def _build_clip(path: Path, row: TableRow, year: str, emotion: Emotion | None) -> Clip:
    sex = _SEX_CODES.get(row["성별"].lower(), "")
    return build_clip(
        path,
        corpus="aihub-263",
        speaker=f"{year}-{sex}-{row['나이']}",
        emotion=emotion,
        subset=f"age {row['나이']}",
        language="ko",
        sex=sex,
        script=row["발화문"],
        licence=AIHUB.licence,
    )


AIHUB = Layout(
    name="aihub",
    title="AI-Hub dialogue speech for emotion classification, Korean (data set 263)",
    licence="AI-Hub terms of use (of the site that applied for it)",
    expected_files=(
        "CSV tables with wav_id and 1번 감정 to 5번 감정, and <wav_id>.wav below the folder"
    ),
    iter_clips=_iter_clips,
)
